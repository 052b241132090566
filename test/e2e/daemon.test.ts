import assert from 'node:assert/strict';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CONTROL, Daemon, privateDirectory, startDaemon } from '../support/daemon.ts';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';

const program = (name: string, command: string, ...lines: readonly string[]): string =>
  [`[program:${name}]`, `command=${command}`, ...lines, ''].join('\n');
const SLEEP = program('sleep', 'sleep 1000');

describe('the daemon', () => {
  test('a killed program is running again within 100 ms', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    process.kill(pid, 'SIGKILL');
    await daemon.reaches('sleep', 'RUNNING', pid);
    const times = daemon
      .log()
      .split('\n')
      .flatMap((line) => (/(exited|spawned): /.test(line) ? [Date.parse(line.slice(0, 23).replace(',', '.'))] : []));
    const [, exited = Number.NaN, spawned = Number.NaN] = times;
    assert.ok(spawned - exited <= 100, `${spawned - exited} ms`);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('SIGTERM, SIGINT and SIGQUIT stop everything in order and leave nothing', async (t) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      const daemon = await startDaemon(t, {
        config: program('late', 'sleep 1000', 'priority=1') + program('early', 'sleep 1000', 'priority=2'),
      });
      await daemon.reaches('late', 'RUNNING');
      assert.equal(await daemon.stop(signal), 0);
      const ends = daemon
        .log()
        .split('\n')
        .filter((line) => line.includes('WARN'));
      assert.deepEqual(
        ends.map((line) => line.slice(24)),
        [
          `WARN received ${signal} indicating exit request`,
          'WARN stopped: early (terminated by SIGTERM)',
          'WARN stopped: late (terminated by SIGTERM)',
        ],
      );
      daemon.assertQuiet();
    }
  });

  test('a program that ignores the stop signal is killed after stopwaitsecs', async (t) => {
    const daemon = await startDaemon(t, {
      config: program(
        'deaf',
        `sh -c "trap '' TERM; echo deaf; while :; do sleep 0.1; done"`,
        'stopwaitsecs=1',
        'killasgroup=true',
      ),
    });
    const { pid } = await daemon.reaches('deaf', 'RUNNING');
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'deaf'), true);
    assert.ok(!isAlive(pid));
    assert.match(daemon.log(), new RegExp(`WARN killing 'deaf' \\(${pid}\\) with SIGKILL`));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('SIGHUP with a broken file changes nothing, with a good one everything', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    writeFileSync(daemon.config, `${CONTROL}${SLEEP}startsecs=ten\n`);
    process.kill(daemon.pid, 'SIGHUP');
    await until('the refusal', () => daemon.log().includes('CRIT cannot restart'));
    assert.equal((await daemon.status('sleep')).pid, pid);
    writeFileSync(daemon.config, CONTROL + program('other', 'sleep 1000'));
    process.kill(daemon.pid, 'SIGHUP');
    await until('the new program', () =>
      daemon.rpc('supervisor.getProcessInfo', 'other').then(
        () => true,
        () => false,
      ),
    );
    await daemon.reaches('other', 'RUNNING');
    assert.ok(!isAlive(pid));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('SIGUSR2 opens the main log and the logs of programs anew', async (t) => {
    const daemon = await startDaemon(t, {
      config: program(
        'tick',
        'sh -c "while :; do echo tick; sleep 0.05; done"',
        'stopasgroup=true',
        'stdout_logfile=%(here)s/tick.log',
      ),
    });
    await until('output', () => existsSync(join(daemon.dir, 'tick.log')) && daemon.read('tick.log') !== '');
    for (const name of ['tick.log', 'main.log']) renameSync(join(daemon.dir, name), join(daemon.dir, `${name}.old`));
    process.kill(daemon.pid, 'SIGUSR2');
    await until(
      'output in the new file',
      () => existsSync(join(daemon.dir, 'tick.log')) && daemon.read('tick.log') !== '',
    );
    assert.match(
      daemon.read('main.log.old'),
      /INFO received SIGUSR2 indicating log reopen request\n.*INFO supervisord logreopen\n$/,
    );
    assert.equal(await daemon.stop(), 0);
    assert.match(daemon.log(), /received SIGTERM/);
    daemon.assertQuiet();
  });

  test('a second daemon with the same socket or pidfile is refused, and harms nothing', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const same = await daemon.run('/bin/sh', '-c', `exec "$0" -n -c "$1"`, superd, daemon.config);
    assert.equal(same.status, 2);
    assert.match(same.stderr, /^Error: Another program is already listening on a port/);
    const moved = join(daemon.dir, 'other.conf');
    writeFileSync(moved, CONTROL.replace('control.sock', 'other.sock') + SLEEP);
    const other = await daemon.run(superd, '-n', '-c', moved);
    assert.equal(other.status, 2);
    assert.match(other.stderr, new RegExp(`^Error: Another supervisord is already running with pid ${daemon.pid}`));
    assert.ok(!existsSync(join(daemon.dir, 'other.sock')));
    assert.deepEqual(await daemon.status('sleep').then((status) => status.pid), pid);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('it goes into the background, and returns when the pidfile is there', async (t) => {
    const dir = privateDirectory(t);
    const daemon = new Daemon(dir, { config: SLEEP });
    const started = await daemon.run(superd, '-c', daemon.config);
    assert.deepEqual([started.status, started.stderr], [0, '']);
    const pid = Number(daemon.read('main.pid'));
    assert.ok(isAlive(pid));
    await daemon.reaches('sleep', 'RUNNING');
    assert.match(daemon.log(), /INFO daemonizing the supervisord process/);
    process.kill(pid, 'SIGTERM');
    await until('the end', () => !isAlive(pid) && !existsSync(join(dir, 'main.pid')));
    daemon.assertQuiet();
  });

  test('a broken configuration is refused before the background, with all its problems', async (t) => {
    const daemon = new Daemon(privateDirectory(t), {
      config: `${SLEEP}startsecs=ten\nautostart=maybe\nstopsignl=TERM\n`,
    });
    const answer = await daemon.run(superd, '-c', daemon.config);
    assert.equal(answer.status, 2);
    const lines = answer.stderr.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^Error: /);
    assert.equal(lines.filter((line) => line.includes('[program:sleep]')).length, 3);
    assert.match(lines.at(-1) ?? '', /^For help, use .*superd -h$/);
    daemon.assertQuiet();
  });

  test('watch=true applies a valid change, and reports an invalid one', async (t) => {
    const daemon = await startDaemon(t, { config: `[supervisord]\nwatch=true\n${SLEEP}` });
    const { pid } = await daemon.reaches('sleep', 'RUNNING');
    const text = daemon.read('superd.conf');
    writeFileSync(daemon.config, text.replace('command=', 'kommand='));
    await until('the report', () => daemon.log().includes('ERRO cannot apply the changed configuration'));
    assert.match(
      daemon.log(),
      /ERRO \S*superd\.conf:\d+: \[program:sleep\] command: program section program:sleep does not/,
    );
    assert.equal((await daemon.status('sleep')).pid, pid);
    writeFileSync(daemon.config, text + program('new', 'sleep 1000'));
    await until('the new program', () => daemon.log().includes('added process group new'));
    await daemon.reaches('new', 'RUNNING');
    assert.equal((await daemon.status('sleep')).pid, pid);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('/dev/stdout as a log is superd’s own standard output', async (t) => {
    const daemon = await startDaemon(t, {
      config: program(
        'hello',
        'sh -c "echo hello from inside; exec sleep 1000"',
        'stdout_logfile=/dev/stdout',
        'redirect_stderr=true',
      ),
    });
    await until('the line', () => daemon.output().includes('hello from inside\n'));
    assert.equal(await daemon.stop(), 0);
    assert.doesNotMatch(daemon.log(), /hello from inside/);
    daemon.assertQuiet();
  });

  test('AUTO logs of an earlier run are deleted at the next start', async (t) => {
    const daemon = await startDaemon(t, { config: SLEEP });
    const info = await daemon.rpc('supervisor.getProcessInfo', 'sleep');
    const path = JSON.stringify(info).match(/"stdout_logfile":"([^"]+)"/)?.[1] ?? '';
    assert.match(path, /\/tmp\/sleep-stdout---supervisor-[a-z0-9_]{8}\.log$/);
    assert.ok(existsSync(path));
    await daemon.stop();
    assert.ok(existsSync(path));
    await daemon.start();
    assert.ok(!existsSync(path));
    await daemon.stop();
    daemon.assertQuiet();
  });

  test('a thousand restarts leave no descriptor behind', async (t) => {
    const daemon = await startDaemon(t, {
      config: program('quick', 'true', 'startsecs=0', 'autostart=false', 'autorestart=false', 'stdout_logfile=NONE'),
    });
    const count = async (): Promise<number> =>
      (await daemon.run('/bin/ls', `/proc/${daemon.pid}/fd`)).stdout.split('\n').length;
    const start = (): Promise<unknown> => daemon.rpc('supervisor.startProcess', 'quick', false).catch(() => undefined);
    for (let run = 0; run < 20; run += 1) await start();
    const before = await count();
    for (let run = 0; run < 1000; run += 1) await start();
    assert.ok((await count()) <= before + 5);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

const superd = join(import.meta.dirname, '../../bin/superd');

test('an event listener hears of a crash, promptly', async (t) => {
  const listener = [
    '#!/bin/sh',
    'echo READY',
    'while read -r header; do',
    '  length=${header##*len:}',
    '  payload=$(head -c "$length")',
    '  echo "$header|$payload" >> heard.txt',
    '  printf "RESULT 2\\nOKREADY\\n"',
    'done',
  ].join('\n');
  const daemon = await startDaemon(t, {
    config: `${SLEEP}[eventlistener:ears]\ncommand=sh %(here)s/ears.sh\nevents=PROCESS_STATE_EXITED\ndirectory=%(here)s\n`,
    files: { 'ears.sh': listener },
  });
  await daemon.reaches('ears', 'RUNNING');
  const { pid } = await daemon.reaches('sleep', 'RUNNING');
  process.kill(pid, 'SIGKILL');
  await until('the event', () => existsSync(join(daemon.dir, 'heard.txt')) && daemon.read('heard.txt') !== '');
  assert.match(
    daemon.read('heard.txt'),
    new RegExp(
      `^ver:3.0 server:supervisor serial:0 pool:ears poolserial:0 eventname:PROCESS_STATE_EXITED len:[0-9]+` +
        `\\|processname:sleep groupname:sleep from_state:RUNNING expected:0 pid:${pid}\n$`,
    ),
  );
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});
