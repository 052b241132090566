import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProcessEvent } from '../../src/process/machine.ts';
import { type Moment, type Transition, transition } from '../../src/supervisor/transition.ts';
import { newProcess, type ProcessRecord } from '../../src/supervisor/world.ts';
import { epochMillis, millis, pid, seconds } from '../../src/units.ts';
import { aProcess } from '../support/config.ts';

const at = (ms: number): Moment => ({ at: millis(ms), wall: epochMillis(1_000_000 + ms) });
const PID = pid(100);
const exits = (code: number): ProcessEvent => ({ kind: 'exited', pid: PID, status: { kind: 'code', code } });
const killed: ProcessEvent = {
  kind: 'exited',
  pid: PID,
  status: { kind: 'signal', signal: 'SIGKILL', coreDumped: false },
};

/** Plays events and returns all transitions. */
function play(
  moves: readonly (readonly [number, ProcessEvent])[],
  record: ProcessRecord = newProcess('g', aProcess('x', { startretries: 1 })),
): readonly Transition[] {
  const made: Transition[] = [];
  for (const [ms, event] of moves) made.push(transition(made.at(-1)?.record ?? record, event, at(ms)));
  return made;
}
const runs: readonly (readonly [number, ProcessEvent])[] = [
  [0, { kind: 'start' }],
  [2, { kind: 'spawned', pid: PID }],
  [1002, { kind: 'wake' }],
];
const linesOf = (made: readonly Transition[]): readonly string[] =>
  made.flatMap(({ lines }) => lines.map(({ level, message }) => `${level} ${message}`));
const eventsOf = (made: readonly Transition[]): readonly string[] =>
  made.flatMap(({ events }) =>
    events.map((event) =>
      event.kind === 'process-state' ? `${event.from} ${JSON.stringify(event.to)}` : assert.fail(event.kind),
    ),
  );

describe('transition()', () => {
  test('transition() tells an unexpected exit as supervisord does', () => {
    const made = play([...runs, [5000, exits(3)]]);
    const last = made.at(-1)?.record;
    assert.deepEqual(linesOf(made).slice(-1), ['warn exited: x (exit status 3; not expected)']);
    assert.equal(last?.spawnError, 'Bad exit code 3');
    assert.equal(last?.exitStatus, 3);
    assert.equal(last?.stoppedAt, 1_005_000);
    assert.equal(last?.lastExit?.startedAt, 1_000_002);
    assert.equal(eventsOf(made).at(-1), 'RUNNING {"name":"EXITED","pid":100,"expected":false}');
  });

  test('transition() reports -1 for a signal, and an expected exit without an error', () => {
    const byKill = play([...runs, [5000, killed]]).at(-1)?.record;
    assert.equal(byKill?.exitStatus, -1);
    assert.equal(byKill?.spawnError, 'Bad exit code -1');
    const expected = play([...runs, [5000, exits(0)]]);
    assert.equal(expected.at(-1)?.record.spawnError, '');
    assert.deepEqual(linesOf(expected).slice(-1), ['info exited: x (exit status 0; expected)']);
  });

  test('transition() clears the exit status of too quick an exit, and logs it as not expected', () => {
    const made = play([...runs.slice(0, 2), [10, exits(0)]]);
    const last = made.at(-1)?.record;
    assert.equal(last?.exitStatus, 0);
    assert.equal(last?.spawnError, 'Exited too quickly (process log may have details)');
    assert.deepEqual(linesOf(made).slice(-1), ['warn exited: x (exit status 0; not expected)']);
    assert.equal(eventsOf(made).at(-1), 'STARTING {"name":"BACKOFF","tries":1}');
  });

  test('transition() publishes BACKOFF and FATAL when it gives up', () => {
    const made = play([
      [0, { kind: 'start' }],
      [1, { kind: 'spawn-failed', reason: 'no' }],
      [1001, { kind: 'wake' }],
      [1002, { kind: 'spawn-failed', reason: 'no' }],
    ]);
    assert.deepEqual(eventsOf(made), [
      'STOPPED {"name":"STARTING","tries":0}',
      'STARTING {"name":"BACKOFF","tries":1}',
      'BACKOFF {"name":"STARTING","tries":1}',
      'STARTING {"name":"BACKOFF","tries":2}',
      'BACKOFF {"name":"FATAL"}',
    ]);
    assert.deepEqual(linesOf(made).slice(-2), [
      'info spawnerr: no',
      'info gave up: x entered FATAL state, too many start retries too quickly',
    ]);
  });

  test('transition() tells a stop with the old pid, at WARN for a signal and INFO for an expected code', () => {
    const made = play([...runs, [2000, { kind: 'stop' }], [2100, killed]]);
    assert.deepEqual(eventsOf(made).slice(-2), [
      'RUNNING {"name":"STOPPING","pid":100}',
      'STOPPING {"name":"STOPPED","pid":100}',
    ]);
    assert.deepEqual(linesOf(made).slice(-1), ['warn stopped: x (terminated by SIGKILL)']);
    const clean = play([...runs, [2000, { kind: 'stop' }], [2100, exits(0)]]);
    assert.deepEqual(linesOf(clean).slice(-1), ['info stopped: x (exit status 0)']);
  });

  test('transition() tells a stop in BACKOFF with pid 0', () => {
    const made = play([
      [0, { kind: 'start' }],
      [1, { kind: 'spawn-failed', reason: 'no' }],
      [2, { kind: 'stop' }],
    ]);
    assert.equal(eventsOf(made).at(-1), 'BACKOFF {"name":"STOPPED","pid":0}');
  });

  test('transition() is silent about success when the exit was seen first', () => {
    const instant = newProcess('g', aProcess('x', { startsecs: seconds(1) }));
    const made = play([...runs.slice(0, 2), [1500, exits(0)]], instant);
    assert.deepEqual(linesOf(made), ["info spawned: 'x' with pid 100", 'info exited: x (exit status 0; expected)']);
    assert.deepEqual(eventsOf(made).slice(1), [
      'STARTING {"name":"RUNNING","pid":100}',
      'RUNNING {"name":"EXITED","pid":100,"expected":true}',
    ]);
  });
});
