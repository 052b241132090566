import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { decodeBatch, readRecord } from '../../src/journal/codec.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { isList, isStruct } from '../../src/rpc/xml.ts';
import { Daemon, privateDirectory, startDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const program = (name: string, command: string, ...lines: readonly string[]): string =>
  [`[program:${name}]`, `command=${command}`, ...lines, ''].join('\n');

/** Notes the data of every event in a file before it answers. */
const LISTENER = `
import sys
while True:
    sys.stdout.write('READY\\n'); sys.stdout.flush()
    header = dict(token.split(':', 1) for token in sys.stdin.readline().split())
    data = sys.stdin.read(int(header['len']))
    with open('seen.log', 'a') as seen: seen.write(header['serial'] + ' ' + data.split('\\n')[1] + '\\n')
    sys.stdout.write('RESULT 2\\nOK'); sys.stdout.flush()
`;

const journalOf = (dir: string): string => join(dir, 'main.state/journal');

/** Every record on the disk, and how many lines are none. */
function onDisk(directory: string): { readonly records: readonly JournalRecord[]; readonly damaged: number } {
  const content = readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name)));
  const batches = content.map((each) => decodeBatch(each));
  const torn = batches.filter((batch, index) => batch.consumed < (content[index]?.length ?? 0)).length;
  const damaged = batches.reduce((sum, batch) => sum + batch.damaged, torn);
  return { records: batches.flatMap(({ records }) => records), damaged };
}

async function history(daemon: Daemon, ...args: readonly string[]): Promise<readonly JournalRecord[]> {
  const { stdout, stderr, status } = await daemon.superctl('history', '--json', ...args);
  assert.equal(status, 0, stdout + stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => readRecord(JSON.parse(line)) ?? assert.fail(line));
}

const brainOf = (daemon: Daemon): number =>
  daemon.processes().find(({ ppid, command }) => ppid === daemon.pid && command.includes('brain'))?.pid ??
  assert.fail('no brain');

/** A small file system in memory that goes with the test; undefined where that is not allowed. */
function tinyDisk(t: TestContext, size: string): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'superd-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', at], { stdio: 'ignore' });
  } catch {
    rmSync(at, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', at]);
    rmSync(at, { recursive: true });
  });
  return at;
}

describe('the journal', () => {
  test('tells who did what, over a restart of the daemon, and why', async (t) => {
    const daemon = await startDaemon(t, { config: program('sleep', 'sleep 1000') });
    await daemon.reaches('sleep', 'RUNNING');
    await daemon.superctl('stop', 'sleep');
    const { stdout: why } = await daemon.superctl('why', 'sleep');
    assert.match(
      why,
      /^sleep is STOPPED since \d\d:\d\d:\d\d, for [\d.]+ s\.\nIt was stopped by operator via unix_http/,
    );
    assert.match(why, /It ended at \S+ \(terminated by SIGTERM\)\.\nNext: nothing until superctl start sleep\.\n$/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
    await daemon.start();
    await daemon.reaches('sleep', 'RUNNING');
    const records = await history(daemon, 'sleep');
    const told = records.map((record) =>
      record.kind === 'process-state' ? record.to : record.kind === 'operator' ? record.action : record.kind,
    );
    const once = ['daemon', 'process-group', 'STARTING', 'RUNNING'];
    assert.deepEqual(told, [
      ...once,
      'supervisor.stopProcess',
      'STOPPING',
      'signal',
      'STOPPED',
      'supervisor.shutdown',
      'daemon',
      ...once,
    ]);
    const lines = (await daemon.superctl('history', 'sleep', '--since', '1h')).stdout.split('\n');
    assert.equal(lines.length, records.length + 1);
    assert.match(lines[0] ?? '', /^ {5}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}superd started \(pid \d+, version /);
    const last = records.at(-1)?.serial ?? 0;
    assert.deepEqual(
      (await history(daemon, '--since', String(last - 1))).map(({ serial }) => serial),
      [last],
    );
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('keeps no secret of a call, and names the user and the section', async (t) => {
    const config = `${program('cat', 'cat')}[unix_http_server]\nfile=%(here)s/control.sock\n`;
    const daemon = await startDaemon(t, { config });
    await daemon.reaches('cat', 'RUNNING');
    await daemon.rpc('supervisor.sendProcessStdin', 'cat', 'hunter2');
    await daemon.rpc('supervisor.sendRemoteCommEvent', 'kind', 'hunter3');
    await daemon.rpc('system.multicall', [
      { methodName: 'supervisor.signalProcess', params: ['cat', 'CONT'] },
      { methodName: 'supervisor.getState', params: [] },
    ]);
    const { records } = onDisk(journalOf(daemon.dir));
    const calls = records.filter((record) => record.kind === 'operator');
    assert.deepEqual(
      calls.map(({ action, args, by }) => [action, args.map(({ value }) => value), by]),
      [
        ['supervisor.sendProcessStdin', ['cat', '***'], { kind: 'server', section: 'unix_http_server' }],
        ['supervisor.sendRemoteCommEvent', ['kind', '***'], { kind: 'server', section: 'unix_http_server' }],
        ['supervisor.signalProcess', ['cat', 'CONT'], { kind: 'server', section: 'unix_http_server' }],
      ],
    );
    const signal = records.find((record) => record.kind === 'signal');
    assert.deepEqual([signal?.signal, signal?.why], ['SIGCONT', 'operator']);
    assert.ok(!JSON.stringify(records).includes('hunter2'));
    assert.ok(!JSON.stringify(await daemon.rpc('superd.history')).includes('hunter3'));
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('historyAfter() waits for what comes next', async (t) => {
    const daemon = await startDaemon(t, { config: program('cat', 'cat') });
    await daemon.reaches('cat', 'RUNNING');
    const all = await daemon.rpc('superd.history', { limit: 1 });
    const first = isList(all) && isStruct(all[0]) ? all[0]['serial'] : undefined;
    const waiting = daemon.rpc('superd.historyAfter', first ?? 0, 60, 'cat');
    await daemon.rpc('supervisor.stopProcess', 'cat');
    const page = await waiting;
    assert.ok(isStruct(page) && isList(page['records']) && page['records'].length > 0, JSON.stringify(page));
    await assert.rejects(() => daemon.rpc('superd.history', { nope: 1 }), /^Error: 3 BAD_ARGUMENTS: no option nope/);
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('a disabled process stays down over a restart, until it is enabled', async (t) => {
    const daemon = await startDaemon(t, { config: program('a', 'sleep 1000') + program('b', 'sleep 1000') });
    await daemon.reaches('a', 'RUNNING');
    assert.equal((await daemon.superctl('stop', '--persist', 'a')).stdout, 'a: disabled\na: stopped\n');
    await daemon.stop();
    await daemon.start();
    await daemon.reaches('b', 'RUNNING');
    assert.equal((await daemon.status('a')).state, 'STOPPED');
    const refused = await daemon.superctl('start', 'a');
    assert.deepEqual([refused.stdout, refused.status], ['a: ERROR (a is disabled: superctl enable a)\n', 7]);
    assert.equal((await daemon.supervisorctl('start', 'a')).stdout, 'a: ERROR (spawn error)\n');
    assert.equal((await daemon.superctl('start', 'all')).stdout, '');
    assert.match((await daemon.superctl('status')).stdout, /^a +STOPPED +Not started\nb +RUNNING/);
    assert.match((await daemon.superctl('status', '-v')).stdout, /^a .*\(disabled\)\nb .*uptime [\d:]+\n/);
    assert.match((await daemon.superctl('why', 'a')).stdout, /: it is disabled\.\n/);
    assert.equal((await daemon.superctl('enable', 'a')).stdout, 'a: enabled\n');
    assert.equal((await daemon.superctl('start', 'a')).stdout, 'a: started\n');
    assert.equal((await daemon.superctl('disable', 'nope')).stdout, 'nope: ERROR (no such process)\n');
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('a disabled process that runs is not started again when it ends', async (t) => {
    const daemon = await startDaemon(t, { config: program('a', 'sleep 1000', 'autorestart=true') });
    const { pid } = await daemon.reaches('a', 'RUNNING');
    await daemon.superctl('disable', 'a');
    process.kill(pid, 'SIGKILL');
    await daemon.reaches('a', 'EXITED');
    assert.match(
      (await daemon.superctl('why', 'a')).stdout,
      /Next: nothing until superctl enable a and superctl start a/,
    );
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('no record is damaged, lost in the middle, or doubled when the brain is killed again and again', async (t) => {
    const daemon = await startDaemon(t, {
      config: program('flap', 'sh -c "sleep 0.02"', 'autorestart=true', 'startsecs=0') + program('cat', 'cat'),
    });
    await daemon.reaches('cat', 'RUNNING');
    for (let kills = 0; kills < 5; kills += 1) {
      const before = onDisk(journalOf(daemon.dir)).records.length;
      await until(
        () => `more is recorded after kill ${kills}\n${daemon.log()}`,
        () => onDisk(journalOf(daemon.dir)).records.length > before + kills,
      );
      const brain = brainOf(daemon);
      process.kill(brain, 'SIGKILL');
      await until('another brain answers', async () => {
        const isUp = await daemon.rpc('supervisor.getState').then(isStruct, () => false);
        return isUp && daemon.processes().some(({ ppid, pid }) => ppid === daemon.pid && pid !== brain);
      });
    }
    await daemon.stop();
    const { records, damaged } = onDisk(journalOf(daemon.dir));
    const torn = records.filter((record) => record.kind === 'problem').length;
    assert.ok(damaged <= torn, `${damaged} damaged lines, ${torn} of them reported`);
    assert.deepEqual(
      records.map(({ serial }) => serial),
      records.map((_, index) => index + 1),
    );
    assert.equal(records.filter((record) => record.kind === 'daemon' && record.what === 'brain-restarted').length, 5);
  });

  test('a listener with replay hears of everything, however small its buffer and whoever dies', async (t) => {
    const daemon = await startDaemon(t, {
      config: `[eventlistener:ear]
command=python3 ear.py
directory=%(here)s
events=REMOTE_COMMUNICATION
buffer_size=1
replay=true
`,
      files: { 'ear.py': LISTENER },
    });
    const { pid } = await daemon.reaches('ear', 'RUNNING');
    const say = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number += 1) {
        await daemon.rpc('supervisor.sendRemoteCommEvent', 'number', String(number));
      }
    };
    await say(0, 20);
    process.kill(pid, 'SIGSTOP');
    await say(20, 60);
    const brain = brainOf(daemon);
    process.kill(brain, 'SIGKILL');
    process.kill(pid, 'SIGCONT');
    await until('another brain answers', () =>
      daemon.rpc('supervisor.getState').then(
        () => brainOf(daemon) !== brain,
        () => false,
      ),
    );
    await say(60, 80);
    await daemon.stop();
    await daemon.start();
    await say(80, 100);
    const seen = join(daemon.dir, 'seen.log');
    const lines = (): readonly string[] => (existsSync(seen) ? readFileSync(seen, 'utf8').trim().split('\n') : []);
    await until(
      () => `all 100 were heard: ${lines().length}\n${daemon.log()}`,
      () => lines().at(-1)?.endsWith(' 99') === true,
    );
    const serials = new Map(lines().map((line) => [line.split(' ')[1], line.split(' ')[0]]));
    assert.deepEqual(
      [...serials.keys()],
      Array.from({ length: 100 }, (_, number) => String(number)),
    );
    assert.equal(new Set(lines()).size, 100, 'a repeated event has another serial');
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('what a later superd wrote is left untouched, and the daemon runs on', async (t) => {
    const dir = privateDirectory(t);
    const daemon = new Daemon(dir, { config: program('cat', 'cat') });
    const json = '{"journal":2,"first":1}';
    const { crc32 } = await import('node:zlib');
    const text = `${crc32(json).toString(16).padStart(8, '0')} ${json}\nwhatever`;
    mkdirSync(journalOf(dir), { recursive: true, mode: 0o700 });
    writeFileSync(join(journalOf(dir), '0000000000000001.journal'), text);
    writeFileSync(join(dir, 'main.state/disabled.json'), '{"version":2,"disabled":["cat:cat"]}');
    await daemon.start();
    await daemon.reaches('cat', 'RUNNING');
    assert.match(daemon.log(), /CRIT cannot use the journal in .*: a later superd wrote it \(version 2\)/);
    const { stdout, status } = await daemon.superctl('history');
    assert.match(stdout, /a later superd wrote it \(version 2\); it is left untouched/);
    assert.equal(status, 1);
    assert.match(
      (await daemon.superctl('disable', 'cat')).stdout,
      /^cat: ERROR \(cannot use .*disabled\.json: a later/,
    );
    await daemon.stop();
    assert.equal(readFileSync(join(journalOf(dir), '0000000000000001.journal'), 'utf8'), text);
    daemon.assertQuiet();
  });

  test('D3 16: a full disk costs records, which are counted, and nothing else', async (t) => {
    const dir = privateDirectory(t);
    const disk = tinyDisk(t, '512k');
    if (disk === undefined) return t.skip('cannot mount a tmpfs here (needs root)');
    const daemon = new Daemon(dir, { config: program('cat', 'cat') });
    mkdirSync(join(dir, 'main.state'), { mode: 0o700 });
    symlinkSync(disk, journalOf(dir));
    const ballast = join(disk, 'ballast');
    await daemon.start();
    await daemon.reaches('cat', 'RUNNING');
    writeFileSync(ballast, new Uint8Array(statfsSync(disk).bavail * 4096));
    const filler = 'x'.repeat(2000);
    for (let count = 0; count < 40; count += 1) await daemon.rpc('supervisor.sendRemoteCommEvent', 'fill', filler);
    await daemon.rpc('supervisor.stopProcess', 'cat');
    await daemon.rpc('supervisor.startProcess', 'cat');
    const complaints = daemon.log().split('cannot write to the journal: ENOSPC').length - 1;
    assert.ok(complaints >= 1 && complaints < 10, daemon.log());
    rmSync(ballast);
    await daemon.rpc('supervisor.stopProcess', 'cat');
    const { records, damaged } = onDisk(disk);
    assert.equal(damaged, 0);
    const lost = records
      .flatMap((record) => (record.kind === 'problem' ? [record.text] : []))
      .reduce((sum, text) => sum + Number(/^(\d+) records could not be written/.exec(text)?.[1]), 0);
    const serials = records.map(({ serial }) => serial);
    const gaps = serials.reduce((sum, serial, index) => sum + serial - (serials[index - 1] ?? 0) - 1, 0);
    assert.equal(lost, gaps);
    assert.ok(gaps > 0);
    assert.deepEqual(
      records.slice(-1).map((record) => ('to' in record ? record.to : record.kind)),
      ['STOPPED'],
    );
    await daemon.stop();
    daemon.assertQuiet();
  });
});
