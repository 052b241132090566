import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventFrame } from '../../src/crashmail/frame.ts';
import { History } from '../../src/crashmail/history.ts';
import {
  type Incident,
  incidentKey,
  incidentOf,
  readStateEvent,
  type StateEvent,
} from '../../src/crashmail/incident.ts';
import { epochMillis } from '../../src/units.ts';
import { crash, frame } from './fixtures.ts';

const read = (from: EventFrame): StateEvent => {
  const event = readStateEvent(from);
  assert.ok(event);
  return event;
};
const ALL = { programs: [], crashes: true, fatal: false, states: [] };
const OF = 'processname:celery groupname:worker from_state:';

test('incidentOf() wants an unexpected exit, and nothing else by default', () => {
  assert.equal(incidentOf(read(crash()), ALL)?.kind, 'exited');
  assert.equal(incidentOf(read(frame('EXITED', `${OF}RUNNING expected:1 pid:42`)), ALL), undefined);
  assert.equal(incidentOf(read(frame('STOPPED', `${OF}STOPPING pid:42`)), ALL), undefined);
  assert.equal(incidentOf(read(frame('FATAL', `${OF}BACKOFF`)), ALL), undefined);
});

test('incidentOf() takes FATAL when asked to', () => {
  const incident = incidentOf(read(frame('FATAL', `${OF}BACKOFF`)), {
    programs: [],
    crashes: true,
    fatal: true,
    states: [],
  });
  assert.deepEqual(incident, {
    kind: 'fatal',
    process: 'celery',
    group: 'worker',
    pid: 0,
    fromState: 'BACKOFF',
    state: 'FATAL',
  });
});

test('incidentOf() looks at the programs that are named', () => {
  const isWanted = (...programs: string[]): boolean => incidentOf(read(crash()), { ...ALL, programs }) !== undefined;
  assert.ok(isWanted('celery'));
  assert.ok(isWanted('worker'));
  assert.ok(isWanted('worker:celery'));
  assert.ok(isWanted('worker:*'));
  assert.ok(isWanted('other', 'celery'));
  assert.ok(!isWanted('other'));
  assert.ok(!isWanted('other:celery'));
  assert.ok(!isWanted('celery:worker'));
});

test('readStateEvent() passes over other events', () => {
  assert.equal(readStateEvent({ headers: new Map([['eventname', 'TICK_5']]), payload: 'when:1' }), undefined);
});

test('incidentKey() is the same for a repeated event and differs for another daemon, serial or process', () => {
  const incident: Incident = {
    kind: 'exited',
    process: 'celery',
    group: 'worker',
    pid: 42,
    fromState: 'RUNNING',
    state: 'EXITED',
  };
  const key = incidentKey('boot 1 100', crash(7), incident);
  assert.equal(incidentKey('boot 1 100', crash(7), incident), key);
  const others = [
    incidentKey('boot 1 101', crash(7), incident),
    incidentKey('boot 1 100', crash(8), incident),
    incidentKey('boot 1 100', crash(7), { ...incident, pid: 43 }),
    incidentKey('boot 1 100', crash(7), { ...incident, process: 'beat' }),
    incidentKey('boot 1 100', crash(7), { ...incident, kind: 'fatal' }),
  ];
  assert.equal(new Set([key, ...others]).size, 6);
});

test('History.note() knows when the run that ended began, and how often it began anew', () => {
  const history = new History();
  const note = (state: string, rest: string, at: number) => {
    const { startedAt, pid, restarts } = history.note(read(frame(state, OF + rest)), epochMillis(at));
    return { startedAt, pid, restarts };
  };
  note('STARTING', 'STOPPED tries:0', 1000);
  note('RUNNING', 'STARTING pid:42', 2000);
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:42', 9000), { startedAt: 1000, pid: 42, restarts: 0 });
  note('STARTING', 'EXITED tries:0', 9001);
  note('RUNNING', 'STARTING pid:43', 9500);
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:43', 9900), { startedAt: 9001, pid: 43, restarts: 1 });
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:44', 9999), { startedAt: undefined, pid: 0, restarts: 1 });
});

test('History.note() counts restarts by the hour and the day, and keeps the last moments', () => {
  const history = new History();
  const note = (state: string, rest: string, at: number) =>
    history.note(read(frame(state, OF + rest)), epochMillis(at));
  const DAY = 86_400_000;
  note('STARTING', 'EXITED tries:0', 1000);
  note('STARTING', 'EXITED tries:0', DAY - 1000);
  note('BACKOFF', 'STARTING tries:3', DAY - 900);
  const run = note('FATAL', 'BACKOFF', DAY);
  assert.deepEqual([run.restartsHour, run.restartsDay, run.tries], [1, 2, 3]);
  assert.deepEqual(
    run.timeline.map(({ text }) => text),
    ['STARTING', 'STARTING', 'BACKOFF (3 starts failed)', 'FATAL'],
  );
  for (let at = 0; at < 100; at += 1) note('RUNNING', 'STARTING pid:9', DAY + at);
  assert.equal(history.recall('worker:celery', epochMillis(DAY)).timeline.length, 12);
});

test('incidentOf() takes further states when asked to, and no crashes for fatalmailbatch', () => {
  const interest = { programs: [], crashes: false, fatal: true, states: ['STOPPED'] };
  assert.equal(incidentOf(read(crash()), interest), undefined);
  assert.equal(incidentOf(read(frame('STOPPED', `${OF}STOPPING pid:42`)), interest)?.kind, 'state');
});
