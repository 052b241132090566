import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  deadlineOf,
  type Effect,
  initial,
  type Policy,
  type ProcessEvent,
  pidOf,
  step,
} from '../../src/process/machine.ts';
import type { ProcessState } from '../../src/process/state.ts';
import { type Millis, millis, type Pid, pid, seconds } from '../../src/units.ts';

const policy: Policy = {
  startsecs: seconds(1),
  stopwaitsecs: seconds(10),
  startretries: 3,
  exitcodes: [0],
  autorestart: 'unexpected',
};
const code = (value: number) => ({ kind: 'code', code: value }) as const;
const PID = pid(100);

/** Plays events, each at its time, and returns the last step. */
function play(moves: readonly (readonly [at: number, event: ProcessEvent])[], with_: Policy = policy) {
  let state: ProcessState = initial;
  let effects: readonly Effect[] = [];
  let passed: readonly ProcessState[] = [];
  for (const [at, event] of moves) [state, effects, passed] = step(state, event, millis(at), with_);
  return { state, effects, passed: passed.map((one) => one.name) };
}
const started: readonly (readonly [number, ProcessEvent])[] = [
  [0, { kind: 'start' }],
  [5, { kind: 'spawned', pid: PID }],
];
const runs: readonly (readonly [number, ProcessEvent])[] = [...started, [1005, { kind: 'wake' }]];

describe('step()', () => {
  test('step() counts startsecs from the spawn, and is RUNNING when they have passed', () => {
    assert.equal(play([...started, [1004, { kind: 'wake' }]]).state.name, 'STARTING');
    assert.equal(play(runs).state.name, 'RUNNING');
  });

  test('step() goes to BACKOFF when a process exits before startsecs, whatever its status', () => {
    const { state } = play([...started, [500, { kind: 'exited', pid: PID, status: code(0) }]]);
    assert.deepEqual(state, {
      name: 'BACKOFF',
      retryAt: 1500,
      failures: 1,
      reason: 'Exited too quickly (process log may have details)',
    });
  });

  test('step() passes RUNNING when an exit after startsecs is seen before the wake-up', () => {
    const { state, passed } = play([...started, [1005, { kind: 'exited', pid: PID, status: code(0) }]]);
    assert.equal(state.name, 'EXITED');
    assert.deepEqual(passed, ['RUNNING']);
  });

  test('step() gives up through BACKOFF after startretries failures, and the pauses grow by a second', () => {
    let state: ProcessState = initial;
    let at = 0;
    const pauses: number[] = [];
    let passed: readonly ProcessState[] = [];
    [state] = step(state, { kind: 'start' }, millis(at), policy);
    for (;;) {
      [state, , passed] = step(state, { kind: 'spawn-failed', reason: 'no' }, millis(at), policy);
      if (state.name !== 'BACKOFF') break;
      pauses.push(state.retryAt - at);
      at = state.retryAt;
      [state] = step(state, { kind: 'wake' }, millis(at), policy);
    }
    assert.deepEqual(pauses, [1000, 2000, 3000]);
    assert.equal(state.name, 'FATAL');
    assert.deepEqual(
      passed.map((one) => one.name),
      ['BACKOFF'],
    );
  });

  test('step() makes one attempt only when startretries is 0', () => {
    const once = { ...policy, startretries: 0 };
    const { state } = play(
      [
        [0, { kind: 'start' }],
        [0, { kind: 'spawn-failed', reason: 'no' }],
      ],
      once,
    );
    assert.equal(state.name, 'FATAL');
  });

  test('step() counts afresh after a manual start', () => {
    const { state } = play([
      [0, { kind: 'start' }],
      [0, { kind: 'spawn-failed', reason: 'no' }],
      [1, { kind: 'stop' }],
      [2, { kind: 'start' }],
      [3, { kind: 'spawn-failed', reason: 'no' }],
    ]);
    assert.equal(state.name === 'BACKOFF' && state.failures, 1);
  });

  for (const [autorestart, exit, again] of [
    ['always', 0, true],
    ['always', 3, true],
    ['unexpected', 0, false],
    ['unexpected', 3, true],
    ['never', 0, false],
    ['never', 3, false],
  ] as const) {
    test(`step() ${again ? 'restarts' : 'leaves'} exit code ${exit} when autorestart is ${autorestart}`, () => {
      const { state } = play([...runs, [5000, { kind: 'exited', pid: PID, status: code(exit) }]], {
        ...policy,
        autorestart,
      });
      assert.equal(state.name, 'EXITED');
      assert.equal(deadlineOf(state), again ? 5000 : undefined);
    });
  }

  test('step() holds death by a signal for unexpected', () => {
    const status = { kind: 'signal', signal: 'SIGTERM', coreDumped: false } as const;
    const { state } = play([...runs, [5000, { kind: 'exited', pid: PID, status }]]);
    assert.equal(state.name === 'EXITED' && state.expected, false);
  });

  test('step() spaces the starts of a restart storm a second apart after a few quick ones', () => {
    const storm: Policy = { ...policy, startsecs: millis(0), autorestart: 'always' };
    let state: ProcessState = initial;
    let now = 0;
    const startsAt: number[] = [];
    [state] = step(state, { kind: 'start' }, millis(0), storm);
    for (let run = 0; run < 8; run += 1) {
      startsAt.push(now);
      [state] = step(state, { kind: 'spawned', pid: PID }, millis(now), storm);
      now += 5;
      [state] = step(state, { kind: 'exited', pid: PID, status: code(0) }, millis(now), storm);
      now = deadlineOf(state) ?? assert.fail('no restart');
      [state] = step(state, { kind: 'wake' }, millis(now), storm);
    }
    const gaps = startsAt.slice(1).map((at, index) => at - (startsAt[index] ?? 0));
    assert.deepEqual(gaps, [5, 5, 5, 1000, 1000, 1000, 1000]);
  });

  test('step() sends the stop signal, then KILL when stopwaitsecs elapse in STOPPING', () => {
    const stop = play([...runs, [2000, { kind: 'stop' }]]);
    assert.deepEqual(stop.effects, [{ kind: 'signal', pid: PID, signal: 'stop' }]);
    assert.deepEqual(play([...runs, [2000, { kind: 'stop' }], [11_999, { kind: 'wake' }]]).effects, []);
    const kill = play([...runs, [2000, { kind: 'stop' }], [12_000, { kind: 'wake' }]]);
    assert.deepEqual(kill.effects, [{ kind: 'signal', pid: PID, signal: 'kill' }]);
    assert.equal(deadlineOf(kill.state), 22_000);
  });

  test('step() stops a process whose spawn was under way as soon as it has a pid', () => {
    const { state, effects } = play([
      [0, { kind: 'start' }],
      [1, { kind: 'stop' }],
      [2, { kind: 'spawned', pid: PID }],
    ]);
    assert.equal(state.name, 'STOPPING');
    assert.deepEqual(effects, [{ kind: 'signal', pid: PID, signal: 'stop' }]);
  });

  test('step() goes from BACKOFF straight to STOPPED on a stop', () => {
    const { state } = play([
      [0, { kind: 'start' }],
      [0, { kind: 'spawn-failed', reason: 'no' }],
      [1, { kind: 'stop' }],
    ]);
    assert.equal(state.name, 'STOPPED');
  });

  test('step() ignores an exit of another pid', () => {
    const { state } = play([...runs, [2000, { kind: 'exited', pid: pid(7), status: code(0) }]]);
    assert.equal(state.name, 'RUNNING');
  });
});

type Move =
  | { readonly kind: 'start' | 'stop' | 'wake' | 'abandon' | 'stale-exit' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'spawn-result'; readonly ok: boolean };
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constantFrom('start', 'stop', 'wake', 'abandon', 'stale-exit') }),
  fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ kind: fc.constant('exit'), code: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant('spawn-result'), ok: fc.boolean() }),
);
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  startsecs: fc.constantFrom(millis(0), millis(1000), millis(5000)),
  stopwaitsecs: fc.constantFrom(millis(0), millis(1000), millis(10_000)),
  startretries: fc.integer({ min: 0, max: 4 }),
  exitcodes: fc.constantFrom([], [0], [0, 2]),
  autorestart: fc.constantFrom('always', 'unexpected', 'never'),
});

/** At most one child or pending spawn; whatever the machine asks for is checked against it. */
class OneChildWorld {
  state: ProcessState = initial;
  now: Millis = millis(0);
  live: Pid | undefined;
  spawning = false;
  /** The operator's last word was stop. */
  stopped = true;
  readonly #policy: Policy;
  #nextPid = 100;

  constructor(policy_: Policy) {
    this.#policy = policy_;
  }

  apply(event: ProcessEvent): void {
    const before = this.state;
    const [to, effects, passed] = step(before, event, this.now, this.#policy);
    this.state = to;
    for (const effect of effects) this.#check(effect);
    this.#invariants(before, passed);
  }

  #check(effect: Effect): void {
    switch (effect.kind) {
      case 'spawn':
        assert.equal(this.live, undefined, 'spawns beside a live child');
        assert.equal(this.spawning, false, 'spawns twice');
        assert.equal(this.stopped, false, 'spawns against the will of the operator');
        this.spawning = true;
        return;
      case 'signal':
        assert.equal(effect.pid, this.live, 'signals a pid that is not live');
    }
  }

  #invariants(before: ProcessState, passed: readonly ProcessState[]): void {
    const { state } = this;
    assert.equal(pidOf(state), this.live, `the state knows its child (${state.name})`);
    const rest = ['STOPPED', 'EXITED', 'FATAL', 'BACKOFF'].includes(state.name);
    if (rest) assert.ok(this.live === undefined && !this.spawning, `${state.name} with a child`);
    else assert.ok(this.live !== undefined || this.spawning, `${state.name} without a child`);
    if (state.name === 'BACKOFF') assert.ok(state.failures <= this.#policy.startretries);
    if (state.name === 'STARTING' && this.live !== undefined) assert.notEqual(deadlineOf(state), undefined);
    if (state.name === 'STOPPING' && this.live !== undefined) assert.notEqual(deadlineOf(state), undefined);
    const trail = [before, ...passed].map((one) => one.name);
    for (const [at, name] of passed.entries()) assert.notEqual(trail[at], name.name, 'the same state twice');
  }

  play(one: Move): void {
    switch (one.kind) {
      case 'start':
        this.stopped = false;
        return this.apply({ kind: 'start' });
      case 'stop':
      case 'abandon':
        if (one.kind === 'stop') this.stopped = true;
        return this.apply({ kind: one.kind });
      case 'wake':
        return this.apply({ kind: 'wake' });
      case 'stale-exit':
        return this.apply({ kind: 'exited', pid: pid(1), status: code(0) });
      case 'advance': {
        this.now = millis(this.now + one.ms);
        const deadline = deadlineOf(this.state);
        if (deadline !== undefined && deadline <= this.now) this.apply({ kind: 'wake' });
        return;
      }
      case 'exit': {
        const { live } = this;
        if (live === undefined) return;
        this.live = undefined;
        return this.apply({ kind: 'exited', pid: live, status: code(one.code) });
      }
      case 'spawn-result':
        return this.#answerSpawn(one.ok);
    }
  }

  #answerSpawn(success: boolean): void {
    if (!this.spawning) return;
    this.spawning = false;
    if (!success) return this.apply({ kind: 'spawn-failed', reason: 'ENOENT' });
    this.live = pid(this.#nextPid++);
    this.apply({ kind: 'spawned', pid: this.live });
  }
}

test('step() holds its invariants over 20,000 random histories', () => {
  let histories = 0;
  fc.assert(
    fc.property(anyPolicy, fc.array(move, { maxLength: 200, size: 'max' }), (policy_, moves) => {
      histories += 1;
      const world = new OneChildWorld(policy_);
      for (const one of moves) world.play(one);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(histories >= 20_000);
});
