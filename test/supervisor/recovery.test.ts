import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProcessState } from '../../src/process/state.ts';
import { recover, type Sighting } from '../../src/supervisor/recovery.ts';
import { newProcess, type ProcessRecord } from '../../src/supervisor/world.ts';
import { millis, pid } from '../../src/units.ts';
import { aProcess } from '../support/config.ts';

const PID = pid(100);
const NOW = millis(5000);
/** What was written down is the third spawn, as pid 100 that was started at 77. */
const SPAWNS = 3;

const STATES: readonly ProcessState[] = [
  { name: 'STOPPED' },
  { name: 'STARTING', pid: undefined, since: NOW, runningAt: NOW, failures: 0, quickRuns: 0 },
  { name: 'STARTING', pid: PID, since: NOW, runningAt: NOW, failures: 0, quickRuns: 0 },
  { name: 'RUNNING', pid: PID, since: NOW, quickRuns: 0 },
  { name: 'BACKOFF', retryAt: NOW, failures: 1, reason: 'x' },
  { name: 'STOPPING', pid: undefined, killAt: NOW, kills: 0 },
  { name: 'STOPPING', pid: PID, killAt: NOW, kills: 1 },
  { name: 'EXITED', status: { kind: 'code', code: 0 }, expected: true, restartAt: undefined, quickRuns: 0 },
  { name: 'FATAL', reason: 'x' },
];
const labelOf = (state: ProcessState): string =>
  'pid' in state ? `${state.name} ${state.pid === undefined ? 'without' : 'with'} pid` : state.name;
const recordIn = (state: ProcessState): ProcessRecord => ({
  ...newProcess('g', aProcess('p')),
  state,
  spawns: SPAWNS,
  startTime: 'pid' in state && state.pid !== undefined ? '77' : '',
});

const sighting = (changes: Partial<Sighting> = {}): Sighting => ({
  serial: SPAWNS,
  pid: PID,
  startTime: '77',
  at: NOW,
  ...changes,
});

type Word = 'kept' | 'found';
/** What the keeper says, or what the list of processes shows: of the spawn, of one before, of one after, … */
const SIGHTINGS: readonly (readonly [string, Sighting | undefined])[] = [
  ['nothing', undefined],
  ['the same', sighting()],
  ['the pid with another start time', sighting({ startTime: '78' })],
  ['another pid of the same spawn', sighting({ pid: 101, startTime: '80' })],
  ['one of an earlier spawn', sighting({ serial: SPAWNS - 1, pid: 99, startTime: '70' })],
  ['one of a later spawn', sighting({ serial: SPAWNS + 1, pid: 102, startTime: '90' })],
];

const AT_REST = {
  nothing: 'as-it-was',
  'the same': 'as-it-was',
  'the pid with another start time': 'as-it-was',
  'another pid of the same spawn': 'as-it-was',
  'one of an earlier spawn': 'as-it-was',
  'one of a later spawn': 'unrecorded',
};
const WITH_PID = {
  kept: {
    nothing: 'gone',
    'the same': 'kept',
    'the pid with another start time': 'kept',
    'another pid of the same spawn': 'gone',
    'one of an earlier spawn': 'gone',
    'one of a later spawn': 'unrecorded',
  },
  found: {
    nothing: 'gone',
    'the same': 'adopted',
    'the pid with another start time': 'gone',
    'another pid of the same spawn': 'gone',
    'one of an earlier spawn': 'gone',
    'one of a later spawn': 'unrecorded',
  },
};
const waitingFor = (seen: 'kept' | 'adopted', otherwise: 'spawn-again' | 'never-spawned') => ({
  nothing: otherwise,
  'the same': seen,
  'the pid with another start time': seen,
  'another pid of the same spawn': seen,
  'one of an earlier spawn': otherwise,
  'one of a later spawn': 'unrecorded',
});
const seenAs = { kept: 'kept', found: 'adopted' } as const;

function expected(state: ProcessState, word: Word): Readonly<Record<string, string>> {
  if (!('pid' in state)) return AT_REST;
  if (state.pid !== undefined) return WITH_PID[word];
  return waitingFor(seenAs[word], state.name === 'STARTING' ? 'spawn-again' : 'never-spawned');
}

describe('recover()', () => {
  for (const word of ['kept', 'found'] as const) {
    for (const state of STATES) {
      test(`decides for ${labelOf(state)}, whatever is ${word}`, () => {
        const none = { kept: undefined, found: undefined };
        const decided = SIGHTINGS.map(([name, seen]) => [
          name,
          recover(recordIn(state), { ...none, [word]: seen }).kind,
        ]);
        assert.deepEqual(Object.fromEntries(decided), expected(state, word));
      });
    }
  }

  test('believes the keeper before the list of processes', () => {
    const running = recordIn({ name: 'RUNNING', pid: PID, since: NOW, quickRuns: 0 });
    assert.equal(recover(running, { kept: sighting(), found: sighting() }).kind, 'kept');
  });

  test('never starts a program of which a live copy was seen', () => {
    for (const state of STATES) {
      for (const [, kept] of SIGHTINGS) {
        for (const [, found] of SIGHTINGS) {
          const { kind } = recover(recordIn(state), { kept, found });
          const isSeen = [kept, found].some((seen) => seen !== undefined && seen.serial >= SPAWNS);
          if (isSeen) assert.notEqual(kind, 'spawn-again');
        }
      }
    }
  });
});
