/** fcgi-programs: processes of one program share a listening socket, as their standard input. spec lifecycle 2.5 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { Daemon, privateDirectory, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

/** Answers every connection with its pid, one at a time, as a FastCGI program without the protocol. */
const SERVER = `
import os, socket
listener = socket.socket(fileno=0)
while True:
    connection = listener.accept()[0]
    connection.sendall(b'%d' % os.getpid())
    connection.close()
`;
const FILES = { 'server.py': SERVER };
const PROGRAM = `
command=python3 %(here)s/server.py
process_name=%(program_name)s_%(process_num)d
numprocs=2
autorestart=true
`;

/** @throws when the connection is refused */
function ask(where: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<string> {
  return text(connect(where));
}

const lines = (daemon: Daemon, pattern: RegExp): readonly string[] =>
  daemon
    .log()
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => line.slice(24));

describe('an fcgi-program', () => {
  test('shares one socket among its processes, from the first start to the last end', async (t) => {
    const config = `[fcgi-program:app]${PROGRAM}socket=unix://%(here)s/app.sock\nsocket_mode=0640\n`;
    const daemon = await startDaemon(t, { config, files: FILES });
    const path = join(daemon.dir, 'app.sock');
    const first = await daemon.reaches('app:app_0', 'RUNNING');
    const second = await daemon.reaches('app:app_1', 'RUNNING');
    assert.equal(lstatSync(path).mode & 0o777, 0o640);
    const inode = readlinkSync(`/proc/${first.pid}/fd/0`);
    assert.match(inode, /^socket:/);
    assert.equal(readlinkSync(`/proc/${second.pid}/fd/0`), inode);
    const pids = [String(first.pid), String(second.pid)];
    for (let call = 0; call < 20; call += 1) assert.ok(pids.includes(await ask({ path })));

    await daemon.rpc('supervisor.stopProcess', 'app:app_0');
    assert.equal(await ask({ path }), String(second.pid));
    await daemon.rpc('supervisor.startProcess', 'app:app_0');
    const third = await daemon.reaches('app:app_0', 'RUNNING');
    assert.equal(readlinkSync(`/proc/${third.pid}/fd/0`), inode);

    await daemon.rpc('supervisor.stopProcessGroup', 'app');
    await until('the socket file is gone', () => !existsSync(path));
    const url = `unix://${path}`;
    assert.deepEqual(lines(daemon, / socket /), [
      `INFO Creating socket ${url}`,
      `INFO Closing socket ${url}`,
      `INFO Creating socket ${url}`,
      `INFO Closing socket ${url}`,
    ]);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('refuses nobody while its processes are restarted, and loses no connection', async (t) => {
    const config = `[fcgi-program:app]${PROGRAM}socket=unix://%(here)s/app.sock\n`;
    const daemon = await startDaemon(t, { config, files: FILES });
    const where = { path: join(daemon.dir, 'app.sock') };
    await daemon.reaches('app:app_0', 'RUNNING');
    await daemon.reaches('app:app_1', 'RUNNING');
    const answers: Promise<string>[] = [];
    let isOver = false;
    const calling = (async () => {
      while (!isOver) {
        answers.push(ask(where));
        await Promise.allSettled(answers.slice(-4));
      }
    })();
    for (const name of ['app:app_0', 'app:app_1', 'app:app_0']) {
      await daemon.rpc('supervisor.stopProcess', name);
      await daemon.rpc('supervisor.startProcess', name);
    }
    isOver = true;
    await calling;
    // A connection that a process had accepted when it was stopped ends without an answer; none is refused.
    const settled = await Promise.allSettled(answers);
    assert.deepEqual(
      settled.filter(({ status }) => status === 'rejected'),
      [],
    );
    assert.ok(answers.length > 20);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('keeps its socket when it is listed in a group, and has no standard input to write to', async (t) => {
    const port = await freePort();
    const config = `[fcgi-program:app]${PROGRAM}socket=tcp://localhost:${port}\n[group:web]\nprograms=app\n`;
    const daemon = await startDaemon(t, { config, files: FILES, program: 'superd' });
    const { pid } = await daemon.reaches('web:app_0', 'RUNNING');
    assert.match(readlinkSync(`/proc/${pid}/fd/0`), /^socket:/);
    assert.match(await ask({ host: '127.0.0.1', port }), /^\d+$/);
    await assert.rejects(daemon.rpc('supervisor.sendProcessStdin', 'web:app_0', 'x'), /^Error: 20 NO_FILE: web:app_0$/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('answers while superd itself dies and comes back, and keeps its socket', async (t) => {
    const config = `[fcgi-program:app]${PROGRAM}socket=unix://%(here)s/app.sock\n`;
    const daemon = await startDaemon(t, { config, files: FILES, program: 'superd' });
    const where = { path: join(daemon.dir, 'app.sock') };
    const before = await daemon.reaches('app:app_0', 'RUNNING');
    await daemon.reaches('app:app_1', 'RUNNING');
    const inode = readlinkSync(`/proc/${before.pid}/fd/0`);
    const brain = daemon.processes().find(({ command }) => command.startsWith('superd brain'));
    assert.ok(brain !== undefined);
    process.kill(brain.pid, 'SIGKILL');
    assert.match(await ask(where), /^\d+$/);
    await until('superd answers', () =>
      daemon.status('app:app_0').then(
        ({ pid }) => pid === before.pid,
        () => false,
      ),
    );
    await daemon.rpc('supervisor.stopProcess', 'app:app_0');
    await daemon.rpc('supervisor.startProcess', 'app:app_0');
    const { pid } = await daemon.reaches('app:app_0', 'RUNNING');
    assert.equal(readlinkSync(`/proc/${pid}/fd/0`), inode);
    assert.equal(await daemon.stop(), 0);
    assert.equal(existsSync(where.path), false);
    daemon.assertQuiet();
  });

  test('leaves no socket file when it ends while there is no superd', async (t) => {
    const command = 'command=python3 %(here)s/server.py\nautorestart=false';
    const config = `[fcgi-program:app]\n${command}\nsocket=unix://%(here)s/app.sock\n`;
    const daemon = await startDaemon(t, { config, files: FILES, program: 'superd' });
    const { pid } = await daemon.reaches('app', 'RUNNING');
    for (const { pid: own } of daemon.processes().filter(({ command: name }) => name.startsWith('superd '))) {
      process.kill(own, 'SIGKILL');
    }
    process.kill(pid, 'SIGKILL');
    await daemon.ended();
    await daemon.start();
    await daemon.reaches('app', 'EXITED');
    await until('the file is gone', () => !existsSync(join(daemon.dir, 'app.sock')));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('whose socket cannot be made ends the start with status 1 and says why', async (t) => {
    const daemon = new Daemon(privateDirectory(t), {
      config: `[fcgi-program:app]${PROGRAM}socket=unix://%(here)s/no/app.sock\n`,
      files: FILES,
      program: 'superd',
    });
    const { status, stderr } = await daemon.run(`${import.meta.dirname}/../../bin/superd`, '-n', '-c', daemon.config);
    assert.equal(status, 1);
    assert.match(stderr, /^Error: Could not create FastCGI socket unix:\/\/.*\/no\/app\.sock: ENOENT\nFor help, use /);
    daemon.assertQuiet();
  });

  test('whose socket is lost later fails, and starts once it can be made', async (t) => {
    const daemon = await startDaemon(t, { config: '', files: FILES, program: 'superd' });
    const added = `[fcgi-program:app]${PROGRAM}socket=unix://%(here)s/no/app.sock\nstartretries=0\n`;
    writeFileSync(daemon.config, readFileSync(daemon.config, 'utf8') + added);
    await daemon.rpc('supervisor.reloadConfig');
    await daemon.rpc('supervisor.addProcessGroup', 'app');
    const { description } = await daemon.reaches('app:app_0', 'FATAL');
    assert.equal(description, `Could not create FastCGI socket unix://${daemon.dir}/no/app.sock: ENOENT`);
    mkdirSync(join(daemon.dir, 'no'));
    await daemon.rpc('supervisor.startProcessGroup', 'app');
    await until('an answer', () => ask({ path: join(daemon.dir, 'no/app.sock') }));
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
