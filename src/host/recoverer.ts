/** Finds what an earlier brain, or an earlier keeper, left running, and takes it over. What is to be done is decided elsewhere. */
import type { LiveChild } from '../keeper/protocol.ts';
import type { Slot } from '../supervisor/host.ts';
import type { Evidence, Sighting } from '../supervisor/recovery.ts';
import type { Recoverer } from '../supervisor/restore.ts';
import type { ProcessRecord } from '../supervisor/world.ts';
import { findMarked } from './identity.ts';
import type { Hello, KeeperLink } from './keeper-link.ts';
import { idOf, type KeptChildren } from './kept-children.ts';

/** What the kernel counts start times in. */
const MILLIS_PER_TICK = 10;

export interface RecovererPorts {
  readonly hello: Hello;
  readonly link: Pick<KeeperLink, 'send'>;
  readonly children: KeptChildren;
  /** Begins the cookie of every child of this state directory. */
  readonly mark: string;
}

export class KeeperRecoverer implements Recoverer {
  readonly #ports: RecovererPorts;
  readonly #kept: ReadonlyMap<string, LiveChild>;
  /** Live leaders of sessions by their slot; looked for when the keeper's word is not enough. */
  #found: ReadonlyMap<string, LiveChild> | undefined;

  constructor(ports: RecovererPorts) {
    this.#ports = ports;
    this.#kept = new Map(ports.hello.children.map((child) => [child.id, child]));
  }

  evidence(slot: Slot): Evidence {
    const kept = this.#kept.get(idOf(slot));
    if (kept !== undefined) return { kept, found: undefined };
    this.#found ??= markedChildren(this.#ports.mark);
    return { kept, found: this.#found.get(idOf(slot)) };
  }

  keep(slot: Slot, child: Sighting): void {
    this.#ports.children.know({ id: idOf(slot), ...child });
  }

  adopt(slot: Slot, child: Sighting): void {
    this.keep(slot, child);
    this.#ports.link.send({ op: 'adopt', id: idOf(slot), ...child });
  }

  spawnAgain({ slot, config, spawns }: ProcessRecord): void {
    this.#ports.children.spawn({ slot, config, serial: spawns });
  }
}

function markedChildren(mark: string): ReadonlyMap<string, LiveChild> {
  const prefix = `${mark}:`;
  const children = new Map<string, LiveChild>();
  for (const { pid, startTime, cookie, isLeader } of findMarked(prefix)) {
    const [, serial, id] = /^(\d+):(.*)$/s.exec(cookie.slice(prefix.length)) ?? [];
    if (!isLeader || serial === undefined || id === undefined) continue;
    const at = Number(startTime) * MILLIS_PER_TICK;
    const child = { id, serial: Number(serial), pid, startTime, at };
    const known = children.get(id);
    // A session of a grandchild has the same cookie; the program itself is the oldest.
    if (known === undefined || Number(known.startTime) > Number(startTime)) children.set(id, child);
  }
  return children;
}
