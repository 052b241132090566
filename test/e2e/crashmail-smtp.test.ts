/** crashmail and mail servers that insist on STARTTLS or never answer, and a log line of 10 MB. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, type Daemon, startDaemon } from '../support/daemon.ts';
import { MailServer, type MailServerOptions, parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { until } from '../support/until.ts';

const NEEDS = needs('python3');
const LOGIN = { user: 'superd', pass: 'swordfish' };

async function crashWith(t: TestContext, options: MailServerOptions, crash: string, keys = '') {
  const server = new MailServer(t, options);
  const port = await server.listen();
  const daemon = await startDaemon(t, {
    program: 'superd',
    files: { 'crash.sh': crash, 'mail.secret': `${LOGIN.pass}\n` },
    config: `
[eventlistener:crashmail]
command=${process.execPath} ${CHECKOUT}/src/crashmail.ts
events=PROCESS_STATE
replay=true
startsecs=0
stderr_logfile=%(here)s/crashmail.err

[crashmail]
to=ops@example.com
smtp=smtp://127.0.0.1:${port}?tls.rejectUnauthorized=false
${keys}

[program:shop]
command=/bin/sh %(here)s/crash.sh
autostart=false
autorestart=false
startsecs=0
`,
  });
  await daemon.run('/bin/chmod', '600', `${daemon.dir}/mail.secret`);
  await daemon.rpc('supervisor.startProcess', 'shop', false);
  return { server, daemon };
}

const hasMails = (server: MailServer, daemon: Daemon, count: number): Promise<true> =>
  until(
    () => `${count} mails\n${daemon.read('crashmail.err')}`,
    () => server.accepted.length >= count,
  );

const SECRET = `smtp_tls=require\nsmtp_user=${LOGIN.user}\nsmtp_password_file=%(here)s/mail.secret`;

test('crashmail logs in after STARTTLS, and sends nothing before', NEEDS, async (t) => {
  const { server, daemon } = await crashWith(t, { login: LOGIN, startTls: true }, 'exit 3\n', SECRET);
  await hasMails(server, daemon, 1);
  assert.deepEqual(server.secure, [true]);
  await daemon.stop();
});

test('crashmail sends nothing to a server without STARTTLS when smtp_tls=require', NEEDS, async (t) => {
  const { server, daemon } = await crashWith(t, {}, 'exit 3\n', 'smtp_tls=require');
  await until('it was tried', () => daemon.read('crashmail.err').includes('not yet sent by smtp'));
  assert.equal(server.offered, 0);
  await daemon.stop();
});

test('crashmail sends the same mail again to a server that took it and never said so', NEEDS, async (t) => {
  const mood = (offered: number) => (offered === 1 ? 'take-and-hang' : 'take');
  const { server, daemon } = await crashWith(t, { mood }, 'exit 3\n');
  await hasMails(server, daemon, 2);
  const ids = (await Promise.all(server.accepted.map(parse))).map(({ headers }) => headers['message-id']);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1);
  await daemon.stop();
  assert.equal(server.accepted.length, 2);
});

test('crashmail cuts a log line of 10 MB', NEEDS, async (t) => {
  const crash = "head -c 10000000 /dev/zero | tr '\\0' x\nprintf '\\nlast words\\n'\nexit 3\n";
  const { server, daemon } = await crashWith(t, {}, crash);
  await hasMails(server, daemon, 1);
  const [message = ''] = server.accepted;
  assert.ok(message.length < 100_000, String(message.length));
  const mail = await parse(message);
  assert.equal(mail.defects, 0);
  assert.match(mail.headers['subject'] ?? '', /shop exited with code 3/);
  assert.match(mail.body, /^ {2}x{1000}… \(\d+ more\)\r?\n {2}last words\r?$/m);
  await daemon.stop();
});
