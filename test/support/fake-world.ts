/** The real Supervisor over a fake host, in virtual time. */
import type { Config } from '../../src/config/model.ts';
import { fail, ok } from '../../src/errors.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { replay } from '../../src/supervisor/saved.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { pid } from '../../src/units.ts';
import { type Behaviour, FakeHost, LIVES } from './fake-host.ts';

export interface FakeWorld {
  readonly host: FakeHost;
  supervisor: Supervisor;
  readonly finished: string[];
  /** What the next reread finds; undefined: a broken file. */
  next: Config | undefined;
}

function newSupervisor(
  world: Omit<FakeWorld, 'supervisor'>,
  configs: { readonly booted: Config; readonly read: Config },
) {
  const { host, finished } = world;
  return new Supervisor(configs, {
    clock: host,
    children: host,
    outputs: host,
    log: host,
    journal: host.journal,
    disabled: host.disabled,
    events: host.listeners,
    pid: pid(1),
    store: host,
    load: () => (world.next === undefined ? fail('broken') : ok(world.next)),
    finished: (outcome) => finished.push(outcome),
  });
}

/** A world before anything has begun. */
export function beginning(config: Config, behaviourOf: (slot: Slot) => Behaviour, host: FakeHost): FakeWorld {
  host.behaviourOf = behaviourOf;
  const empty = { host, finished: [], next: config };
  const world: FakeWorld = Object.assign(empty, { supervisor: newSupervisor(empty, { booted: config, read: config }) });
  host.child = (event) => world.supervisor.child(event);
  host.wake = () => world.supervisor.wake();
  return world;
}

export function aWorld(
  config: Config,
  behaviourOf: (slot: Slot) => Behaviour = () => LIVES,
  host: FakeHost = new FakeHost(),
): FakeWorld {
  const world = beginning(config, behaviourOf, host);
  void world.supervisor.boot();
  return world;
}

/** A supervisor takes the place of one that died, as a new brain does; it may die as well. */
export function replace(world: FakeWorld, config: Config, diesIn?: number): void {
  const { host, finished } = world;
  host.replaceSupervisor();
  host.diesIn = diesIn;
  const saved = replay(host.saved);
  world.supervisor = newSupervisor(world, saved ?? { booted: config, read: config });
  if (saved === undefined) {
    finished.splice(0);
    void world.supervisor.boot();
  } else world.supervisor.resume(saved, host, 'replaced');
  host.repeatEnds();
}
