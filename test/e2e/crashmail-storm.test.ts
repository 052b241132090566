/** crashmail set up by the section [crashmail], in storms, with rude servers, and killed again and again. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory, startDaemon } from '../support/daemon.ts';
import { MailServer, type MailServerOptions, parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { until } from '../support/until.ts';

const CRASHMAIL = `${CHECKOUT}/src/crashmail.ts`;
const NEEDS = needs('python3');

/** crashmail as a child of this test, which plays the daemon. */
class Play {
  readonly dir: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #wire = '';

  constructor(dir: string, args: readonly string[]) {
    this.dir = dir;
    this.#args = args;
  }

  start(): void {
    const args = [CRASHMAIL, '--queue', join(this.dir, 'queue'), ...this.#args];
    const env = { ...environmentOf(this.dir), SUPERD_STATEDIR: this.dir };
    this.#wire = '';
    this.#child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#wire += chunk;
    });
  }

  get acknowledged(): number {
    return this.#wire.split('RESULT 2\nOK').length - 1;
  }

  tell(serial: number, program: string, state = 'EXITED'): void {
    const rest = state === 'EXITED' ? `from_state:RUNNING expected:0 pid:${1000 + serial}` : 'from_state:BACKOFF';
    const payload = `processname:${program} groupname:${program} ${rest}`;
    const header = `ver:3.0 server:supervisor serial:${serial} pool:crashmail poolserial:1 eventname:PROCESS_STATE_${state}`;
    this.#child?.stdin?.write(`${header} len:${payload.length}\n${payload}`);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    if (this.#child !== undefined) await once(this.#child, 'exit');
  }

  async end(): Promise<void> {
    this.#child?.stdin?.end();
    if (this.#child !== undefined) await once(this.#child, 'exit');
  }
}

async function playWith(t: TestContext, options: MailServerOptions, ...args: readonly string[]) {
  const server = new MailServer(t, options);
  const url = `smtp://127.0.0.1:${await server.listen()}`;
  return { server, play: new Play(privateDirectory(t), ['-m', 'ops@example.com', '--smtp', url, ...args]) };
}

/** The serials in each mail, by its Message-ID: a repeated mail counts once. */
function serialsOf(mails: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const header = (mail: string, name: string): string =>
    new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(mail)?.[1] ?? '';
  return new Map(
    mails.map((mail) => [
      header(mail, 'Message-ID'),
      (header(mail, 'X-Superd-Event-Serials').match(/\d+/g) ?? []).map(Number),
    ]),
  );
}

const sorted = (numbers: Iterable<number>): readonly number[] => [...numbers].toSorted((a, b) => a - b);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

test('crashmail makes at most 3 mails of 500 crashes in 10 s', NEEDS, async (t) => {
  // What comes after the storm was mailed is collected for this long.
  const { server, play } = await playWith(t, {}, '--window', '15');
  play.start();
  for (const n of upTo(500)) {
    play.tell(n, `p${n % 20}`);
    // No faster than so; the daemon waits for the answer, too.
    if (n % 50 === 49) await until(`${n} answers`, () => play.acknowledged > n);
  }
  await until('every crash is mailed', () => [...serialsOf(server.accepted).values()].flat().length >= 500);
  assert.ok(server.accepted.length <= 3, String(server.accepted.length));
  assert.deepEqual(sorted([...serialsOf(server.accepted).values()].flat()), upTo(500));
  for (const mail of await Promise.all(server.accepted.map(parse))) assert.equal(mail.defects, 0);
  await play.end();
});

test('crashmail puts each crash into exactly one mail, whatever the server does', NEEDS, async (t) => {
  const moods = ['later', 'take', 'drop', 'take-and-drop', 'take', 'later', 'take-and-drop'] as const;
  const { server, play } = await playWith(t, { mood: (n) => moods[n - 1] ?? 'take' });
  play.start();
  for (const n of upTo(8)) {
    play.tell(n, `p${n}`);
    await until(`answer ${n}`, () => play.acknowledged > n);
    if (n % 3 === 0) await until('it was offered', () => server.offered > n / 3);
  }
  await until('every crash is mailed', () => [...serialsOf(server.accepted).values()].flat().length >= 8);
  assert.deepEqual(sorted([...serialsOf(server.accepted).values()].flat()), upTo(8));
  await play.end();
});

test('crashmail loses nothing and doubles nothing when it is killed at every step', NEEDS, async (t) => {
  const { server, play } = await playWith(t, {}, '--window', '1');
  let told = 0;
  for (const delay of [0, 30, 90, 200]) {
    play.start();
    await until('it is ready', () => play.acknowledged === 0);
    // Everything that was not acknowledged is told again, as superd does it.
    const first = told;
    for (const n of upTo(3)) play.tell(first + n, `p${(first + n) % 2}`);
    await until('the first is acknowledged', () => play.acknowledged > 0);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await play.kill();
    told = first + play.acknowledged;
  }
  play.start();
  await until('every crash is mailed', () => new Set([...serialsOf(server.accepted).values()].flat()).size >= told);
  const serials = [...serialsOf(server.accepted).values()].flat();
  assert.deepEqual(sorted(serials), sorted(new Set(serials)), 'each in one mail');
  await play.end();
});

test('crashmail reads [crashmail] under superd: TLS, login, recipients, place and secrets', NEEDS, async (t) => {
  const login = { user: 'superd', pass: 'swordfish' };
  const server = new MailServer(t, { login });
  const port = await server.listen();
  const daemon = await startDaemon(t, {
    program: 'superd',
    files: {
      'mail.secret': 'swordfish\n',
      'crash.sh': 'echo "login with tiger-lily-9 at db://u:sesame@h" >&2; exit 7\n',
    },
    config: `
[eventlistener:crashmail]
command=${process.execPath} ${CRASHMAIL}
events=PROCESS_STATE
replay=true
startsecs=0
stderr_logfile=%(here)s/crashmail.err

[crashmail]
to=ops@example.com
smtp=smtps://127.0.0.1:${port}?tls.rejectUnauthorized=false
smtp_user=superd
smtp_password_file=%(here)s/mail.secret

[program:shop]
command=/bin/sh %(here)s/crash.sh
environment=DB_PASSWORD="tiger-lily-9"
directory=%(here)s
mailto=shop@example.com
autostart=false
autorestart=false
startsecs=0
`,
  });
  await daemon.run('/bin/chmod', '600', join(daemon.dir, 'mail.secret'));
  await daemon.rpc('supervisor.startProcess', 'shop', false);
  await until(
    () => `the mail\n${daemon.read('crashmail.err')}`,
    () => server.accepted.length === 1,
  );
  const mail = await parse(server.accepted[0] ?? '');
  assert.equal(mail.defects, 0);
  assert.equal(mail.headers['to'], 'shop@example.com');
  assert.match(mail.headers['subject'] ?? '', /^\[.+\] shop exited with code 7 \(unexpected\)$/);
  assert.match(mail.body, /login with \*{8} at db:\/\/u:\*{8}@h/);
  assert.doesNotMatch(server.accepted[0] ?? '', /tiger-lily|sesame/);
  assert.match(mail.body, /^Configured: .*superd\.conf:\d+$/m);
  assert.match(mail.body, /^Directory: +\//m);
  const ask = (...args: readonly string[]) => daemon.run(process.execPath, CRASHMAIL, '-c', daemon.config, ...args);
  const tested = await ask('--test');
  assert.deepEqual([tested.status, server.accepted.length], [0, 2]);
  assert.match(tested.stdout, /^smtp: sent: 250 /);
  const queue = await ask('queue');
  assert.match(queue.stdout, /crashmail runs as pid \d+[\s\S]*0 waiting, 0 to come, 0 failed/);
  assert.match((await ask('flush')).stdout, /was told to send now/);
  await daemon.stop();
});

test('crashmail tells a webhook, and flush sends what a dead crashmail left behind', NEEDS, async (t) => {
  const bodies: string[] = [];
  let status = 503;
  const web = createServer((request, response) => {
    text(request).then(
      (body) => {
        if (status === 200) bodies.push(body);
        response.writeHead(status).end();
      },
      () => response.destroy(),
    );
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => web.close());
  const address = web.address();
  assert.ok(address !== null && typeof address === 'object');
  const dir = privateDirectory(t);
  const args = ['--webhook', `http://127.0.0.1:${address.port}/x`, '--fatal'];
  const play = new Play(dir, args);
  play.start();
  play.tell(1, 'web', 'FATAL');
  await until('it is acknowledged', () => play.acknowledged === 1);
  await play.kill();
  status = 200;
  const flush = (queue: string): Promise<string> => {
    const child = spawn(process.execPath, [CRASHMAIL, 'flush', '--queue', join(dir, queue), ...args], {
      env: environmentOf(dir),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return text(child.stdout);
  };
  assert.equal(await flush('another'), `no outbox in ${join(dir, 'another')}\n`);
  assert.match(await flush('queue'), /nothing waits any more/);
  assert.equal(bodies.length, 1);
  const body = JSON.parse(bodies[0] ?? '');
  assert.deepEqual(
    [body.version, body.serials, body.reports[0].kind, body.reports[0].severity],
    [1, [1], 'fatal', 'critical'],
  );
});

test('crashmail names what is wrong in its section with the line, and leaves', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  writeFileSync(join(dir, 's.conf'), '[supervisord]\n[crashmail]\nwindow=soon\n');
  const child = spawn(process.execPath, [CRASHMAIL, '-c', join(dir, 's.conf')], { stdio: ['pipe', 'ignore', 'pipe'] });
  assert.match(await text(child.stderr), /s\.conf:3: \[crashmail\] window: cannot read "soon"/);
});
