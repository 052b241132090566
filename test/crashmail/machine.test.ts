/** What the machine tells: memory kills, use of processor and memory, secrets, notes of the run before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawCourse } from '../../src/crashmail/chart.ts';
import { lookBack } from '../../src/crashmail/comeback.ts';
import { CALM } from '../../src/crashmail/flood.ts';
import { endingInJournal, readJournal } from '../../src/crashmail/journal-rows.ts';
import { daemonDeath, readNotes, writeNotes } from '../../src/crashmail/notes.ts';
import { reportDeaths } from '../../src/crashmail/obituary.ts';
import { counterFile, counterIn, judgeMemory } from '../../src/crashmail/oom.ts';
import type { Rpc } from '../../src/crashmail/ports.ts';
import type { Report } from '../../src/crashmail/report.ts';
import { maskSecrets, parseEnviron, secretsOf } from '../../src/crashmail/secrets.ts';
import { sparkline, Vitals } from '../../src/crashmail/vitals.ts';
import { FakeOutbox, FakeSurroundings } from './fixtures.ts';

const KMSG = [
  '6,100,5000000,-;Killed process 42 (old) total-vm:1kB',
  '4,101,9000000,-;Out of memory: Killed process 42 (python3) total-vm:9kB, anon-rss:8kB',
  '4,102,9500000,-;Memory cgroup out of memory: Killed process 77 (worker) total-vm:9kB',
].join('\n');

test('judgeMemory() says it only with evidence', () => {
  const evidence = { kernelLog: KMSG, groupKills: 0, machineKills: 1 };
  assert.equal(judgeMemory(evidence, [42], 8e6).kind, 'killed');
  assert.equal(judgeMemory(evidence, [77], 0).kind, 'limit');
  assert.match(judgeMemory(evidence, [5, 77], 0).evidence, /pid 77, worker, below it/);
  assert.equal(judgeMemory(evidence, [42], 9.9e6).kind, 'possibly');
  assert.equal(judgeMemory({ ...evidence, kernelLog: '', groupKills: 1 }, [42], 0).kind, 'limit');
  assert.equal(judgeMemory({ kernelLog: '', groupKills: 0, machineKills: 0 }, [42], 0).kind, 'none');
});

test('counterFile() and counterIn() read both versions of control groups', () => {
  const hybrid = '9:memory:/system.slice/superd.service\n1:name=systemd:/x\n0::/y\n';
  assert.equal(counterFile(hybrid), '/sys/fs/cgroup/memory/system.slice/superd.service/memory.oom_control');
  assert.equal(counterFile('0::/user.slice\n'), '/sys/fs/cgroup/user.slice/memory.events');
  assert.equal(counterFile('0::/../../etc\n'), undefined);
  assert.equal(counterIn('low 0\noom 3\noom_kill 2\noom_group_kill 7\n', 'oom_kill'), 2);
  assert.equal(counterIn('', 'oom_kill'), 0);
});

test('Vitals measures a program with everything below it, and keeps the past of its earlier runs', () => {
  const vitals = new Vitals();
  const reading = (ppid: number, ticks: number, rssBytes: number) => ({ ppid, ticks, rssBytes });
  vitals.watch('web', 10);
  vitals.look(new Map([[10, reading(1, 0, 100)]]), 0);
  vitals.look(
    new Map([
      [10, reading(1, 250, 100)],
      [11, reading(10, 250, 50)],
      [12, reading(1, 999, 9)],
    ]),
    5000,
  );
  assert.deepEqual(vitals.course('web'), { stepSeconds: 5, cpuPercent: [100], rssBytes: [150] });
  assert.deepEqual(new Set(vitals.treeOf('web')), new Set([10, 11]));
  vitals.watch('web', 20);
  vitals.look(new Map([[20, reading(1, 5, 70)]]), 10_000);
  assert.deepEqual(vitals.course('web').rssBytes, [150, 70]);
  vitals.look(new Map(), 15_000);
  assert.equal(vitals.course('web').rssBytes.length, 2);
  vitals.forget('web');
  assert.ok(vitals.isEmpty);
});

test('sparkline() and drawCourse() take every course', () => {
  assert.equal(sparkline([0, 5, 10], 60), '▁▅█');
  assert.equal(
    sparkline(
      Array.from({ length: 120 }, () => 1),
      60,
    ).length,
    60,
  );
  assert.equal(sparkline([], 60), '');
  const numbers = fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(numbers, (values) => {
      const { points, palette } = drawCourse({ stepSeconds: 5, cpuPercent: values, rssBytes: values });
      return points.every((point) => point < palette.length);
    }),
    { numRuns: 20 },
  );
});

test('maskSecrets() hides the secrets of the environment and what looks like one', () => {
  const environment = parseEnviron(
    'PATH=/bin\0DB_PASSWORD=hunter2!x\0API_TOKEN=abc\0KEY_FILE=/etc/key.pem\0SECRET=hunter2!x-long\0',
  );
  const secrets = secretsOf(environment);
  assert.deepEqual(secrets, ['hunter2!x-long', 'hunter2!x']);
  const mask = (text: string): string => maskSecrets(text, secrets);
  assert.equal(mask('login with hunter2!x-long failed'), 'login with ******** failed');
  assert.equal(mask('amqp://guest:guest@host/x'), 'amqp://guest:********@host/x');
  assert.equal(mask('password=swordfish next'), 'password=******** next');
  assert.equal(mask('"api_key": "abcdef"'), '"api_key": ********');
  assert.equal(mask('Authorization: Bearer abcdefghijkl'), 'Authorization: Bearer ********');
  assert.equal(mask('plain words stay'), 'plain words stay');
});

test('maskSecrets() is quick with hostile lines', () => {
  const started = performance.now();
  for (const text of ['a'.repeat(300_000), 'token='.repeat(50_000), 'x://'.repeat(60_000), 'a-'.repeat(100_000)])
    maskSecrets(text, []);
  assert.ok(performance.now() - started < 5000);
});

test('daemonDeath() needs another daemon and no orderly end', () => {
  const notes = { flood: CALM, daemon: 'boot1 5 100', isEnded: false, at: 1 };
  const now = { daemon: 'boot1 9 200', at: 2, host: 'h', id: 'd' };
  assert.match(daemonDeath(notes, now)?.facts.reason ?? '', /ended without an orderly shutdown/);
  assert.match(daemonDeath(notes, { ...now, daemon: 'boot2 5 7' })?.facts.reason ?? '', /machine was restarted/);
  assert.equal(daemonDeath({ ...notes, isEnded: true }, now), undefined);
  assert.equal(daemonDeath(notes, { ...now, daemon: notes.daemon }), undefined);
  assert.equal(daemonDeath(undefined, now), undefined);
  assert.deepEqual(readNotes(writeNotes(notes)), notes);
  fc.assert(fc.property(fc.json(), (json) => readNotes(json) === undefined));
});

test('endingInJournal() finds how the child of this event ended, and believes nothing else', () => {
  const row = (event: number, exit: unknown) => ({ text: 't', time: 1, json: JSON.stringify({ at: 5, event, exit }) });
  const rows = readJournal({
    kind: 'value',
    value: [
      row(1, { kind: 'code', code: 3 }),
      row(2, { kind: 'signal', signal: 'SIGSEGV', coreDumped: true }),
      'x',
      { text: 1 },
    ],
  });
  assert.equal(rows.length, 2);
  assert.deepEqual(endingInJournal(rows, [1]), { kind: 'code', code: 3 });
  assert.deepEqual(endingInJournal(rows, [2]), { kind: 'signal', signal: 'SIGSEGV', coreDumped: true });
  assert.deepEqual(endingInJournal(rows, [3]), { kind: 'unknown' });
  assert.deepEqual(readJournal({ kind: 'fault', code: 1 }), []);
});

const daemonRow = (serial: number, what: string, found?: object, boot = 'b1') => ({
  serial,
  time: serial,
  text: `superd ${what}`,
  json: JSON.stringify({ serial, at: serial * 1000, kind: 'daemon', what, boot, found }),
});

/** A journal that answers superd.history. */
const journalWith = (...rows: readonly ReturnType<typeof daemonRow>[]): Rpc => ({
  ask: async (_method, [options]) => {
    const after = typeof options === 'object' ? options['after'] : undefined;
    const value = typeof after === 'number' ? rows.filter(({ serial }) => serial > after) : rows.slice(-1);
    return { kind: 'value', value };
  },
});

const reasons = async (rpc: Rpc, seen: number): Promise<readonly string[]> => {
  const found = await lookBack(rpc, seen, 'b1');
  return found.kind === 'deaths' ? found.deaths.map(({ serial, reason }) => `${serial} ${reason}`) : [found.kind];
};

test('lookBack() finds each death of superd, and no orderly end or upgrade', async () => {
  const none = { live: 2, gone: 0, names: [] };
  const journal = journalWith(
    daemonRow(1, 'started'),
    daemonRow(5, 'brain-restarted'),
    daemonRow(6, 'recovered', { ...none, why: 'SIGKILL' }),
    daemonRow(7, 'brain-restarted'),
    daemonRow(8, 'recovered', { ...none, why: 'exit status 0' }),
    daemonRow(9, 'stopped'),
    daemonRow(10, 'started'),
    daemonRow(12, 'started'),
    daemonRow(13, 'recovered', { why: 'x', live: 1, gone: 2, names: ['web\u0007', 'db'] }),
    daemonRow(20, 'started', undefined, 'b2'),
  );
  assert.deepEqual(await reasons(journal, 1), [
    '6 superd ended (SIGKILL) and was started again at once; 2 processes went on, none ended unwatched',
    '12 the supervisor ended without an orderly shutdown, and was started again; 1 process went on, 2 ended unwatched: web\ufffd, db',
    '20 the machine was restarted without an orderly shutdown of the supervisor',
  ]);
  assert.deepEqual(await reasons(journal, 20), []);
  // A journal that was begun anew.
  assert.deepEqual(await reasons(journal, 500), []);
  assert.deepEqual(await reasons({ ask: async () => ({ kind: 'fault', code: 1 }) }, 1), ['absent']);
  assert.deepEqual(await reasons({ ask: async () => ({ kind: 'failed', reason: 'late' }) }, 1), ['later']);
});

test('reportDeaths() asks until it is answered, reports a death once, and settles when all is on the disk', async () => {
  const outbox = new FakeOutbox();
  const settled: (number | undefined)[] = [];
  const written: string[] = [];
  const journal = journalWith(daemonRow(3, 'brain-restarted'), daemonRow(4, 'recovered', { why: 'SIGSEGV', live: 1 }));
  let asked = 0;
  const rpc: Rpc = {
    ask: async (...args) => {
      asked += 1;
      return asked < 3 ? { kind: 'failed', reason: 'not yet' } : journal.ask(...args);
    },
  };
  const surroundings = new FakeSurroundings();
  const ports = {
    outbox,
    rpc,
    surroundings,
    digest: (text: string) => text,
    written: ({ facts }: Report) => void written.push(facts.reason),
    settled: async (serial: number | undefined) => void settled.push(serial),
  };
  const before = { flood: CALM, daemon: 'b1 5 100', isEnded: true, at: 1, journal: 2 };
  const watched = { before, mark: 'b1 5 100', daemon: 'superd /s', host: 'h' };
  const { signal } = new AbortController();
  outbox.broken = true;
  surroundings.paused = () => {
    if (asked > 5) outbox.broken = false;
  };
  await reportDeaths(ports, watched, signal);
  assert.equal(written.length, 1);
  await reportDeaths(ports, watched, signal);
  assert.equal(written.length, 1);
  assert.deepEqual(settled, [4, 4]);
  // supervisord has no journal: the notes tell.
  const absent = { ...ports, rpc: { ask: async () => ({ kind: 'fault', code: 1 }) } satisfies Rpc };
  const { journal: _, ...notes } = { ...before, isEnded: false };
  await reportDeaths(absent, { ...watched, before: notes, mark: 'b1 9 200' }, signal);
  assert.match(written[1] ?? '', /without an orderly shutdown/);
});
