import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller, Entry, JournalRecord } from '../../src/journal/record.ts';
import { explain, type Subject } from '../../src/journal/why.ts';
import type { StateName } from '../../src/process/state.ts';
import { epochMillis } from '../../src/units.ts';

/** Noon, local time, of a day without a change of the clocks. */
const NOON = new Date(2026, 10, 22, 12, 0, 0).getTime();
const bob: Caller = { kind: 'server', section: 'unix_http_server', user: 'bob' };

type At = readonly [second: number, entry: Entry];
const of = { group: 'web', process: 'web' } as const;
const QUICK = 'Exited too quickly (process log may have details)';

const moved = (from: StateName, to: StateName, facts: object = {}): Entry => ({
  kind: 'process-state',
  ...of,
  from,
  to,
  ...facts,
});
const call = (action: string, by: Caller = bob): Entry => ({ kind: 'operator', action, target: 'web', args: [], by });
const daemon: Entry = { kind: 'daemon', what: 'started', pid: 1, version: '1', boot: '' };
const code = (status: number) => ({ exit: { kind: 'code', code: status } }) as const;

function failing(second: number, tries: number): readonly At[] {
  return [
    [second, moved(tries === 1 ? 'STOPPED' : 'BACKOFF', 'STARTING', { tries: tries - 1 })],
    [second + 0.2, moved('STARTING', 'BACKOFF', { tries, reason: QUICK, ...code(1) })],
  ];
}

const started: readonly At[] = [
  [0, daemon],
  [1, moved('STOPPED', 'STARTING')],
  [2, moved('STARTING', 'RUNNING', { pid: 7 })],
];
const stopping: readonly At[] = [
  [60, call('supervisor.stopProcess')],
  [60, moved('RUNNING', 'STOPPING', { pid: 7 })],
];

function tell(state: StateName, history: readonly At[], subject: Partial<Subject> = {}): readonly string[] {
  const records = history.map(
    ([second, entry], index): JournalRecord => ({ serial: index + 1, at: epochMillis(NOON + second * 1000), ...entry }),
  );
  const known: Subject = {
    ...of,
    state,
    pid: 0,
    isDisabled: false,
    autostart: true,
    autorestart: 'unexpected',
    ...subject,
  };
  return explain(known, records, epochMillis(NOON + 3600_000));
}

interface Situation {
  readonly name: string;
  readonly state: StateName;
  readonly history: readonly At[];
  readonly subject?: Partial<Subject>;
  readonly told: readonly string[];
}

const SITUATIONS: readonly Situation[] = [
  {
    name: 'autostarted',
    state: 'RUNNING',
    history: started,
    subject: { pid: 7 },
    told: ['web is RUNNING with pid 7 since 12:00:02, for 60 min.', 'It was started at 12:00:01, as autostart says.'],
  },
  {
    name: 'started by an operator after a stop',
    state: 'RUNNING',
    history: [
      ...started,
      ...stopping,
      [61, moved('STOPPING', 'STOPPED', { exit: { kind: 'signal', signal: 'SIGTERM', coreDumped: false } })],
      [90, call('supervisor.startProcess', { kind: 'server', section: 'inet_http_server', address: '10.0.0.7' })],
      [90, moved('STOPPED', 'STARTING')],
      [91, moved('STARTING', 'RUNNING')],
    ],
    told: [
      'web is RUNNING since 12:01:31, for 58 min.',
      'It was started by operator via inet_http_server from 10.0.0.7 (supervisor.startProcess) at 12:01:30.',
      'Last stopped by operator bob via unix_http_server (supervisor.stopProcess) at 12:01:00.',
    ],
  },
  {
    name: 'restarted by itself',
    state: 'RUNNING',
    history: [
      ...started,
      [100, moved('RUNNING', 'EXITED', { expected: false, ...code(3) })],
      [100, moved('EXITED', 'STARTING')],
      [101, moved('STARTING', 'RUNNING')],
    ],
    told: [
      'web is RUNNING since 12:01:41, for 58 min.',
      'It was started again by itself at 12:01:40, after it ended at 12:01:40 (exit status 3, not expected).',
    ],
  },
  {
    name: 'RUNNING after failures',
    state: 'RUNNING',
    history: [
      [0, daemon],
      ...failing(1, 1),
      [3, moved('BACKOFF', 'STARTING', { tries: 1 })],
      [4, moved('STARTING', 'RUNNING')],
    ],
    told: ['web is RUNNING since 12:00:04, for 60 min.', 'The start at 12:00:03 followed 1 that failed.'],
  },
  {
    name: 'given up',
    state: 'FATAL',
    history: [
      ...started,
      ...stopping,
      [61, moved('STOPPING', 'STOPPED')],
      [62, call('supervisor.startProcess')],
      ...failing(62, 1),
      ...failing(64, 2),
      ...failing(67, 3),
      ...failing(71, 4),
      [71.2, moved('BACKOFF', 'FATAL', { reason: QUICK, ...code(1) })],
    ],
    told: [
      'web is FATAL since 12:01:11, for 59 min.',
      '4 starts in a row failed (exit status 1 after 0.2 s each), the last at 12:01:11: that was one more than startretries allows.',
      'Next: nothing until superctl start web.',
      'Last started by operator bob via unix_http_server (supervisor.startProcess) at 12:01:02.',
      'Last stopped by operator bob via unix_http_server (supervisor.stopProcess) at 12:01:00.',
    ],
  },
  {
    name: 'a start that was refused',
    state: 'STOPPED',
    subject: { autostart: false },
    history: [
      [0, daemon],
      [5, call('supervisor.startProcess')],
    ],
    told: [
      'web is STOPPED.',
      'It was not started since superd started at 12:00:00: its autostart is false.',
      'Next: nothing until superctl start web.',
      'A start was asked for by operator bob via unix_http_server (supervisor.startProcess) at 12:00:05, and refused.',
    ],
  },
  {
    name: 'a command that is not there',
    state: 'FATAL',
    history: [
      [0, daemon],
      [1, moved('STOPPED', 'STARTING')],
      [1, { kind: 'spawn-error', ...of, reason: "can't find command 'x'" }],
      [1, moved('STARTING', 'BACKOFF', { tries: 1, reason: "can't find command 'x'" })],
      [1, moved('BACKOFF', 'FATAL', { reason: "can't find command 'x'" })],
    ],
    told: [
      'web is FATAL since 12:00:01, for 60 min.',
      "1 start failed (can't find command 'x'), the last at 12:00:01: that was one more than startretries allows.",
      'Next: nothing until superctl start web.',
    ],
  },
  {
    name: 'waiting for the next start',
    state: 'BACKOFF',
    history: [[0, daemon], ...failing(1, 1), ...failing(3, 2)],
    told: [
      'web is BACKOFF since 12:00:03, for 60 min.',
      '2 starts in a row failed (exit status 1 after 0.2 s each), the last at 12:00:03.',
      'Next: it is started again by itself, a little later each time.',
    ],
  },
  {
    name: 'stopped by an operator, with SIGKILL',
    state: 'STOPPED',
    history: [
      ...started,
      ...stopping,
      [70, { kind: 'signal', ...of, pid: 7, signal: 'SIGKILL', target: 'process', why: 'kill' }],
      [70, moved('STOPPING', 'STOPPED', { exit: { kind: 'signal', signal: 'SIGKILL', coreDumped: false } })],
    ],
    told: [
      'web is STOPPED since 12:01:10, for 59 min.',
      'It was stopped by operator bob via unix_http_server (supervisor.stopProcess) at 12:01:00. It ended at 12:01:10 (terminated by SIGKILL).',
      'It did not end in time, so it got SIGKILL at 12:01:10.',
      'Next: nothing until superctl start web.',
    ],
  },
  {
    name: 'never started, autostart is off',
    state: 'STOPPED',
    history: [[0, daemon]],
    subject: { autostart: false },
    told: [
      'web is STOPPED.',
      'It was not started since superd started at 12:00:00: its autostart is false.',
      'Next: nothing until superctl start web.',
    ],
  },
  {
    name: 'disabled before the daemon was started again; a refused start is no start',
    state: 'STOPPED',
    history: [
      ...started,
      [50, { kind: 'disabled', ...of }],
      ...stopping,
      [61, moved('STOPPING', 'STOPPED', code(0))],
      [65, call('supervisor.startProcess')],
      [100, daemon],
    ],
    subject: { isDisabled: true },
    told: [
      'web is STOPPED.',
      'It was not started since superd started at 12:01:40: it is disabled.',
      'Next: nothing until superctl enable web and superctl start web.',
      'It is disabled since 12:00:50.',
    ],
  },
  {
    name: 'stopped while it waited',
    state: 'STOPPED',
    history: [[0, daemon], ...failing(1, 1), [2, call('superd.disable')], [2, moved('BACKOFF', 'STOPPED', { pid: 0 })]],
    told: [
      'web is STOPPED since 12:00:02, for 60 min.',
      'It was stopped by operator bob via unix_http_server (superd.disable) at 12:00:02, while it waited for its next start.',
      'Next: nothing until superctl start web.',
    ],
  },
  {
    name: 'STOPPING because of a signal to the daemon',
    state: 'STOPPING',
    history: [
      ...started,
      [80, { kind: 'operator', action: 'supervisor.shutdown', args: [], by: { kind: 'signal', name: 'SIGTERM' } }],
      [90, moved('RUNNING', 'STOPPING', { pid: 7 })],
    ],
    told: [
      'web is STOPPING since 12:01:30, for 59 min.',
      'It was stopped by SIGTERM (supervisor.shutdown) at 12:01:20.',
      'Next: SIGKILL, if it does not end within stopwaitsecs.',
    ],
  },
  {
    name: 'ended by itself, as expected',
    state: 'EXITED',
    history: [...started, [42, moved('RUNNING', 'EXITED', { expected: true, ...code(0) })]],
    told: [
      'web is EXITED since 12:00:42, for 59 min.',
      'It ended by itself at 12:00:42 after 41 s (exit status 0, expected).',
      'Next: nothing until superctl start web.',
    ],
  },
  {
    name: 'ended by itself, to be started again',
    state: 'EXITED',
    history: [...started, [42, moved('RUNNING', 'EXITED', { expected: false, exit: { kind: 'unknown' } })]],
    told: [
      'web is EXITED since 12:00:42, for 59 min.',
      'It ended by itself at 12:00:42 after 41 s (exit status unknown, not expected).',
      'Next: it is started again by itself.',
    ],
  },
];

for (const { name, state, history, subject, told } of SITUATIONS) {
  test(`explain() tells why it is ${state}: ${name}`, () => {
    assert.deepEqual(tell(state, history, subject), told);
  });
}

test('explain() names the day of what happened on another one', () => {
  const [first] = tell('RUNNING', [[-86_400, moved('STARTING', 'RUNNING')]]);
  assert.equal(first, 'web is RUNNING since 2026-11-21 12:00:00, for 25 h.');
});

test('explain() says what is no longer in the journal, in every state', () => {
  const states: readonly StateName[] = [
    'STOPPED',
    'STARTING',
    'RUNNING',
    'BACKOFF',
    'STOPPING',
    'EXITED',
    'FATAL',
    'UNKNOWN',
  ];
  for (const state of states) {
    const [first, second] = tell(state, []);
    assert.equal(first, `web is ${state}.`);
    assert.ok((second ?? '').length > 0, state);
  }
});
