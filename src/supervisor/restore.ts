/**
 * A brain begins where another one ended: the world as it was written down, each process as it was found, and then on
 * with what was under way. What is decided is in `recovery.ts`; here it is done.
 */
import { pidOf } from '../process/machine.ts';
import { formatNamespec } from '../process/namespec.ts';
import { millis, pid } from '../units.ts';
import type { MainLog, Outputs, Slot } from './host.ts';
import type { JournalAccess } from './journal.ts';
import type { Listeners } from './listeners.ts';
import type { Loop } from './loop.ts';
import { type Evidence, type Recovery, recover, type Sighting } from './recovery.ts';
import type { News, SavedWorld } from './saved.ts';
import type { GroupRecord, ProcessRecord } from './world.ts';

/** What only whoever talks to the keeper can do. */
export interface Recoverer {
  evidence(slot: Slot): Evidence;
  /** The keeper has this child: listen to it. */
  keep(slot: Slot, child: Sighting): void;
  /** Another keeper had this child: watch it. */
  adopt(slot: Slot, child: Sighting): void;
  spawnAgain(record: ProcessRecord): void;
}

export interface RestorePorts {
  readonly loop: Loop;
  readonly outputs: Outputs;
  readonly events: Listeners;
  readonly log: MainLog;
  readonly journal: JournalAccess;
  readonly recoverer: Recoverer;
}

/** How many processes live on, and how many ended while nobody watched. */
export interface Findings {
  readonly live: number;
  readonly gone: number;
  /** Some of those that ended. */
  readonly names: readonly string[];
}

/** Names that are told of those that ended. */
const MAX_NAMES = 100;

export function restore({ groups, news }: SavedWorld, ports: RestorePorts): Findings {
  const { loop, outputs, events } = ports;
  for (const group of groups) {
    loop.add(group);
    if (group.config.kind === 'eventlistener') events.openPool(group.config);
  }
  if (news !== undefined) tellRest(news, ports);
  const records = groups.flatMap(({ processes }) => [...processes.values()]);
  outputs.open(records);
  const counts = new Map<Recovery['kind'], number>();
  const names: string[] = [];
  for (const record of records) {
    // What it left behind, in the pipe or as a process, may still have to be logged.
    if (record.spawns > 0) outputs.attach(record.slot);
    const found = recover(record, ports.recoverer.evidence(record.slot));
    counts.set(found.kind, (counts.get(found.kind) ?? 0) + 1);
    if (found.kind === 'gone' && names.length < MAX_NAMES)
      names.push(formatNamespec(record.slot.group, record.slot.process));
    carryOut(found, record, ports);
  }
  const of = (kind: Recovery['kind']): number => counts.get(kind) ?? 0;
  return { live: of('kept') + of('adopted') + of('unrecorded'), gone: of('gone'), names };
}

/** The kinds of records that the events of a change become. */
const TELLABLE: ReadonlySet<string> = new Set(['process-state', 'process-group', 'supervisor-state']);

/** The events of the last change that are not in the journal, and its lines in the log when none of them is. */
function tellRest({ after, events: all, lines }: News, { events, journal, log }: RestorePorts): void {
  if (journal.problem !== undefined) return;
  let told = 0;
  const cursor = journal.cursor(after);
  for (let batch = cursor.next(); batch.length > 0; batch = cursor.next()) {
    told += batch.filter(({ kind }) => TELLABLE.has(kind)).length;
  }
  for (const event of all.slice(told)) events.publish(event);
  if (told === 0) for (const { level, message } of lines) log.log(level, message);
}

function carryOut(found: Recovery, record: ProcessRecord, ports: RestorePorts): void {
  const { loop, recoverer, outputs } = ports;
  const { slot, state, spawns } = record;
  switch (found.kind) {
    case 'as-it-was':
      return;
    case 'kept':
    case 'adopted':
      takeOver(slot, found.child, found.kind === 'kept' ? 'keeper' : 'cookie', ports);
      if (pidOf(state) === undefined) loop.child(spawnedEvent(slot, found.child));
      return loop.resume(slot);
    case 'unrecorded':
      takeOver(slot, found.child, found.by, ports);
      return startUnrecorded(record, found.child, loop);
    case 'spawn-again':
      return recoverer.spawnAgain(record);
    case 'never-spawned':
      return loop.child({ kind: 'spawn-failed', slot, serial: spawns, reason: 'the brain died before the spawn' });
    case 'gone': {
      const last = pidOf(state);
      outputs.drain(slot);
      if (last !== undefined)
        loop.child({ kind: 'exited', slot, pid: last, status: { kind: 'unknown' }, at: loop.now() });
    }
  }
}

/** What was written down is over; the start that came after it is made up for. The keeper has done it, and says so. */
function startUnrecorded({ slot, state }: ProcessRecord, { serial }: Sighting, loop: Loop): void {
  loop.countSpawns(slot, serial - 1);
  const last = pidOf(state);
  if (last !== undefined) loop.move(slot, { kind: 'exited', pid: last, status: { kind: 'unknown' } });
  else loop.move(slot, { kind: 'spawn-failed', reason: 'nothing could be written down' });
  if (loop.find(slot)?.state.name === 'BACKOFF') loop.move(slot, { kind: 'stop' });
  loop.move(slot, { kind: 'start' });
}

function takeOver(slot: Slot, child: Sighting, by: 'keeper' | 'cookie', { recoverer, journal }: RestorePorts): void {
  if (by === 'keeper') return recoverer.keep(slot, child);
  journal.append({ kind: 'adopted', ...slot, pid: child.pid });
  recoverer.adopt(slot, child);
}

function spawnedEvent(slot: Slot, child: Sighting) {
  const { serial, startTime } = child;
  return { kind: 'spawned', slot, serial, pid: pid(child.pid), startTime, at: millis(child.at) } as const;
}

/** The protocol with a listener cannot be taken up in the middle: it is stopped and started. */
export function restartListeners(groups: readonly GroupRecord[], loop: Loop): void {
  for (const { config, processes } of groups) {
    if (config.kind !== 'eventlistener') continue;
    for (const { slot, state } of Array.from(processes.values())) {
      if (pidOf(state) !== undefined && state.name !== 'STOPPING') loop.move(slot, { kind: 'stop', isRestart: true });
    }
  }
}
