import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherFacts, type Inquiry, RPC_TIMEOUT, type Witnesses } from '../../src/crashmail/facts.ts';
import { endingInLog } from '../../src/crashmail/main-log.ts';
import type { Answer } from '../../src/crashmail/ports.ts';
import { NO_COURSE, NO_SETTINGS, NO_VERDICT } from '../../src/crashmail/report.ts';
import { epochMillis } from '../../src/units.ts';

const INQUIRY: Inquiry = {
  incident: { kind: 'exited', process: 'celery', group: 'worker', pid: 42, fromState: 'RUNNING', state: 'EXITED' },
  serials: [7],
  detail: 'full',
  run: {
    startedAt: epochMillis(900_000),
    pid: 42,
    restarts: 1,
    restartsHour: 1,
    restartsDay: 1,
    tries: 0,
    timeline: [],
  },
  heard: 1000,
  lines: 30,
};
const UNKNOWN_METHOD: Answer = { kind: 'fault', code: 1 };
const SILENT: Answer = { kind: 'failed', reason: 'timed out' };
const value = (it: unknown): Answer => ({ kind: 'value', value: it });

function witnesses(answers: Readonly<Record<string, Answer>>, files: Readonly<Record<string, string>> = {}): Witnesses {
  return {
    rpc: {
      async ask(method, params, timeout) {
        assert.equal(timeout, RPC_TIMEOUT);
        if (method.includes('Process')) assert.equal(params[0], 'worker:celery');
        return answers[method] ?? UNKNOWN_METHOD;
      },
    },
    readTail: async (path) => files[path],
    course: () => NO_COURSE,
    memory: () => NO_VERDICT,
    settings: () => NO_SETTINGS,
    mask: (_program, text) => text.replaceAll('hunter2', '********'),
  };
}

const info = (more: object): Answer =>
  value({ statename: 'EXITED', exitstatus: 3, spawnerr: 'Bad exit code 3', start: 900, stop: 990, pid: 0, ...more });

test('gatherFacts() believes getProcessInfo while the program rests', async () => {
  const facts = await gatherFacts(witnesses({ 'supervisor.getProcessInfo': info({}) }), INQUIRY);
  assert.deepEqual(facts?.ending, { kind: 'code', code: 3 });
  assert.deepEqual([facts?.started, facts?.stopped, facts?.aftermath.state], [900, 990, 'EXITED']);
});

test('gatherFacts() finds the exit status in the main log when the program runs again', async () => {
  const log = '2026-11-22 10:10:18,061 WARN exited: celery (terminated by SIGSEGV (core dumped); not expected)\n';
  const facts = await gatherFacts(
    witnesses({
      'supervisor.getProcessInfo': info({ statename: 'RUNNING', exitstatus: 0, start: 991, pid: 43 }),
      'supervisor.readLog': value(log),
    }),
    INQUIRY,
  );
  assert.deepEqual(facts?.ending, { kind: 'signal', signal: 'SIGSEGV', coreDumped: true });
  assert.deepEqual([facts?.started, facts?.stopped], [900, 990]);
  assert.deepEqual(facts?.aftermath, { state: 'RUNNING', pid: 43 });
});

test('gatherFacts() prefers superd.getLastExit, but only about the same process', async () => {
  const exit = {
    pid: 42,
    kind: 'signal',
    code: 0,
    signal: 'SIGKILL',
    coredumped: false,
    started: 800,
    stopped: 995,
    restarts: 7,
  };
  const told = await gatherFacts(
    witnesses({ 'superd.getLastExit': value(exit), 'supervisor.getProcessInfo': info({}) }),
    INQUIRY,
  );
  assert.deepEqual(told?.ending, { kind: 'signal', signal: 'SIGKILL', coreDumped: false });
  assert.deepEqual([told?.started, told?.stopped, told?.restarts], [800, 995, 7]);
  const other = await gatherFacts(
    witnesses({ 'superd.getLastExit': value({ ...exit, pid: 99 }), 'supervisor.getProcessInfo': info({}) }),
    INQUIRY,
  );
  assert.deepEqual(other?.ending, { kind: 'code', code: 3 });
});

test('gatherFacts() reports with gaps when nobody answers', async () => {
  const methods = [
    'superd.getLastExit',
    'supervisor.getProcessInfo',
    'supervisor.tailProcessStdoutLog',
    'supervisor.readLog',
  ];
  const facts = await gatherFacts(witnesses(Object.fromEntries(methods.map((method) => [method, SILENT]))), INQUIRY);
  assert.deepEqual(facts?.ending, { kind: 'unknown' });
  assert.equal(facts?.aftermath.state, '');
  assert.deepEqual(facts?.stdout, { lines: [], problem: 'timed out' });
  assert.equal(facts?.started, 900);
});

test('gatherFacts() survives answers of any shape', async () => {
  for (const odd of [null, 5, 'x', [], [[]], {}, { statename: 7, pid: 'x', exitstatus: Number.NaN }]) {
    const methods = [
      'superd.getLastExit',
      'supervisor.getProcessInfo',
      'supervisor.tailProcessStdoutLog',
      'supervisor.readLog',
    ];
    const facts = await gatherFacts(
      witnesses(Object.fromEntries(methods.map((method) => [method, value(odd)]))),
      INQUIRY,
    );
    assert.ok(facts);
  }
});

test('gatherFacts() reads the log file when XML-RPC cannot carry it', async () => {
  const facts = await gatherFacts(
    witnesses(
      { 'supervisor.getProcessInfo': info({ stderr_logfile: '/log/err' }), 'supervisor.tailProcessStderrLog': SILENT },
      { '/log/err': 'one\n\u001b[31mtwo' },
    ),
    INQUIRY,
  );
  assert.deepEqual(facts?.stderr.lines, ['one', 'two']);
});

test('gatherFacts() gives nothing for a FATAL that comes from the shutdown', async () => {
  const incident = { ...INQUIRY.incident, kind: 'fatal', pid: 0 } as const;
  const shutdown: Answer = { kind: 'fault', code: 6 };
  const asked = witnesses({ 'supervisor.getProcessInfo': shutdown });
  assert.equal(await gatherFacts(asked, { ...INQUIRY, incident }), undefined);
  assert.ok(await gatherFacts(asked, INQUIRY));
});

test('gatherFacts() tells how a program ended that was given up, if it ran at all', async () => {
  const incident = { ...INQUIRY.incident, kind: 'fatal', pid: 0 } as const;
  const exit = value({
    pid: 41,
    kind: 'code',
    code: 1,
    signal: '',
    coredumped: false,
    started: 0,
    stopped: 0,
    restarts: 3,
  });
  const endingAfter = async (spawnerr: string) => {
    const fatal = info({ statename: 'FATAL', spawnerr });
    const asked = witnesses({ 'superd.getLastExit': exit, 'supervisor.getProcessInfo': fatal });
    return (await gatherFacts(asked, { ...INQUIRY, incident }))?.ending;
  };
  assert.deepEqual(await endingAfter('Exited too quickly (process log may have details)'), { kind: 'code', code: 1 });
  assert.deepEqual(await endingAfter("can't find command '/nope'"), { kind: 'unknown' });
});

const LOG = [
  "2026-11-22 12:10:54,152 INFO spawned: 'a' with pid 10",
  "2026-11-22 12:10:54,154 INFO spawned: 'a' with pid 11",
  '2026-11-22 12:10:56,158 WARN exited: a (exit status 3; not expected)',
  "2026-11-22 12:10:56,165 INFO spawned: 'a' with pid 12",
  '2026-11-22 12:10:56,165 INFO exited: a (terminated by SIGTERM; not expected)',
  'exited: a (exit status 99; not expected)',
].join('\n');

test('endingInLog() goes by the pid', () => {
  assert.deepEqual(endingInLog(LOG, 'a', 11), { kind: 'code', code: 3 });
  assert.deepEqual(endingInLog(LOG, 'a', 12), { kind: 'signal', signal: 'SIGTERM', coreDumped: false });
});

test('endingInLog() takes the last exit of that name when the spawn is out of sight', () => {
  assert.deepEqual(endingInLog(LOG, 'a', 7), { kind: 'signal', signal: 'SIGTERM', coreDumped: false });
  assert.deepEqual(endingInLog(LOG, 'b', 7), { kind: 'unknown' });
  assert.deepEqual(endingInLog('', 'a', 7), { kind: 'unknown' });
});

test('gatherFacts() counts restarts in the journal, which knows what was before this listener', async () => {
  const heard = 200_000;
  const row = (ago: number, from: string, to: string) => {
    const at = (heard - ago) * 1000;
    return { time: at / 1000, text: `${from} -> ${to}`, json: JSON.stringify({ at, from, to }) };
  };
  const rows = [
    row(90_000, 'EXITED', 'STARTING'),
    row(7200, 'EXITED', 'STARTING'),
    row(3000, 'BACKOFF', 'STARTING'),
    row(2000, 'EXITED', 'STARTING'),
    row(1000, 'STOPPED', 'STARTING'),
    row(900, 'STARTING', 'RUNNING'),
  ];
  const count = async (inquiry: Inquiry, answer: Answer) => {
    const facts = await gatherFacts(witnesses({ 'superd.history': answer }), inquiry);
    return [facts?.restartsHour, facts?.restartsDay];
  };
  assert.deepEqual(await count({ ...INQUIRY, heard }, value(rows)), [2, 3]);
  assert.deepEqual(await count({ ...INQUIRY, heard }, SILENT), [1, 1]);
});

test('gatherFacts() tells the times of an event that is told late by the journal', async () => {
  const row = (second: number, record: object) => ({
    time: second,
    text: 'worker',
    json: JSON.stringify({ at: second * 1000, ...record }),
  });
  const exit = { kind: 'code', code: 4 };
  const rows = value([
    row(500, { to: 'STARTING' }),
    row(600, { to: 'EXITED', event: 7, exit }),
    row(600, { to: 'STARTING' }),
    row(990, { to: 'EXITED', event: 9, exit: { kind: 'code', code: 5 } }),
  ]);
  const latest = value({ pid: 43, kind: 'code', code: 5, started: 600, stopped: 990 });
  const answers = { 'supervisor.getProcessInfo': info({}), 'superd.getLastExit': latest, 'superd.history': rows };
  for (const detail of ['full', 'brief'] as const) {
    const facts = await gatherFacts(witnesses(answers), { ...INQUIRY, detail });
    assert.deepEqual([facts?.started, facts?.stopped, facts?.ending], [500, 600, exit]);
  }
});
