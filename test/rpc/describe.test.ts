import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Described, describe, formatStopTime, formatUptime } from '../../src/rpc/describe.ts';

const base: Described = { name: 'web', state: 'RUNNING', pid: 10_107, start: 1000, stop: 0, now: 1153, spawnError: '' };

test('formatUptime() prints days only when there are some', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '0:00:00'],
    [0, '0:00:00'],
    [153, '0:02:33'],
    [36_000, '10:00:00'],
    [86_399, '23:59:59'],
    [86_400, '1 day, 0:00:00'],
    [3 * 86_400 + 3661, '3 days, 1:01:01'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatUptime(seconds), text);
});

test('formatStopTime() prints local time with English months', () => {
  assert.equal(formatStopTime(new Date(2026, 10, 22, 9, 53).getTime() / 1000), 'Nov 22 09:53 AM');
  assert.equal(formatStopTime(new Date(2026, 0, 2, 0, 5).getTime() / 1000), 'Jan 02 12:05 AM');
  assert.equal(formatStopTime(new Date(2026, 0, 2, 12, 5).getTime() / 1000), 'Jan 02 12:05 PM');
  assert.equal(formatStopTime(new Date(2026, 0, 2, 23, 5).getTime() / 1000), 'Jan 02 11:05 PM');
});

test('describe() says what each state needs', () => {
  assert.equal(describe(base), 'pid 10107, uptime 0:02:33');
  assert.equal(describe({ ...base, state: 'FATAL', spawnError: 'boom' }), 'boom');
  assert.equal(describe({ ...base, state: 'BACKOFF' }), 'unknown error (try "tail web")');
  assert.equal(describe({ ...base, state: 'STOPPED', start: 0 }), 'Not started');
  assert.equal(describe({ ...base, state: 'STOPPED' }), 'Not started');
  assert.equal(describe({ ...base, state: 'EXITED', stop: 1000 }), formatStopTime(1000));
  for (const state of ['STARTING', 'STOPPING', 'UNKNOWN'] as const) assert.equal(describe({ ...base, state }), '');
});
