/** The real Supervisor over a fake host, in virtual time. */
import type { Config } from '../../src/config/model.ts';
import { fail, ok } from '../../src/errors.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { pid } from '../../src/units.ts';
import { type Behaviour, FakeHost, LIVES } from './fake-host.ts';

export interface FakeWorld {
  readonly host: FakeHost;
  readonly supervisor: Supervisor;
  readonly finished: string[];
  /** What the next reread finds; undefined: a broken file. */
  next: Config | undefined;
}

export function aWorld(
  config: Config,
  behaviourOf: (slot: Slot) => Behaviour = () => LIVES,
  host: FakeHost = new FakeHost(),
): FakeWorld {
  host.behaviourOf = behaviourOf;
  const finished: string[] = [];
  const supervisor = new Supervisor(
    { booted: config, read: config },
    {
      clock: host,
      children: host,
      outputs: host,
      log: host,
      journal: host.journal,
      disabled: host.disabled,
      events: host.listeners,
      pid: pid(1),
      store: { save: () => {} },
      load: () => (world.next === undefined ? fail('broken') : ok(world.next)),
      finished: (outcome) => finished.push(outcome),
    },
  );
  const world: FakeWorld = { host, supervisor, finished, next: config };
  host.child = (event) => supervisor.child(event);
  host.wake = () => supervisor.wake();
  supervisor.boot();
  return world;
}
