import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Config, GroupConfig } from '../../src/config/model.ts';
import { fail, ok } from '../../src/errors.ts';
import { isRunning, isSignallable, isStopped } from '../../src/process/state.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { pid, seconds, signal } from '../../src/units.ts';
import { aConfig, aGroup, aListenerGroup, aProcess } from '../support/config.ts';
import { type Behaviour, Death, FakeHost, LIVES } from '../support/fake-host.ts';
import { aWorld, beginning, type FakeWorld, replace } from '../support/fake-world.ts';

const slot = (group: string, process = group): Slot => ({ group, process });
const stateOf = ({ supervisor }: FakeWorld, of: Slot): string | undefined => supervisor.process(of)?.state;
const namesOf = ({ host }: FakeWorld): readonly string[] =>
  host.events.flatMap((event) => (event.kind === 'process-state' ? [`${event.process} ${event.to.name}`] : []));

describe('the world', () => {
  test('boot() starts groups by priority and processes in their order', () => {
    const world = aWorld(
      aConfig([aListenerGroup('mail'), aGroup('g', [aProcess('z', { priority: 1 }), aProcess('a')], 5), aGroup('x')]),
    );
    world.host.advance(10);
    const spawned = world.host.lines
      .filter((line) => line.startsWith('info spawned'))
      .map((line) => line.split("'")[1]);
    assert.deepEqual(spawned, ['mail', 'z', 'a', 'x']);
    world.host.advance(2000);
    assert.equal(stateOf(world, slot('x')), 'RUNNING');
  });

  test('a death is answered at once, and told in supervisord’s words', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, exitsAfter: 5000, code: 3 }));
    world.host.advance(5010);
    assert.deepEqual(world.host.lines.slice(0, 4), [
      "info spawned: 'x' with pid 100",
      'info success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)',
      'warn exited: x (exit status 3; not expected)',
      "info spawned: 'x' with pid 101",
    ]);
  });

  test('a command that is not there is tried startretries times more', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, spawns: false }));
    world.host.advance(20_000);
    assert.equal(stateOf(world, slot('x')), 'FATAL');
    assert.equal(world.supervisor.process(slot('x'))?.spawnError, "can't find command 'x'");
    const spawnErrors = world.host.lines.filter((line) => line.startsWith('info spawnerr'));
    assert.equal(spawnErrors.length, 4);
    assert.equal(world.host.lines.at(-1), 'info gave up: x entered FATAL state, too many start retries too quickly');
    assert.deepEqual(namesOf(world).slice(-3), ['x STARTING', 'x BACKOFF', 'x FATAL']);
  });

  test('shutdown() stops the highest priority number first, and waits for each level', () => {
    const world = aWorld(
      aConfig([aListenerGroup('mail'), aGroup('early', undefined, 1), aGroup('a'), aGroup('b')]),
      () => ({ ...LIVES, stopsAfter: 3000 }),
    );
    world.host.advance(5000);
    world.supervisor.shutdown();
    world.host.advance(20_000);
    assert.deepEqual(
      world.host.signals.map(({ slot: { group }, at }) => [group, at]),
      [
        ['b', 5000],
        ['a', 5000],
        ['early', 8000],
        ['mail', 11_000],
      ],
    );
    assert.deepEqual(world.finished, ['shutdown']);
    assert.ok(world.host.lines.includes('info waiting for mail, early, a, b to die'));
    world.host.assertQuiet();
  });

  test('shutdown() gives up what is in BACKOFF, and starts nothing any more', () => {
    const world = aWorld(aConfig([aGroup('x'), aGroup('slow')]), ({ group }) =>
      group === 'x' ? { ...LIVES, spawns: false } : { ...LIVES, stopsAfter: 9000 },
    );
    world.host.advance(100);
    assert.equal(stateOf(world, slot('x')), 'BACKOFF');
    world.supervisor.shutdown();
    world.host.advance(30_000);
    assert.equal(stateOf(world, slot('x')), 'FATAL');
    assert.deepEqual(world.finished, ['shutdown']);
    world.host.assertQuiet();
  });

  test('restart() with a broken configuration changes nothing', () => {
    const world = aWorld(aConfig([aGroup('x')]));
    world.host.advance(2000);
    world.next = undefined;
    assert.deepEqual(world.supervisor.restart(), fail('broken'));
    world.host.advance(20_000);
    assert.equal(stateOf(world, slot('x')), 'RUNNING');
    assert.equal(world.supervisor.mood, 'RUNNING');
  });

  test('shutdown() wins over a restart that is under way', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, stopsAfter: 500 }));
    world.host.advance(2000);
    world.supervisor.restart();
    world.supervisor.shutdown();
    world.host.advance(2000);
    assert.deepEqual(world.finished, ['shutdown']);
  });

  test('settled() resolves with a state that is only passed', async () => {
    const world = aWorld(aConfig([aGroup('x', [aProcess('x', { autostart: false, startsecs: seconds(0) })])]), () => ({
      ...LIVES,
      exitsAfter: 0,
    }));
    const started = world.supervisor.start(slot('x'));
    const settled = world.supervisor.settled(slot('x'), (state) => state !== 'STARTING');
    world.host.advance(5);
    assert.equal(await started, 'spawned');
    assert.equal((await settled)?.state, 'RUNNING');
    assert.equal(stateOf(world, slot('x')), 'EXITED');
  });

  test('settled() reports a slow stop at once and every two seconds', () => {
    const world = aWorld(aConfig([aGroup('x')]), () => ({ ...LIVES, stopsAfter: 5000 }));
    world.host.advance(2000);
    world.supervisor.stop(slot('x'));
    void world.supervisor.settled(slot('x'), isStopped);
    world.host.advance(10_000);
    assert.equal(world.host.lines.filter((line) => line === 'info waiting for x to stop').length, 3);
  });

  test('removeGroup() refuses a group that runs, and tells whoever waits when it goes', async () => {
    const world = aWorld(aConfig([aGroup('x')]));
    world.host.advance(2000);
    assert.deepEqual(world.supervisor.removeGroup('x'), fail('still-running'));
    const never = world.supervisor.settled(slot('x'), (state) => state === 'FATAL');
    world.supervisor.stop(slot('x'));
    world.host.advance(10);
    assert.deepEqual(world.supervisor.removeGroup('x'), ok(undefined));
    assert.equal(await never, undefined);
    world.host.assertQuiet();
  });

  test('a stop on an exited process cancels its pending restart', () => {
    const restless = aProcess('x', { startsecs: seconds(0), autorestart: 'always' });
    const world = aWorld(aConfig([aGroup('x', [restless])]), () => ({ ...LIVES, exitsAfter: 1 }));
    world.host.advance(50);
    assert.equal(stateOf(world, slot('x')), 'EXITED');
    world.supervisor.stop(slot('x'));
    world.host.advance(10_000);
    assert.equal(stateOf(world, slot('x')), 'EXITED');
    world.host.assertQuiet();
  });
});

const ALWAYS = { autorestart: 'always', startsecs: seconds(0) } as const;

describe('what is disabled', () => {
  test('is not started with the daemon, nor with its group, and a start is refused', async () => {
    const host = new FakeHost();
    host.disabled.names = new Set(['x:x']);
    const world = aWorld(aConfig([aGroup('x'), aGroup('y')]), () => LIVES, host);
    host.advance(5000);
    assert.deepEqual([stateOf(world, slot('x')), stateOf(world, slot('y'))], ['STOPPED', 'RUNNING']);
    assert.equal(await world.supervisor.start(slot('x')), 'failed');
    assert.ok(world.supervisor.removeGroup('x').ok);
    assert.ok(world.supervisor.addGroup('x').ok);
    host.advance(5000);
    assert.equal(stateOf(world, slot('x')), 'STOPPED');
    assert.ok(world.supervisor.enable(slot('x')).ok);
    assert.deepEqual(host.disabled.names, new Set());
    void world.supervisor.start(slot('x'));
    host.advance(5000);
    assert.equal(stateOf(world, slot('x')), 'RUNNING');
    world.supervisor.shutdown();
    host.advance(20_000);
    host.assertQuiet();
  });

  test('runs on until it ends, and is not started again', () => {
    const world = aWorld(aConfig([aGroup('x', [aProcess('x', ALWAYS)])]), () => ({ ...LIVES, exitsAfter: 5000 }));
    world.host.advance(1000);
    assert.ok(world.supervisor.disable(slot('x')).ok);
    assert.equal(stateOf(world, slot('x')), 'RUNNING');
    world.host.advance(60_000);
    assert.equal(stateOf(world, slot('x')), 'EXITED');
    assert.deepEqual(world.host.journal.of('x:x').filter(({ kind }) => kind === 'disabled').length, 1);
    world.host.assertQuiet();
  });

  test('does not come back from BACKOFF or EXITED, and fails only once', () => {
    const restless = aGroup('x', [aProcess('x', ALWAYS)]);
    const world = aWorld(aConfig([restless, aGroup('y'), aGroup('z')]), ({ group }) =>
      group === 'y' ? { ...LIVES, spawns: false } : { ...LIVES, exitsAfter: 1 },
    );
    world.host.advance(50);
    assert.deepEqual([stateOf(world, slot('x')), stateOf(world, slot('y'))], ['EXITED', 'BACKOFF']);
    world.supervisor.disable(slot('x'));
    world.supervisor.disable(slot('y'));
    world.host.advance(60_000);
    assert.deepEqual([stateOf(world, slot('x')), stateOf(world, slot('y'))], ['EXITED', 'STOPPED']);
    world.host.assertQuiet();
  });

  test('is not so when that cannot be remembered', () => {
    const world = aWorld(aConfig([aGroup('x')]));
    world.host.disabled.problem = 'cannot write it';
    assert.deepEqual(world.supervisor.disable(slot('x')), fail('cannot write it'));
    assert.equal(world.supervisor.process(slot('x'))?.isDisabled, false);
    assert.deepEqual(world.host.journal.records.filter(({ kind }) => kind === 'disabled').length, 0);
  });
});

test('signals and failed starts are in the journal, with their reasons', () => {
  const world = aWorld(aConfig([aGroup('x'), aGroup('y')]), ({ group }) =>
    group === 'x' ? { ...LIVES, stopsAfter: undefined } : { ...LIVES, spawns: false },
  );
  world.host.advance(2000);
  world.supervisor.signal(slot('x'), signal(10));
  world.supervisor.stop(slot('x'));
  world.host.advance(20_000);
  const sent = world.host.journal.records.flatMap((record) =>
    record.kind === 'signal' ? [`${record.signal} ${record.why} ${record.target}`] : [],
  );
  assert.deepEqual(sent, ['SIGUSR1 operator process', 'SIGTERM stop process', 'SIGKILL kill process']);
  const reasons = world.host.journal.records.flatMap((record) =>
    record.kind === 'spawn-error' ? [record.reason] : [],
  );
  assert.deepEqual(new Set(reasons), new Set(["can't find command 'x'"]));
  assert.equal(reasons.length, 4);
});

test('reread() records what changed by its keys, once', () => {
  const world = aWorld(aConfig([aGroup('x'), aGroup('gone')]));
  const secret = aProcess('x', { environment: { PASSWORD: 'hunter2' }, startretries: 9 });
  world.next = aConfig([aGroup('x', [secret]), aGroup('new')]);
  world.supervisor.reread();
  world.supervisor.reread();
  const [config, ...more] = world.host.journal.records.filter(({ kind }) => kind === 'config');
  assert.equal(more.length, 0);
  assert.ok(config?.kind === 'config');
  assert.deepEqual([config.added, config.removed], [['new'], ['gone']]);
  assert.deepEqual(config.changed, [{ group: 'x', keys: ['x.startretries', 'x.environment PASSWORD'] }]);
  assert.ok(!JSON.stringify(world.host.journal.records).includes('hunter2'));
});

type Move =
  | {
      readonly kind: 'start' | 'stop' | 'remove' | 'add' | 'signal' | 'stdin';
      readonly group: number;
      readonly process: number;
    }
  | { readonly kind: 'reread'; readonly config: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'kill'; readonly which: number }
  | { readonly kind: 'wake' };

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  spawns: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  stopsAfter: fc.constantFrom(0, 1, 700, 12_000, undefined),
  exitsAfter: fc.constantFrom(undefined, undefined, 0, 400, 1500, 60_000),
  code: fc.integer({ min: 0, max: 2 }),
});
const GROUPS = 4;
const PROCESSES = 2;
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('start', 'stop', 'remove', 'add', 'signal', 'stdin'),
    group: fc.nat(GROUPS - 1),
    process: fc.nat(PROCESSES - 1),
  }),
  fc.record({ kind: fc.constant('reread'), config: fc.nat(3) }),
  fc.record({ kind: fc.constant('advance'), ms: fc.constantFrom(0, 1, 2, 100, 999, 1000, 5000, 20_000) }),
  fc.record({ kind: fc.constant('kill'), which: fc.nat(7) }),
  fc.record({ kind: fc.constant('wake') }),
);

const STOPWAIT = seconds(10);
/** Four configurations: groups come, go, and change. */
const configs: readonly Config[] = [0, 1, 2, 3].map((variant) =>
  aConfig(
    Array.from({ length: GROUPS }, (_, index): GroupConfig => {
      const processes = Array.from({ length: PROCESSES }, (__, at) =>
        aProcess(`p${at}`, {
          autorestart: (['unexpected', 'always', 'never'] as const)[(index + variant) % 3] ?? 'never',
          startsecs: seconds((index + at) % 2),
          autostart: (index + variant) % 4 !== 3,
          stopwaitsecs: STOPWAIT,
        }),
      );
      return index === 0
        ? aListenerGroup('g0', { processes })
        : aGroup(`g${index}`, processes, 900 + ((index + variant) % 2));
    }).filter((_, index) => variant === 0 || index !== variant),
  ),
);

function play(world: FakeWorld, one: Move): void {
  const { host, supervisor } = world;
  switch (one.kind) {
    case 'advance':
      return host.advance(one.ms);
    case 'wake':
      return supervisor.wake();
    case 'kill': {
      const victim = [...host.live.keys()][one.which];
      if (victim !== undefined) host.exit(pid(victim), { kind: 'signal', signal: 'SIGKILL', coreDumped: false });
      return;
    }
    case 'reread':
      world.next = configs[one.config];
      supervisor.reread();
      return;
    case 'add':
      supervisor.addGroup(`g${one.group}`);
      return;
    case 'remove':
      supervisor.removeGroup(`g${one.group}`);
      return;
    case 'start':
    case 'stop':
    case 'signal':
    case 'stdin':
      return playProcess(world, one.kind, slot(`g${one.group}`, `p${one.process}`));
  }
}

/** Only what the API lets through: it looks at the state first. */
function playProcess({ supervisor, host }: FakeWorld, kind: 'start' | 'stop' | 'signal' | 'stdin', of: Slot): void {
  const state = supervisor.process(of)?.state ?? 'STOPPED';
  if (kind === 'start') void supervisor.start(of);
  else if (kind === 'stop') supervisor.stop(of);
  else if (kind === 'signal' && isSignallable(state)) supervisor.signal(of, signal(10));
  else host.write(of);
}

/** Every change is in the journal once: the states of a process form a chain, from group to group. */
function assertChains({ journal }: FakeHost): void {
  const last = new Map<string, string>();
  const groups = new Set<string>();
  let hasBegun = false;
  for (const record of journal.records) {
    if (record.kind === 'supervisor-state') hasBegun = true;
    if (record.kind === 'process-group') {
      // A world that did not begin is begun again.
      const isKnown: boolean = hasBegun && groups.has(record.group);
      assert.equal(isKnown, record.change === 'REMOVED', `${record.group} ${record.change} twice`);
      if (record.change === 'ADDED') groups.add(record.group);
      else groups.delete(record.group);
      for (const key of last.keys()) if (key.startsWith(`${record.group}:`)) last.delete(key);
    }
    if (record.kind !== 'process-state') continue;
    const key = `${record.group}:${record.process}`;
    assert.equal(record.from, last.get(key) ?? 'STOPPED', `the chain of ${key} is broken`);
    assert.notEqual(record.from, record.to);
    last.set(key, record.to);
  }
}

/** SIGKILL is for those who were asked before; nobody is asked twice by one stop; a child is reported once. */
function assertOrderly({ signals, lines }: FakeHost): void {
  const asked = new Set<number>();
  for (const { pid: target, signal: number } of signals) {
    if (number === 15) {
      assert.ok(!asked.has(target), `${target} was asked twice to stop`);
      asked.add(target);
    }
    if (number === 9) assert.ok(asked.has(target), `${target} was killed before it was asked to stop`);
  }
  const spawned = lines.filter((line) => line.startsWith('info spawned:'));
  assert.equal(new Set(spawned).size, spawned.length, 'a child is reported twice');
}

/** What is to be started is not forgotten. */
function assertNothingDue({ supervisor }: FakeWorld): void {
  for (const { slot: of, state } of supervisor.groups().flatMap(({ processes }) => processes)) {
    const isDue = supervisor.record(of)?.isDue === true;
    assert.ok(!isDue || state === 'STOPPING', `${of.group}:${of.process} is ${state}, and was to be started`);
  }
}

/** At a shutdown nobody is asked to stop while somebody of a higher priority number is still there. */
function assertShutdownOrder({ host, supervisor }: FakeWorld, since: number, stopping: ReadonlySet<Slot>): void {
  const levels = host.signals
    .slice(since)
    .filter(({ slot: of, signal: number }) => number === 15 && !stopping.has(of))
    .map(({ slot: { group } }) => supervisor.group(group)?.config.priority ?? assert.fail(group));
  const sorted = [...levels].sort((a, b) => b - a);
  assert.deepEqual(levels, sorted, 'stopped out of order');
}

/** Those that an operator stopped before; their signal may come late, with the answer to their spawn. */
const stoppingIn = ({ supervisor }: FakeWorld): ReadonlySet<Slot> =>
  new Set(
    supervisor
      .groups()
      .flatMap(({ processes }) => processes)
      .flatMap((info) => (info.state === 'STOPPING' ? [info.slot] : [])),
  );

test('the world holds its invariants over 2,000 random histories', () => {
  let histories = 0;
  fc.assert(
    fc.property(
      fc.array(behaviour, { minLength: GROUPS * PROCESSES, maxLength: GROUPS * PROCESSES }),
      fc.array(move, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      (behaviours, moves, restarts) => {
        histories += 1;
        const world = aWorld(configs[0] ?? assert.fail(), ({ group, process }) => {
          const index = Number(group.slice(1)) * PROCESSES + Number(process.slice(1));
          return behaviours[index] ?? LIVES;
        });
        const { host, supervisor } = world;
        for (const one of moves) play(world, one);
        const levels = new Set(supervisor.groups().map(({ config }) => config.priority)).size;
        const stopping = stoppingIn(world);
        const before = host.signals.length;
        world.next = configs[0];
        if (restarts) supervisor.restart();
        else supervisor.shutdown();
        host.advance(levels * (STOPWAIT + 100) + 1000);
        assert.deepEqual(world.finished, [restarts ? 'restart' : 'shutdown']);
        host.assertQuiet();
        assertChains(host);
        assertShutdownOrder(world, before, stopping);
        for (const { processes } of supervisor.groups())
          for (const { state } of processes) assert.ok(!isRunning(state));
        host.advance(100_000);
        assert.equal(world.finished.length, 1);
        host.assertQuiet();
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(histories >= 2000);
});

describe('the world after deaths', () => {
  const behaviours = fc.array(behaviour, { minLength: GROUPS * PROCESSES, maxLength: GROUPS * PROCESSES });
  /** At which step of what follows the supervisor dies, and how long nobody is there. */
  const deaths = fc.record({
    kind: fc.constant('die'),
    step: fc.nat(40),
    away: fc.constantFrom(0, 1, 3, 500, 15_000),
    /** Whoever takes its place may die as early. */
    again: fc.option(fc.nat(40), { nil: undefined }),
  });
  const moves = fc.array(fc.oneof({ weight: 4, arbitrary: move }, { weight: 1, arbitrary: deaths }), {
    maxLength: 60,
    size: 'max',
  });

  type Manner = { readonly away: number; readonly again?: number | undefined };
  const AT_ONCE: Manner = { away: 0, again: undefined };
  let died = 0;
  /** Plays, and replaces a supervisor that died. @returns whether it survived */
  function survive(world: FakeWorld, run: () => void, { away, again }: Manner = AT_ONCE): boolean {
    try {
      run();
    } catch (cause) {
      if (!(cause instanceof Death)) throw cause;
    }
    if (!world.host.isDead) return true;
    died += 1;
    world.host.advance(away);
    survive(world, () => replace(world, configs[0] ?? assert.fail(), again));
    return false;
  }

  test('a child whose spawn could not be written down is taken over, not doubled', () => {
    const config = aConfig([aGroup('x', [aProcess('x', { autostart: false })]), aGroup('y', [aProcess('y', ALWAYS)])]);
    const host = new FakeHost();
    const world = aWorld(config, ({ group }) => (group === 'y' ? { ...LIVES, exitsAfter: 5000 } : LIVES), host);
    host.advance(3000);
    host.isFull = true;
    void world.supervisor.start(slot('x'));
    host.advance(10_000);
    const [x, y] = [world.supervisor.process(slot('x'))?.pid, world.supervisor.process(slot('y'))?.pid];
    assert.ok(x !== 0 && y !== 0);
    host.isFull = false;
    replace(world, config);
    host.advance(2000);
    assert.equal(world.supervisor.process(slot('x'))?.pid, x);
    assert.equal(world.supervisor.process(slot('y'))?.pid, y);
    assert.deepEqual([stateOf(world, slot('x')), stateOf(world, slot('y'))], ['RUNNING', 'RUNNING']);
    world.supervisor.shutdown();
    host.advance(20_000);
    host.assertQuiet();
  });

  test('it goes on as if nothing had been, over 2,000 random histories', () => {
    fc.assert(
      fc.property(behaviours, moves, fc.nat(400), (all, history, last) => {
        const config = configs[0] ?? assert.fail();
        const host = new FakeHost();
        const behaviourOf = ({ group, process }: Slot): Behaviour =>
          all[Number(group.slice(1)) * PROCESSES + Number(process.slice(1))] ?? LIVES;
        const world = beginning(config, behaviourOf, host);
        let manner = AT_ONCE;
        const stopped = new Map<string, Slot>();
        host.diesIn = last % 3 === 0 ? last : undefined;
        survive(world, () => void world.supervisor.boot());
        for (const one of history) {
          if (one.kind === 'die') {
            host.diesIn = one.step;
            manner = one;
            continue;
          }
          const of = 'group' in one && 'process' in one ? slot(`g${one.group}`, `p${one.process}`) : undefined;
          const isDone = survive(world, () => play(world, one), manner);
          if (of !== undefined && (one.kind === 'start' || one.kind === 'add' || one.kind === 'remove'))
            for (const [key, { group }] of stopped) if (group === of.group) stopped.delete(key);
          if (of !== undefined && one.kind === 'stop' && isDone) stopped.set(`${of.group}:${of.process}`, of);
          for (const down of stopped.values()) {
            const state = world.supervisor.process(down)?.state ?? 'STOPPED';
            assert.ok(!isRunning(state), `${down.group}:${down.process} was stopped, and is ${state}`);
          }
        }
        assertNothingDue(world);
        host.diesIn = last;
        survive(world, () => world.supervisor.shutdown());
        survive(world, () => host.advance(20 * STOPWAIT));
        // It may have died before the first trace of the shutdown.
        survive(world, () => world.supervisor.shutdown());
        host.diesIn = undefined;
        host.advance(20 * STOPWAIT);
        assert.equal(world.finished.at(-1), 'shutdown');
        host.assertQuiet();
        assertChains(host);
        assertOrderly(host);
      }),
      { numRuns: 2000 },
    );
    assert.ok(died > 2000, `${died} deaths`);
  });
});
