/** Cases of the field survey (D3) that concern whoever controls superd, and what happens to superd meanwhile. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CHECKOUT, CONTROL, type Daemon, environmentOf, startDaemon } from '../../support/daemon.ts';
import { brainOf, descriptorsOf, program, script } from '../../support/faults.ts';
import { needs } from '../../support/peers.ts';
import { isAlive } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const SLEEP = program('sleep', 'sleep 1000');

/** Ends a second after it was asked to. */
const SLOW = script('slow', "trap 'sleep 1; exit 0' TERM\nwhile :; do sleep 0.05; done\n", 'stopasgroup=false');

/** A client that a test may kill. */
function client(daemon: Daemon, ...args: readonly string[]): ChildProcess {
  const options = { cwd: daemon.dir, env: environmentOf(daemon.dir), stdio: 'pipe' } as const;
  return spawn(join(CHECKOUT, 'bin/superctl'), ['-c', daemon.config, ...args], options);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await until('the client has ended', () => child.signalCode !== null || child.exitCode !== null);
}

function open(daemon: Daemon, text = ''): Socket {
  const socket = connect(daemon.socket);
  socket.on('error', () => {});
  socket.write(text);
  socket.resume();
  return socket;
}

describe('superd itself', { concurrency: 3 }, () => {
  test('D3 #24 stopped for a while, both halves of it, finds everything as it was, and what ended meanwhile', async (t) => {
    const names = ['a', 'b', 'c', 'd'];
    const daemon = await startDaemon(t, { config: names.map((name) => program(name, 'sleep 1000')).join('') });
    const pids = await Promise.all(names.map(async (name) => (await daemon.reaches(name, 'RUNNING')).pid));
    const brain = await brainOf(daemon);
    for (const stopped of [[brain], [daemon.pid], [brain, daemon.pid]]) {
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      await pause(1500);
      for (const pid of stopped.reverse()) process.kill(pid, 'SIGCONT');
      for (const [at, name] of names.entries()) assert.equal((await daemon.status(name)).pid, pids[at]);
    }
    for (const pid of [brain, daemon.pid]) process.kill(pid, 'SIGSTOP');
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await pause(1000);
    for (const pid of [daemon.pid, brain]) process.kill(pid, 'SIGCONT');
    await daemon.reaches('a', 'RUNNING', pids[0] ?? 0);
    assert.equal(daemon.log().split('INFO spawned:').length - 1, names.length + 1);
    assert.equal(await brainOf(daemon), brain);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #25 a SIGHUP during the shutdown changes nothing', async (t) => {
    const daemon = await startDaemon(t, { config: SLOW.section, files: SLOW.file });
    await daemon.reaches('slow', 'RUNNING');
    process.kill(daemon.pid, 'SIGTERM');
    await until('the shutdown', () => daemon.log().includes('received SIGTERM'));
    process.kill(daemon.pid, 'SIGHUP');
    assert.equal(await daemon.ended(), 0);
    assert.match(daemon.log(), /WARN ignored SIGHUP indicating restart request \(shutdown in progress\)/);
    daemon.assertQuiet();
  });

  test('D3 #25 two restarts at once leave exactly one copy', async (t) => {
    const daemon = await startDaemon(t, { config: program('one', 'sleep 4711', 'startsecs=0') });
    const copies = (): number => daemon.processes().filter(({ command }) => command === 'sleep 4711').length;
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([
        daemon.superctl('restart', 'one'),
        daemon.superctl('restart', 'one'),
        daemon.superctl('start', 'one'),
      ]);
      await daemon.reaches('one', 'RUNNING');
      assert.equal(copies(), 1);
    }
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #28 an update that removes what is in BACKOFF or STOPPING ends, and removes it', async (t) => {
    const fails = program('fails', 'false', 'startretries=1000');
    const daemon = await startDaemon(t, { config: SLEEP + fails + SLOW.section, files: SLOW.file });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    await daemon.reaches('slow', 'RUNNING');
    await daemon.reaches('fails', 'BACKOFF');
    await daemon.rpc('supervisor.stopProcess', 'slow', false);
    writeFileSync(daemon.config, CONTROL + SLEEP);
    const updated = await daemon.superctl('update');
    assert.equal(updated.status, 0, updated.stdout + updated.stderr);
    assert.match(updated.stdout, /fails: removed process group/);
    assert.match(updated.stdout, /slow: removed process group/);
    assert.equal((await daemon.superctl('status')).stdout.trim().split('\n').length, 1);
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

describe('the control socket', { concurrency: 2 }, () => {
  test('D3 #35 that a cleaner of /tmp removes is there again, with its rights', needs('supervisorctl'), async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    rmSync(daemon.socket);
    await until('the socket', () => existsSync(daemon.socket), 5000);
    assert.equal(statSync(daemon.socket).mode & 0o777, 0o700);
    const status = await daemon.supervisorctl('status');
    assert.match(status.stdout, new RegExp(`^sleep +RUNNING +pid ${pid},`));
    assert.match(daemon.log(), /WARN the socket \S+control\.sock was removed; making it again/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #35 of a dead daemon is taken over, and of a live one left alone', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const superd = join(CHECKOUT, 'bin/superd');
    const second = await daemon.run(superd, '-n', '-c', daemon.config);
    assert.equal(second.status, 2);
    assert.match(second.stderr, /^Error: Another (program|supervisord) is already/);
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.equal(daemon.read('main.pid'), `${daemon.pid}\n`);
    const brain = await brainOf(daemon);
    for (const one of [daemon.pid, brain, pid]) process.kill(one, 'SIGKILL');
    await daemon.ended();
    await until('the end of all', () => [brain, pid].every((one) => !isAlive(one)));
    assert.ok(existsSync(daemon.socket));
    await daemon.start();
    await daemon.reaches('sleep', 'RUNNING');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #36 takes what is malformed, much too large, or never ends, and a thousand clients that say nothing', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const brain = await brainOf(daemon);
    const before = descriptorsOf(brain);
    const sockets = Array.from({ length: 990 }, () => open(daemon));
    const hostile = [
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /${'a'.repeat(200_000)} HTTP/1.1\r\n\r\n`,
      'POST /RPC2 HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
      'POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: 20\r\n\r\n<!DOCTYPE a [<!ENT',
      'POST /RPC2 HTTP/1.1\r\nContent-Le',
    ];
    sockets.push(...hostile.map((text) => open(daemon, text)));
    await until('they are connected', () => descriptorsOf(brain) > before + 900);
    assert.match((await daemon.superctl('status')).stdout, new RegExp(`sleep +RUNNING +pid ${pid},`));
    for (const socket of sockets) socket.destroy();
    await until('they are forgotten', () => descriptorsOf(brain) <= before + 2);
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.doesNotMatch(daemon.log(), /bug/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #37 a client that is killed while it follows a log, or stops everything, leaves nothing open or undone', async (t) => {
    const chatty = program(
      'chatty',
      'sh -c "while :; do echo x; sleep 0.1; done"',
      'stdout_logfile=%(here)s/chatty.log',
    );
    const daemon = await startDaemon(t, { config: chatty + SLEEP + SLOW.section, files: SLOW.file });
    for (const name of ['chatty', 'sleep', 'slow']) await daemon.reaches(name, 'RUNNING');
    const brain = await brainOf(daemon);
    const before = descriptorsOf(brain);
    for (const args of [
      ['tail', '-f', 'chatty'],
      ['maintail', '-f'],
    ]) {
      const follower = client(daemon, ...args);
      let heard = '';
      follower.stdout?.on('data', (data: Buffer) => {
        heard += data.toString();
      });
      await until('it follows', () => heard.length > 0);
      await kill(follower);
    }
    const stopper = client(daemon, 'stop', 'all');
    await until('the stop is under way', async () => (await daemon.status('slow')).state === 'STOPPING');
    await kill(stopper);
    for (const name of ['chatty', 'sleep', 'slow']) await daemon.reaches(name, 'STOPPED');
    await until('nothing stays open', () => descriptorsOf(brain) <= before);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
