/** The small programs beside superd: pidproxy and echo_superd_conf. spec lifecycle 3.4 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Writes its pid, then every signal that it gets. */
const TARGET = `
import os, signal, sys, time
for name in ('HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM'):
    signal.signal(getattr(signal, 'SIG' + name), lambda number, frame, name=name: print(name, flush=True))
with open(sys.argv[1] + '.new', 'w') as file: file.write('%d\\n' % os.getpid())
os.rename(sys.argv[1] + '.new', sys.argv[1])
while True: time.sleep(1)
`;

interface Started {
  readonly said: Promise<string>;
  readonly ended: Promise<unknown>;
  readonly status: () => number | null;
  send(signal: NodeJS.Signals): void;
}

function start(dir: string, program: string, ...args: readonly string[]): Started {
  const child = spawn(program, args, { env: environmentOf(dir), stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    said: text(child.stdout),
    ended: once(child, 'exit'),
    status: () => child.exitCode,
    send: (signal) => void child.kill(signal),
  };
}

const pidproxy = `${CHECKOUT}/bin/pidproxy`;

async function target(
  t: TestContext,
): Promise<{ readonly dir: string; readonly pidfile: string; readonly log: string }> {
  const dir = privateDirectory(t);
  const pidfile = join(dir, 'target.pid');
  const log = join(dir, 'target.log');
  writeFileSync(join(dir, 'target.py'), TARGET);
  start(dir, '/bin/sh', '-c', `exec python3 ${dir}/target.py ${pidfile} > ${log}`);
  await until('the target is up', () => {
    try {
      return readFileSync(pidfile, 'utf8') !== '';
    } catch {
      return false;
    }
  });
  return { dir, pidfile, log };
}

/** The proxy is there when its command says so; signals before that would meet a process without handlers. */
async function proxy(dir: string, pidfile: string): Promise<Started> {
  rmSync(join(dir, 'up'), { force: true });
  const started = start(dir, pidproxy, pidfile, '/bin/sh', '-c', `: > ${dir}/up; exec sleep 1000 > /dev/null`);
  await until('the command runs', () => {
    try {
      return readFileSync(join(dir, 'up')).length === 0;
    } catch {
      return false;
    }
  });
  return started;
}

describe('pidproxy', () => {
  test('passes every signal on, and ends after TERM, INT and QUIT', async (t) => {
    const { dir, pidfile, log } = await target(t);
    let expected = '';
    for (const last of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      const running = await proxy(dir, pidfile);
      for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', last] as const) {
        running.send(signal);
        expected += `${signal.slice(3)}\n`;
        await until(`the target got ${signal}`, () => readFileSync(log, 'utf8') === expected);
      }
      await running.ended;
      assert.equal(running.status(), 0);
    }
  });

  test('says that it cannot read the pidfile, and sends nothing', async (t) => {
    const dir = privateDirectory(t);
    for (const content of [undefined, '', '0\n', '-1\n', 'x\n']) {
      const pidfile = join(dir, 'p.pid');
      if (content !== undefined) writeFileSync(pidfile, content);
      const running = await proxy(dir, pidfile);
      running.send('SIGTERM');
      await running.ended;
      assert.equal(running.status(), 0);
      assert.equal(await running.said, `Can't read child pidfile ${pidfile}!\n`);
    }
  });

  test('ends with 0 when the command ends, whatever its status', async (t) => {
    const dir = privateDirectory(t);
    const running = start(dir, pidproxy, join(dir, 'none.pid'), '/bin/sh', '-c', 'echo hello; exit 3');
    assert.equal(await running.said, 'hello\n');
    await running.ended;
    assert.equal(running.status(), 0);
  });

  test('without a command explains itself and ends with 1', async (t) => {
    const dir = privateDirectory(t);
    const running = start(dir, pidproxy, 'some.pid');
    assert.match(await running.said, /usage: pidproxy PIDFILE COMMAND/);
    await running.ended;
    assert.equal(running.status(), 1);
  });
});

describe('echo_superd_conf', () => {
  test('prints a configuration that superd accepts', async (t) => {
    const dir = privateDirectory(t);
    const sample = await start(dir, `${CHECKOUT}/bin/echo_superd_conf`).said;
    const file = join(dir, 'superd.conf');
    writeFileSync(file, sample);
    const check = start(dir, `${CHECKOUT}/bin/superd`, '--check', '-c', file);
    assert.equal(await check.said, '');
    await check.ended;
    assert.equal(check.status(), 0);
  });
});
