/**
 * `npm start`: runs superd in the foreground on conf.d/superd.conf, and tells a newcomer what runs and what to try next.
 * Everything that the demo writes is below var/.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const POLL_MS = 200;
/** supervisord's port; if somebody has it, any other. */
const PORT = 9001;

/** Whether a port of this machine is free: then that port; for 0 any that is. */
const freePort = (wanted: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });

/** Puts the web page on a free port. @returns its address */
async function offerPage(): Promise<string> {
  const port = (await freePort(PORT)) ?? (await freePort(0));
  mkdirSync(join(root, 'var/demo'), { recursive: true });
  writeFileSync(join(root, 'var/demo/page.conf'), `[inet_http_server]\nport=127.0.0.1:${port}\n`);
  return `http://127.0.0.1:${port}/`;
}

/** What `superctl status` prints: a table, or why there is none. */
function status(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(join(root, 'bin/superctl'), ['status'], { cwd: root }, (_, stdout) => resolve(stdout));
  return promise;
}

/** Every program runs, or will not. */
const isSettled = (table: string): boolean => {
  const lines = table.split('\n').filter((line) => line !== '');
  return lines.length > 0 && lines.every((line) => / (RUNNING|EXITED|STOPPED|FATAL) /.test(line));
};

const guide = (table: string, page: string): string => `
superd is up. It looks after:

${table.replace(/^(?=.)/gm, '    ')}
Its page is ${page}
It listens on ${join(root, 'var/superd.sock')} and logs to ${join(root, 'var')}.
Open another terminal${process.cwd() === root ? ' here' : ` in ${root}`}, and try:

    bin/superctl status                    what runs
    kill -9 $(bin/superctl pid worker)     kill the worker: a new one starts at once
    cat var/mail/new/*                     read the mail about it

Ctrl-C stops everything.
`;

/** Waits until every program has come up, then prints the guide, unless superd has ended before that. */
async function welcome(superd: ChildProcess, page: string): Promise<void> {
  const isOver = (): boolean => superd.exitCode !== null || superd.signalCode !== null;
  let table = '';
  while (!isSettled(table)) {
    await pause(POLL_MS);
    if (isOver()) return;
    table = await status();
  }
  if (!isOver()) process.stdout.write(guide(table, page));
}

mkdirSync(join(root, 'var'), { recursive: true });
const page = await offerPage();
// In a session of its own superd gets each signal once, from here, however many npm and the terminal send.
const superd = spawn(join(root, 'bin/superd'), ['-n', '-c', join(root, 'conf.d/superd.conf')], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!isStopping) superd.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    isStopping = true;
  });
}
superd.on('error', (error) => {
  process.exitCode = 1;
  console.error(`cannot start ${relative(root, superd.spawnfile)}: ${error.message}`);
});
superd.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
});
await welcome(superd, page);
