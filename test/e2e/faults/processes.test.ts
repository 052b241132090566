/**
 * Cases of the field survey (D3) that concern processes. Not here, and why:
 *
 * | Case   | Where                                                                                      |
 * | ------ | ------------------------------------------------------------------------------------------ |
 * | 1      | survival.test.ts: what is killed is there again, and nothing doubles                        |
 * | 30     | there are no dependencies between programs                                                  |
 * | 31     | there are no health probes                                                                  |
 * | 32-34  | the tests of crashmail                                                                      |
 * | 38     | here that superd is spared; the cause of a child's death is told by crashmail               |
 * | 39     | there is no lease store                                                                     |
 * | 40     | the tests of the upgrade; that a newer state is left alone: `WorldFile.open()`              |
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from '../../../src/journal/crc.ts';
import { Daemon, privateDirectory, startDaemon } from '../../support/daemon.ts';
import {
  AS_NOBODY,
  brainOf,
  cpuSeconds,
  findFile,
  NOBODY,
  needsRoot,
  program,
  script,
  smallDisk,
} from '../../support/faults.ts';
import { isAlive } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const SLEEP = program('sleep', 'sleep 1000');
const FOREVER = 'while :; do sleep 0.1; done';

/** Keeper, brain, and whoever else is named, all at once. */
async function killHard(daemon: Daemon, ...others: readonly number[]): Promise<void> {
  const brain = await brainOf(daemon);
  for (const pid of [daemon.pid, brain, ...others]) process.kill(pid, 'SIGKILL');
  await daemon.ended();
  await until('their end', () => [brain, ...others].every((pid) => !isAlive(pid)));
}

const summed = (json: string): string => `${crc32(Buffer.from(json)).toString(16).padStart(8, '0')} ${json}`;

describe('what was written down', { concurrency: 3 }, () => {
  test('D3 #2 a state file that ends in the middle of a record is cut off there, and nothing is started twice', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP + program('other', 'sleep 1001') });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const other = await daemon.reaches('other', 'RUNNING');
    await killHard(daemon);
    const world = findFile(daemon, 'world');
    truncateSync(world, readFileSync(world).length - 20);
    await daemon.start();
    assert.equal((await daemon.reaches('sleep', 'RUNNING')).pid, pid);
    assert.equal((await daemon.reaches('other', 'RUNNING')).pid, other.pid);
    assert.match(daemon.output() + daemon.log(), /world: the last record was not written whole, and is cut off/);
    assert.equal(daemon.processes().filter(({ command }) => command.startsWith('sleep 100')).length, 2);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #2 of a state file that is nothing but noise superd keeps clear, and starts', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    await killHard(daemon, pid);
    writeFileSync(findFile(daemon, 'world'), Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256)));
    await daemon.start();
    await daemon.reaches('sleep', 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #3 a recorded pid that is now another process is not signalled, and the program is started', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    await killHard(daemon, pid);
    const stranger = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
    t.after(() => stranger.kill('SIGKILL'));
    const strangers = stranger.pid ?? assert.fail('no stranger');
    const world = findFile(daemon, 'world');
    const lines = readFileSync(world, 'utf8').trimEnd().split('\n');
    const changed = lines.map((line) => summed(line.slice(9).replaceAll(`"pid":${pid},`, `"pid":${strangers},`)));
    assert.notDeepEqual(changed, lines);
    writeFileSync(world, `${changed.join('\n')}\n`);
    await daemon.start();
    const again = await daemon.reaches('sleep', 'RUNNING');
    assert.notEqual(again.pid, strangers);
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'sleep'), true);
    assert.equal(await daemon.stop(), 0);
    assert.ok(isAlive(strangers));
    daemon.assertQuiet();
  });
});

const TOLD = /WARN away ended, but lives on in part: process (\d+) \(sleep 1000\); a program that puts itself/;
const LEFT = /INFO stopped plain lives on in part, as it has no killasgroup: process(?:es)? (\d+) \(/;

function numberIn(daemon: Daemon, pattern: RegExp): number | undefined {
  const found = pattern.exec(daemon.log())?.[1];
  return found === undefined ? undefined : Number(found);
}

describe('descendants', { concurrency: 4 }, () => {
  test('D3 #4 a program that puts itself into the background is told of, with the pids to look for', async (t) => {
    const { section, file } = script('away', 'setsid sleep 1000 >/dev/null 2>&1 &\nexit 0\n', 'startretries=0');
    const daemon = await startDaemon(t, { config: section, files: file });
    await daemon.reaches('away', 'FATAL');
    const pid = await until('the message', () => numberIn(daemon, TOLD));
    assert.ok(isAlive(pid));
    process.kill(pid, 'SIGKILL');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  const STUBBORN = `trap 'exit 0' TERM\nsh -c "trap '' TERM; ${FOREVER}" &\necho up > up\nwait\n`;

  test('D3 #5 of a group whose leader exits at once the rest is killed in time, before the stop succeeds', async (t) => {
    const { section, file } = script('tree', STUBBORN, 'stopasgroup=true', 'stopwaitsecs=1', 'directory=%(here)s');
    const daemon = await startDaemon(t, { config: section, files: file });
    const { pid } = await daemon.reaches('tree', 'RUNNING');
    await until('the tree', () => daemon.tree(pid).length >= 2);
    const began = performance.now();
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'tree'), true);
    assert.ok(performance.now() - began >= 900, 'the rest had its time');
    assert.deepEqual(
      daemon.processes().filter(({ command }) => !/superd/.test(command)),
      [],
    );
    assert.match(daemon.log(), new RegExp(`WARN killing 'tree' \\(${pid}\\) with SIGKILL`));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #5 without killasgroup only the leader is waited for, as in supervisord, and the log names the rest', async (t) => {
    const { section, file } = script('plain', STUBBORN, 'directory=%(here)s');
    const daemon = await startDaemon(t, { config: section, files: file });
    const { pid } = await daemon.reaches('plain', 'RUNNING');
    await until('the tree', () => daemon.tree(pid).length >= 2);
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'plain'), true);
    assert.ok(isAlive(await until('the message', () => numberIn(daemon, LEFT))));
    assert.equal(await daemon.stop(), 0);
  });

  test('D3 #6 a grandchild in a session of its own, or without its environment, is killed with the group', async (t) => {
    const text = `setsid sh -c "trap '' TERM; echo up > up; ${FOREVER}" &\nenv -i sh -c "trap '' TERM; ${FOREVER}" &\nwait\n`;
    const { section, file } = script('hidden', text, 'killasgroup=true', 'stopwaitsecs=1', 'directory=%(here)s');
    const daemon = await startDaemon(t, { config: section, files: file });
    const { pid } = await daemon.reaches('hidden', 'RUNNING');
    await until('the tree', () => daemon.tree(pid).length >= 3);
    const tree = daemon.tree(pid);
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'hidden'), true);
    assert.deepEqual(
      tree.filter((one) => !one.command.startsWith('sleep') && isAlive(one.pid)),
      [],
    );
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #6 at the shutdown too nothing is left, though the brain dies in between', async (t) => {
    const text = `trap 'exit 0' TERM\nsetsid sh -c "trap '' TERM; echo up > up; ${FOREVER}" &\nwait\n`;
    const { section, file } = script('hidden', text, 'killasgroup=true', 'stopwaitsecs=2', 'directory=%(here)s');
    const daemon = await startDaemon(t, { config: section, files: file });
    const { pid } = await daemon.reaches('hidden', 'RUNNING');
    await until('the tree', () => daemon.tree(pid).length >= 2);
    const brain = await brainOf(daemon);
    process.kill(daemon.pid, 'SIGTERM');
    await until('the leader has gone', () => !isAlive(pid));
    process.kill(brain, 'SIGKILL');
    assert.equal(await daemon.ended(), 0);
    daemon.assertQuiet();
  });

  test('D3 #7 a program that ignores the stop signal is killed after stopwaitsecs, and the journal says so', async (t) => {
    const deaf = script('deaf', `trap '' TERM\n${FOREVER}\n`, 'stopwaitsecs=1', 'killasgroup=true');
    const daemon = await startDaemon(t, { config: deaf.section, files: deaf.file });
    const { pid } = await daemon.reaches('deaf', 'RUNNING');
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'deaf'), true);
    assert.ok(!isAlive(pid));
    const { stdout } = await daemon.superctl('history', 'deaf');
    assert.match(stdout, /SIGTERM[^]*SIGKILL/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #22 the end of a program is told at once though a grandchild keeps its output open', async (t) => {
    const { section, file } = script(
      'short',
      'sleep 1000 &\necho said\nexit 3\n',
      'startsecs=0',
      'autorestart=false',
      'stdout_logfile=%(here)s/short.log',
    );
    const daemon = await startDaemon(t, { config: section, files: file });
    await daemon.reaches('short', 'EXITED');
    assert.equal(daemon.read('short.log'), 'said\n');
    assert.match(daemon.log(), /WARN exited: short \(exit status 3; not expected\)/);
    assert.equal(await daemon.stop(), 0);
  });
});

describe('what cannot be started', { concurrency: 3 }, () => {
  test('D3 #11 a command that is missing, not executable, a directory or of no known format', async (t) => {
    const never = ['startretries=0', 'redirect_stderr=true'];
    const daemon = await startDaemon(t, {
      config:
        program('missing', '%(here)s/none', ...never) +
        program('plain', '%(here)s/plain', ...never) +
        program('folder', '%(here)s/folder', ...never) +
        program('alien', '%(here)s/alien', ...never) +
        SLEEP,
      files: { plain: 'no program', 'folder/x': '', alien: '\x7fELF\x02\x01\x01\0 of another world' },
    });
    chmodSync(join(daemon.dir, 'alien'), 0o755);
    for (const name of ['missing', 'plain', 'folder', 'alien']) await daemon.reaches(name, 'FATAL');
    const { dir } = daemon;
    const { description } = await daemon.status('missing');
    assert.equal(description, `can't find command '${dir}/none'`);
    assert.equal((await daemon.status('plain')).description, `command at '${dir}/plain' is not executable`);
    assert.match((await daemon.status('folder')).description, /is (a directory|not executable)/);
    assert.match((await daemon.status('alien')).description, /Exited too quickly|not executable/);
    await daemon.reaches('sleep', 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #12 an unknown user is refused with file and line, before anything runs', async (t) => {
    const daemon = new Daemon(privateDirectory(t), { config: `${SLEEP}user=no-such-user\n` });
    const answer = await daemon.run(join(import.meta.dirname, '../../../bin/superd'), '-n', '-c', daemon.config);
    assert.equal(answer.status, 2);
    assert.match(answer.stderr, /superd\.conf:\d+: \[program:sleep\] user: .*no-such-user/);
    daemon.assertQuiet();
  });

  test('D3 #12 a user that cannot be had: the program does not run at all', { skip: needsRoot }, async (t) => {
    const dir = privateDirectory(t);
    const config = program('p', 'sh -c "id -u > ran"', 'user=root', 'startretries=0', 'stderr_logfile=%(here)s/p.err');
    const daemon = new Daemon(dir, { config, prefix: AS_NOBODY });
    for (const path of [dir, join(dir, 'tmp')]) chownSync(path, NOBODY, NOBODY);
    await daemon.start();
    await daemon.reaches('p', 'FATAL');
    assert.match(daemon.read('p.err'), /couldn't setuid to 0: Can't drop privilege as nonroot user/);
    assert.throws(() => daemon.read('ran'));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #13 a directory or a log that cannot be used is the trouble of one program only', async (t) => {
    const dir = privateDirectory(t);
    mkdirSync(join(dir, 'gone'));
    const disk = smallDisk(t, 64);
    const place = 'path' in disk ? disk.path : dir;
    const daemon = new Daemon(dir, {
      config:
        program(
          'nodir',
          'sleep 1',
          'directory=/does/not/exist',
          'startretries=0',
          'stderr_logfile=%(here)s/nodir.err',
        ) +
        program('nolog', 'sleep 1', 'stdout_logfile=%(here)s/gone/x.log', 'startretries=0', 'autostart=false') +
        program('readonly', 'sleep 1', `stdout_logfile=${place}/x.log`, 'startretries=0', 'autostart=false') +
        SLEEP,
    });
    await daemon.start();
    rmSync(join(dir, 'gone'), { recursive: true });
    await daemon.reaches('nodir', 'FATAL');
    assert.match(daemon.read('nodir.err'), /couldn't chdir to \/does\/not\/exist: ENOENT/);
    await assert.rejects(daemon.rpc('supervisor.startProcess', 'nolog'), /50 SPAWN_ERROR: nolog/);
    assert.match(daemon.log(), /spawnerr: unknown error making dispatchers for 'nolog': ENOENT/);
    if ('path' in disk) {
      await daemon.run('/bin/mount', '-o', 'remount,ro', disk.path);
      await assert.rejects(daemon.rpc('supervisor.startProcess', 'readonly'), /50 SPAWN_ERROR: readonly/);
      assert.match(daemon.log(), /spawnerr: unknown error making dispatchers for 'readonly': EROFS/);
    } else t.diagnostic(disk.skip);
    await daemon.reaches('sleep', 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #14 no more processes: a spawn error that passes, and everything else goes on', {
    skip: needsRoot,
  }, async (t) => {
    const dir = privateDirectory(t);
    const late = program('late', 'sleep 1001', 'autostart=false', 'startretries=0');
    const daemon = new Daemon(dir, { config: SLEEP + late, prefix: AS_NOBODY });
    for (const path of [dir, join(dir, 'tmp')]) chownSync(path, NOBODY, NOBODY);
    await daemon.start();
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const [setpriv = '', ...asNobody] = AS_NOBODY;
    const limit = async (number: string): Promise<void> => {
      const changed = await daemon.run(
        setpriv,
        ...asNobody,
        '/usr/bin/prlimit',
        '-p',
        `${daemon.pid}`,
        `--nproc=${number}`,
      );
      assert.deepEqual(changed, { stdout: '', stderr: '', status: 0 });
    };
    await limit('1:10000');
    await assert.rejects(daemon.rpc('supervisor.startProcess', 'late'), /50 SPAWN_ERROR: late/);
    assert.match(daemon.log(), /spawnerr: Too many processes in process table to spawn 'late'/);
    assert.equal((await daemon.status('sleep')).pid, pid);
    await limit('10000:10000');
    assert.equal(await daemon.rpc('supervisor.startProcess', 'late'), true);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #15 no more open files: some programs cannot be started, and clients are answered all the same', async (t) => {
    const many = Array.from({ length: 40 }, (_, at) =>
      program(`p${at}`, 'sleep 1000', 'startretries=0', 'stdout_logfile=NONE', 'stderr_logfile=NONE'),
    );
    const daemon = new Daemon(privateDirectory(t), {
      config: `[supervisord]\nminfds=96\n${many.join('')}`,
      prefix: ['/usr/bin/prlimit', '--nofile=96:96', '--'],
    });
    await daemon.start();
    const states = async (): Promise<readonly string[]> =>
      (await daemon.superctl('status')).stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/\s+/)[1] ?? '');
    await until('everything is settled', async () => (await states()).every((state) => /RUNNING|FATAL/.test(state)));
    const found = await states();
    assert.equal(found.length, 40);
    assert.ok(found.includes('RUNNING') && found.includes('FATAL'), found.join(' '));
    assert.match(daemon.log(), /spawnerr: too many open files to spawn 'p\d+'/);
    // What runs can be stopped, and leaves room for another.
    const running = found.indexOf('RUNNING');
    const names = (await daemon.superctl('status')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/)[0] ?? '');
    assert.equal(await daemon.rpc('supervisor.stopProcess', names[running] ?? ''), true);
    assert.equal(await daemon.rpc('supervisor.startProcess', names[running] ?? ''), true);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

/** Not even root may in some containers. */
function mayProtect(): string | false {
  const tried = spawnSync('/bin/sh', ['-c', 'echo -900 > /proc/self/oom_score_adj'], { stdio: 'ignore' });
  return tried.status === 0 ? false : 'may not lower oom_score_adj';
}

describe('what costs', () => {
  test('D3 #9 #21 a program that ends at once for ever, and one that closed its output, cost next to nothing', async (t) => {
    const closed = script('closed', 'exec >&- 2>&-\nexec sleep 1000\n');
    const daemon = await startDaemon(t, {
      config: closed.section + program('storm', 'true', 'startsecs=0', 'autorestart=true'),
      files: closed.file,
    });
    await daemon.reaches('closed', 'RUNNING');
    const brain = await brainOf(daemon);
    const starts = (): number => daemon.log().split("spawned: 'storm'").length - 1;
    await until('the storm', () => starts() > 3);
    const used = (): number => cpuSeconds(brain) + cpuSeconds(daemon.pid);
    const before = { used: used(), starts: starts(), at: performance.now() };
    await pause(4000);
    const seconds = (performance.now() - before.at) / 1000;
    assert.ok(starts() - before.starts <= seconds + 3, `${starts() - before.starts} starts in ${seconds} s`);
    assert.ok(used() - before.used < 0.2 * seconds, `${used() - before.used} s of ${seconds} s`);
    assert.equal((await daemon.status('closed')).state, 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #38 when memory runs out superd is spared, and its programs are not', { skip: mayProtect() }, async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const scores = (): readonly number[] =>
      [daemon.pid, pid].map((one) => Number(readFileSync(`/proc/${one}/oom_score_adj`, 'utf8')));
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    assert.deepEqual(scores(), [-900, own]);
    process.kill(await brainOf(daemon), 'SIGKILL');
    const brain = await until('the next brain', () =>
      daemon.rpc('supervisor.getState').then(
        () => brainOf(daemon),
        () => false,
      ),
    );
    assert.equal(Number(readFileSync(`/proc/${brain}/oom_score_adj`, 'utf8')), -900);
    process.kill(pid, 'SIGKILL');
    const again = await daemon.reaches('sleep', 'RUNNING', pid);
    assert.equal(Number(readFileSync(`/proc/${again.pid}/oom_score_adj`, 'utf8')), own);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
