/** `npm start`, as a newcomer meets it, in a private copy of the checkout: kill the worker, read the mail, press Ctrl-C. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, environmentOf, leftovers, privateDirectory } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { isAlive, processesOf } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** superd itself is much faster; this is for a machine that does other things too. */
const RESTART_WITHIN_MS = 1000;

interface Demo {
  readonly dir: string;
  readonly process: ChildProcess;
  readonly env: Readonly<Record<string, string>>;
  output(): string;
}

/** What is written is copied, what is only read is linked. */
function copyOfCheckout(t: TestContext): string {
  const dir = privateDirectory(t);
  for (const path of ['bin', 'conf.d', 'etc', 'scripts', 'package.json']) {
    cpSync(join(CHECKOUT, path), join(dir, path), { recursive: true });
  }
  for (const path of ['src', 'dist', 'node_modules']) symlinkSync(join(CHECKOUT, path), join(dir, path));
  return dir;
}

/** Runs what `npm start` runs, in a process group of its own, as a terminal would. */
function startDemo(t: TestContext): Demo {
  const dir = copyOfCheckout(t);
  const env = environmentOf(dir);
  const child = spawn(process.execPath, ['scripts/demo.ts'], { cwd: dir, env, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return { dir, process: child, env, output: () => output };
}

const isUp = (demo: Demo): boolean => demo.output().includes('Ctrl-C stops everything.');

/** Runs a command line that the guide shows, in a shell, as a person would copy it. */
async function copied(demo: Demo, beginning: string): Promise<string> {
  const line = demo
    .output()
    .split('\n')
    .find((candidate) => candidate.trim().startsWith(beginning));
  assert.ok(line, `the guide shows a command that begins with ${beginning}`);
  const command = line.trim().split(/ {2,}/)[0] ?? '';
  const shell = spawn('/bin/sh', ['-c', command], {
    cwd: demo.dir,
    env: demo.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of shell.stdout) output += String(chunk);
  return output;
}

/** The pid of the worker that runs now, by its command line. */
const worker = (demo: Demo): number | undefined =>
  processesOf(basename(demo.dir)).find(({ command }) => command.includes('demo/worker.ts'))?.pid;

function mails(demo: Demo): readonly string[] {
  try {
    return readdirSync(join(demo.dir, 'var/mail/new'));
  } catch {
    return [];
  }
}

/** What Python's own mail parser makes of a mail: its defects, its subject and its text. */
const PARSE = `
import email, email.policy, json, sys
mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
body = mail.get_body(("plain",))
print(json.dumps({"defects": [str(d) for d in mail.defects], "headers": mail.keys(), "subject": mail["Subject"], "text": body.get_content()}))
`;

async function parseMail(demo: Demo, name: string): Promise<Readonly<Record<string, unknown>>> {
  const python = spawn('/usr/bin/python3', ['-c', PARSE], { env: demo.env, stdio: ['pipe', 'pipe', 'inherit'] });
  python.stdin.end(readFileSync(join(demo.dir, 'var/mail/new', name)));
  let output = '';
  for await (const chunk of python.stdout) output += String(chunk);
  const parsed: unknown = JSON.parse(output);
  assert.ok(typeof parsed === 'object' && parsed !== null);
  return { ...parsed };
}

async function assertGone(demo: Demo): Promise<void> {
  await until('the demo ends', () => demo.process.exitCode !== null || demo.process.signalCode !== null);
  assert.deepEqual(processesOf(basename(demo.dir)), [], demo.output());
  assert.deepEqual(leftovers(demo.dir), []);
  assert.ok(!readdirSync(join(demo.dir, 'var')).some((file) => /-(wal|shm|journal)$/.test(file)));
}

test(
  'npm start: a killed worker is back at once, with one mail; Ctrl-C leaves nothing',
  needs('python3'),
  async (t) => {
    const demo = startDemo(t);
    await until(
      () => `the guide is printed:\n${demo.output()}`,
      () => isUp(demo),
    );
    assert.match(await copied(demo, 'bin/superctl status'), /^worker +RUNNING /m);
    assert.ok(demo.output().includes(join(demo.dir, 'var/superd.sock')));
    assert.ok(!demo.output().includes('\u001b'), 'no colours when it is no terminal');

    const page = /^Its page is (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(demo.output())?.[1];
    assert.match(await (await fetch(page ?? assert.fail('no page'))).text(), /<script type="module" src="ui\/app-/);

    const old = worker(demo);
    assert.ok(old !== undefined);
    await copied(demo, 'kill -9');
    await until('the worker is dead', () => !isAlive(old));
    const died = performance.now();
    const fresh = await until(
      () => `a new worker starts:\n${demo.output()}`,
      () => worker(demo),
    );
    assert.notEqual(fresh, old);
    assert.ok(performance.now() - died < RESTART_WITHIN_MS);

    await until('a mail arrives', () => mails(demo).length > 0);
    assert.notEqual(await copied(demo, 'cat var/mail/new'), '');
    const mail = await parseMail(demo, mails(demo)[0] ?? '');
    assert.deepEqual(mail['defects'], []);
    assert.match(String(mail['subject']), /worker/);
    assert.match(String(mail['text']), /SIGKILL/);
    assert.match(await (await fetch(`${page}api/v1/superd.getMails`)).text(), /worker was terminated by SIGKILL/);

    demo.process.kill('SIGINT');
    await assertGone(demo);
    assert.equal(demo.process.exitCode, 0);
    assert.equal(mails(demo).length, 1);
  },
);

test('npm start: one signal to the whole process group, or SIGTERM, stops it as cleanly', async (t) => {
  const demo = startDemo(t);
  await until(
    () => `the guide is printed:\n${demo.output()}`,
    () => isUp(demo),
  );
  assert.ok(demo.process.pid !== undefined);
  process.kill(-demo.process.pid, 'SIGTERM');
  await assertGone(demo);
  assert.equal(demo.process.exitCode, 0);
  assert.deepEqual(mails(demo), []);
});
