/**
 * A brain begins where another one ended: the world as it was written down, each process as it was found, and then on
 * with what was under way. What is decided is in `recovery.ts`; here it is done.
 */
import { pidOf } from '../process/machine.ts';
import { isStopped } from '../process/state.ts';
import { millis, pid } from '../units.ts';
import type { MainLog, Outputs, Slot } from './host.ts';
import type { Journal } from './journal.ts';
import type { Listeners } from './listeners.ts';
import type { Loop } from './loop.ts';
import { type Evidence, type Recovery, recover, type Sighting } from './recovery.ts';
import type { GroupRecord, ProcessRecord } from './world.ts';

/** What only whoever talks to the keeper can do. */
export interface Recoverer {
  evidence(slot: Slot): Evidence;
  /** The keeper has this child: listen to it. */
  keep(slot: Slot, child: Sighting): void;
  /** Another keeper had this child: watch it. */
  adopt(slot: Slot, child: Sighting): void;
  spawnAgain(record: ProcessRecord): void;
  /** Ends what must not live. */
  kill(child: Sighting): void;
}

export interface RestorePorts {
  readonly loop: Loop;
  readonly outputs: Outputs;
  readonly events: Listeners;
  readonly log: MainLog;
  readonly journal: Journal;
  readonly recoverer: Recoverer;
}

/** How many processes were found in which way. */
export type Findings = Readonly<Record<Recovery['kind'], number>>;

export function restore(groups: readonly GroupRecord[], ports: RestorePorts): Findings {
  const { loop, outputs, events } = ports;
  for (const group of groups) {
    loop.add(group);
    if (group.config.kind === 'eventlistener') events.openPool(group.config);
  }
  const records = groups.flatMap(({ processes }) => [...processes.values()]);
  outputs.open(records);
  const counts = new Map<Recovery['kind'], number>();
  for (const record of records) {
    const found = recover(record, ports.recoverer.evidence(record.slot));
    counts.set(found.kind, (counts.get(found.kind) ?? 0) + 1);
    carryOut(found, record, ports);
  }
  const of = (kind: Recovery['kind']): number => counts.get(kind) ?? 0;
  return {
    'as-it-was': of('as-it-was'),
    kept: of('kept'),
    adopted: of('adopted'),
    'spawn-again': of('spawn-again'),
    'never-spawned': of('never-spawned'),
    gone: of('gone'),
    stray: of('stray'),
  };
}

function carryOut(found: Recovery, record: ProcessRecord, ports: RestorePorts): void {
  const { loop, recoverer, outputs, log, journal } = ports;
  const { slot, state, spawns } = record;
  switch (found.kind) {
    case 'as-it-was':
      return;
    case 'kept':
    case 'adopted': {
      outputs.attach(slot);
      if (found.kind === 'kept') recoverer.keep(slot, found.child);
      else {
        journal.append({ kind: 'adopted', ...slot, pid: found.child.pid });
        recoverer.adopt(slot, found.child);
      }
      if (pidOf(state) === undefined) loop.child(spawnedEvent(slot, found.child));
      return loop.resume(slot);
    }
    case 'spawn-again':
      return recoverer.spawnAgain(record);
    case 'never-spawned':
      return loop.child({ kind: 'spawn-failed', slot, serial: spawns, reason: 'the brain died before the spawn' });
    case 'gone': {
      const last = pidOf(state);
      outputs.attach(slot);
      outputs.drain(slot);
      if (last !== undefined)
        loop.child({ kind: 'exited', slot, pid: last, status: { kind: 'unknown' }, at: loop.now() });
      return;
    }
    case 'stray':
      log.log('critical', `killing process ${found.child.pid} of ${slot.process}: it lives, and should not`);
      return recoverer.kill(found.child);
  }
}

function spawnedEvent(slot: Slot, child: Sighting) {
  const { serial, startTime } = child;
  return { kind: 'spawned', slot, serial, pid: pid(child.pid), startTime, at: millis(child.at) } as const;
}

/** The protocol with a listener cannot be taken up in the middle: it is stopped and started. */
export async function restartListeners(groups: readonly GroupRecord[], loop: Loop): Promise<void> {
  const records = groups
    .filter(({ config }) => config.kind === 'eventlistener')
    .flatMap(({ processes }) => [...processes.values()]);
  await Promise.all(records.map(({ slot }) => restartOne(slot, loop)));
}

async function restartOne(slot: Slot, loop: Loop): Promise<void> {
  const state = loop.find(slot)?.state;
  if (state === undefined || pidOf(state) === undefined || state.name === 'STOPPING') return;
  loop.move(slot, { kind: 'stop' });
  await loop.settled(slot, isStopped);
  await loop.start(slot);
}
