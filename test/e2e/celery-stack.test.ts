/**
 * The stack that superd is made for, with nothing pretended: two Celery workers, celerycam, celery beat, uwsgi and
 * crashmail, over a Redis of their own.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, type Daemon, environmentOf, privateDirectory, startDaemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';

const SCENARIO = join(import.meta.dirname, 'celery-stack');
const WORKERS = ['celeryd-default', 'celeryd-mail'] as const;
const PROGRAMS = [...WORKERS, 'celerycam', 'celerybeat', 'uwsgi', 'crashmail'] as const;

const scenario = (file: string): string => readFileSync(join(SCENARIO, file), 'utf8');

/** A Redis that nobody else uses, on a socket in a directory of its own, keeping nothing on disk. @returns its URL. */
async function startRedis(t: TestContext): Promise<string> {
  const dir = privateDirectory(t);
  const socket = join(dir, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dir];
  spawn('/usr/bin/redis-server', args, { stdio: 'ignore', env: environmentOf(dir) });
  await until('redis answers', () => answers(socket));
  return `redis+socket://${socket}`;
}

/** Does somebody accept connections on a socket? */
function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socket);
  connection.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => connection.destroy());
}

async function visit(socketPath: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = request({ socketPath, agent: false });
  call.on('error', reject).on('response', (response) => {
    text(response).then(resolve, reject);
  });
  call.end();
  return promise;
}

/** The lines of a file that a task or the camera appends to. */
function lines(daemon: Daemon, file: string): readonly string[] {
  try {
    return daemon.read(file).trim().split('\n');
  } catch {
    return [];
  }
}

/** Waits until a file has more lines than now. */
async function grows(daemon: Daemon, file: string): Promise<void> {
  const before = lines(daemon, file).length;
  const logs = (): string => PROGRAMS.map((program) => lines(daemon, `${program}.log`).slice(-5).join('\n')).join('\n');
  await until(
    () => `${file} grows beyond ${before} lines\n${daemon.log()}\n${logs()}`,
    () => lines(daemon, file).length > before,
  );
}

function mails(daemon: Daemon): readonly string[] {
  try {
    return readdirSync(join(daemon.dir, 'mail/new'));
  } catch {
    return [];
  }
}

/** Everything that crashmail has been told by now is dealt with once it has told about this. */
async function crashmailHasSeen(daemon: Daemon, count: number): Promise<void> {
  await until(
    () =>
      `${count} mails; there are ${mails(daemon).length}\n${daemon.log()}\n${lines(daemon, 'crashmail.log').join('\n')}`,
    () => mails(daemon).length >= count,
  );
  assert.equal(mails(daemon).length, count);
}

const subjects = (daemon: Daemon): readonly string[] =>
  mails(daemon).map((mail) => /^Subject: (.*)$/m.exec(daemon.read(join('mail/new', mail)))?.[1] ?? '');

/** The processes of a worker's pool, without the worker itself. */
async function pool(daemon: Daemon, worker: string, size: number): Promise<readonly number[]> {
  const { pid } = await daemon.status(worker);
  return until(`${worker} has ${size} processes in its pool`, () => {
    const children = daemon.tree(pid).filter((process) => process.pid !== pid);
    return children.length === size && children.map((process) => process.pid);
  });
}

const PEERS = needs('python3', 'celery', 'redis for python', 'redis-server', 'uwsgi', 'uwsgi for python');

test('superd runs a whole Celery stack, and mails when something dies', PEERS, async (t) => {
  const daemon = await startDaemon(t, {
    config: scenario('superd.conf'),
    files: { 'tasks.py': scenario('tasks.py'), 'camera.py': scenario('camera.py'), 'web.py': scenario('web.py') },
    env: { BROKER_URL: await startRedis(t), CRASHMAIL: join(CHECKOUT, 'bin/crashmail'), C_FORCE_ROOT: '1' },
  });

  await t.test('everything comes up', async () => {
    for (const program of PROGRAMS) await daemon.reaches(program, 'RUNNING');
  });

  await t.test('tasks flow through both queues, and the camera shoots', async () => {
    for (const file of ['done-default', 'done-mail']) await grows(daemon, file);
    await until('a photograph shows both workers', () =>
      lines(daemon, 'photographs').some((line) => /^2 workers, [0-9]+ tasks$/.test(line)),
    );
  });

  await t.test('uwsgi understood its continued command line, and answers', async () => {
    assert.equal(await visit(join(daemon.dir, 'web.sock')), 'the site is up\n');
  });

  await t.test('a killed worker comes back, takes tasks again, and there is one mail', async () => {
    const { pid } = await daemon.status('celeryd-default');
    const orphans = await pool(daemon, 'celeryd-default', 2);
    process.kill(pid, 'SIGKILL');
    await daemon.reaches('celeryd-default', 'RUNNING', pid);
    await until('the old pool notices', () => !orphans.some(isAlive));
    await grows(daemon, 'done-default');
    await crashmailHasSeen(daemon, 1);
    assert.match(subjects(daemon)[0] ?? '', /celeryd-default/);
  });

  await t.test("an operator's stop kills the pool too, and sends no mail", async () => {
    const processes = await pool(daemon, 'celeryd-mail', 1);
    const { pid } = await daemon.status('celeryd-mail');
    await daemon.rpc('supervisor.stopProcess', 'celeryd-mail');
    assert.equal((await daemon.status('celeryd-mail')).state, 'STOPPED');
    await until('the pool is gone', () => ![pid, ...processes].some(isAlive));
    await daemon.rpc('supervisor.startProcess', 'celeryd-mail');
    await grows(daemon, 'done-mail');
    // The second crash is the witness: the mail about it is the next one, so there was none about the stop.
    const beat = await daemon.status('celerybeat');
    process.kill(beat.pid, 'SIGKILL');
    await daemon.reaches('celerybeat', 'RUNNING', beat.pid);
    await crashmailHasSeen(daemon, 2);
    assert.equal(subjects(daemon).filter((subject) => subject.includes('celerybeat')).length, 1);
  });

  await t.test('shutdown leaves nothing', async () => {
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
    assert.equal(mails(daemon).length, 2);
  });
});
