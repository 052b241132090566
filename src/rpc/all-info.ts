/**
 * The answer of getAllProcessInfo, as XML put together from pieces that are kept: whoever watches asks for it again and
 * again, and of a process that goes on as it is only the time is new. A full garbage collection forgets the pieces.
 */
import type { Control, ProcessInfo } from '../supervisor/control.ts';
import type { Slot } from '../supervisor/host.ts';
import { epochSeconds } from '../units.ts';
import { descriptionOf, processStruct } from './info.ts';
import { allByName } from './names.ts';
import { encodeList, encodeMembers, encodeStruct, encodeTextMember } from './xml.ts';

/** The members of one struct before and between `now` and `description`, which is the last. */
interface Kept {
  readonly info: ProcessInfo;
  readonly before: string;
  readonly between: string;
}

interface Memory {
  readonly pieces: WeakMap<Slot, Kept>;
  /** Of the processes in the order of the groups. */
  slots: readonly Slot[];
  /** Their places in that order, by name. */
  byName: readonly number[];
}

let memory: WeakRef<Memory> | undefined;

function remember(): Memory {
  const known = memory?.deref();
  if (known !== undefined) return known;
  const fresh: Memory = { pieces: new WeakMap(), slots: [], byName: [] };
  memory = new WeakRef(fresh);
  return fresh;
}

/** The configuration is not in the struct. */
const isAsItWas = (a: ProcessInfo, b: ProcessInfo): boolean =>
  a.state === b.state &&
  a.pid === b.pid &&
  a.startedAt === b.startedAt &&
  a.stoppedAt === b.stoppedAt &&
  a.exitStatus === b.exitStatus &&
  a.spawnError === b.spawnError &&
  a.stdoutLog === b.stdoutLog &&
  a.stderrLog === b.stderrLog;

function cut(control: Control, info: ProcessInfo): Kept {
  const members = Object.entries(processStruct(control, info));
  const now = members.findIndex(([name]) => name === 'now');
  return {
    info,
    before: encodeMembers(members.slice(0, now)),
    between: encodeMembers(members.slice(now + 1, -1)),
  };
}

/** Sorts only when the processes are others than before. */
function inOrder(control: Control, known: Memory): readonly ProcessInfo[] {
  const given = control.groups().flatMap(({ processes }) => processes);
  const isSame = given.length === known.slots.length && given.every(({ slot }, at) => slot === known.slots[at]);
  if (isSame) return known.byName.flatMap((at) => given[at] ?? []);
  const places = new Map(given.map(({ slot }, at) => [slot, at]));
  const sorted = allByName(control);
  known.slots = given.map(({ slot }) => slot);
  known.byName = sorted.flatMap(({ slot }) => places.get(slot) ?? []);
  return sorted;
}

/** The same text as that of all structs by name. */
export function allProcessInfo(control: Control): string {
  const known = remember();
  const now = epochSeconds(control.wall());
  const time = encodeMembers([['now', now]]);
  const structs = inOrder(control, known).map((info) => {
    let kept = known.pieces.get(info.slot);
    if (kept === undefined || !isAsItWas(kept.info, info)) {
      kept = cut(control, info);
      known.pieces.set(info.slot, kept);
    }
    const description = encodeTextMember('description', descriptionOf(info, now));
    return encodeStruct(kept.before + time + kept.between + description);
  });
  return encodeList(structs);
}
