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
const ALL = { programs: [], fatal: false };
const OF = 'processname:celery groupname:worker from_state:';

test('incidentOf() wants an unexpected exit, and nothing else by default', () => {
  assert.equal(incidentOf(read(crash()), ALL)?.kind, 'exited');
  assert.equal(incidentOf(read(frame('EXITED', `${OF}RUNNING expected:1 pid:42`)), ALL), undefined);
  assert.equal(incidentOf(read(frame('STOPPED', `${OF}STOPPING pid:42`)), ALL), undefined);
  assert.equal(incidentOf(read(frame('FATAL', `${OF}BACKOFF`)), ALL), undefined);
});

test('incidentOf() takes FATAL when asked to', () => {
  const incident = incidentOf(read(frame('FATAL', `${OF}BACKOFF`)), { programs: [], fatal: true });
  assert.deepEqual(incident, { kind: 'fatal', process: 'celery', group: 'worker', pid: 0, fromState: 'BACKOFF' });
});

test('incidentOf() looks at the programs that are named', () => {
  const isWanted = (...programs: string[]): boolean =>
    incidentOf(read(crash()), { programs, fatal: false }) !== undefined;
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
  const incident: Incident = { kind: 'exited', process: 'celery', group: 'worker', pid: 42, fromState: 'RUNNING' };
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
  const note = (state: string, rest: string, at: number) =>
    history.note(read(frame(state, OF + rest)), epochMillis(at));
  note('STARTING', 'STOPPED tries:0', 1000);
  note('RUNNING', 'STARTING pid:42', 2000);
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:42', 9000), { startedAt: 1000, pid: 42, restarts: 0 });
  note('STARTING', 'EXITED tries:0', 9001);
  note('RUNNING', 'STARTING pid:43', 9500);
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:43', 9900), { startedAt: 9001, pid: 43, restarts: 1 });
  assert.deepEqual(note('EXITED', 'RUNNING expected:0 pid:44', 9999), { startedAt: undefined, pid: 0, restarts: 1 });
});
