/** crashmail under the real supervisord and under superd, with a real SMTP server and a mail reader that is not ours. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, type Daemon, environmentOf, privateDirectory, startDaemon } from '../support/daemon.ts';
import { MailServer, parse } from '../support/mail.ts';
import { needs } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const CRASHMAIL = `${process.execPath} ${CHECKOUT}/src/crashmail.ts`;
const NEEDS = needs('supervisord', 'python3');

const config = (options: string): string => `
[eventlistener:crashmail]
command=${CRASHMAIL} -m ops@example.com -p once -p again -p quiet --queue %(here)s/queue ${options}
events=PROCESS_STATE
startsecs=0
stderr_logfile=%(here)s/crashmail.err

[program:once]
command=/bin/sh %(here)s/crash.sh 3
autostart=false
autorestart=false
startsecs=0

[program:again]
command=/bin/sh %(here)s/crash.sh 4
autostart=false
autorestart=false
startsecs=0

[program:quiet]
command=/bin/sleep 600
autostart=false
startsecs=0
stopsignal=KILL
`;

const CRASH_SH = `
# supervisord calls an exit within the very start a spawn error.
sleep 1
echo "to stdout"
printf 'b\\303\\266om \\033[31mred\\033[0m \\377\\n.\\nFrom here\\n' >&2
exit $1
`;

type Program = 'supervisord' | 'superd';

const start = (t: TestContext, program: Program, options: string): Promise<Daemon> =>
  startDaemon(t, { program, config: config(options), files: { 'crash.sh': CRASH_SH } });

const listing = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** The files of the one outbox below a queue folder. */
function inQueue(dir: string, folder: 'reports' | 'waiting' | 'sent' | 'failed'): readonly string[] {
  const [name = 'none'] = listing(join(dir, 'queue'));
  return listing(join(dir, 'queue', name, folder));
}

const FOLDERS = ['reports', 'waiting', 'sent'] as const;

const complain = (daemon: Daemon): string => `\n${daemon.read('crashmail.err')}\n${daemon.log()}`;

for (const program of ['supervisord', 'superd'] as const) {
  test(`crashmail under ${program} mails each unexpected exit once, and no stop`, NEEDS, async (t) => {
    const daemon = await start(t, program, '--maildir %(here)s/Maildir -o HDR');
    const inbox = join(daemon.dir, 'Maildir', 'new');
    await daemon.rpc('supervisor.startProcess', 'once', false);
    await until(
      () => `the first mail${complain(daemon)}`,
      () => listing(inbox).length === 1,
    );
    await daemon.rpc('supervisor.startProcess', 'quiet');
    await daemon.rpc('supervisor.stopProcess', 'quiet');
    await daemon.rpc('supervisor.startProcess', 'again', false);
    // Events come in their order: whatever the stop had caused would be here before the second crash.
    await until(
      () => `the second mail${complain(daemon)}`,
      () => listing(inbox).length === 2,
    );
    const mails = await Promise.all(listing(inbox).map((name) => parse(readFileSync(join(inbox, name)))));
    const first = mails.find(({ headers }) => headers['x-superd-program'] === 'once');
    assert.ok(first);
    assert.equal(first.defects, 0);
    assert.match(first.html, /<h1/);
    assert.match(first.headers['x-superd-event-serials'] ?? '', /^[0-9]+$/);
    assert.match(first.headers['subject'] ?? '', /^HDR: \[.+\] once exited with code 3 \(unexpected\)$/);
    assert.equal(first.headers['auto-submitted'], 'auto-generated');
    assert.deepEqual(new Set(mails.map(({ headers }) => headers['x-superd-program'])), new Set(['once', 'again']));
    assert.equal(first.headers['to'], 'ops@example.com');
    assert.match(first.headers['from'] ?? '', /^superd@/);
    assert.match(first.body, /Last 3 lines of stderr:\n {2}böom red \ufffd\n {2}\.\n {2}From here\n/);
    assert.match(first.body, /Last line of stdout:\n {2}to stdout\n/);
    assert.match(first.body, /Next: +none: it stays EXITED/);
    await until('both are settled', () => inQueue(daemon.dir, 'sent').length === 2);
    assert.deepEqual(inQueue(daemon.dir, 'waiting'), []);
    await daemon.stop();
    daemon.assertQuiet();
  });

  test(
    `crashmail under ${program} keeps a report while the mail server is down, and sends it once`,
    NEEDS,
    async (t) => {
      const port = await freePort();
      const daemon = await start(t, program, `--smtp smtp://127.0.0.1:${port}`);
      await daemon.rpc('supervisor.startProcess', 'once', false);
      await until(
        () => `a first attempt${complain(daemon)}`,
        () => daemon.read('crashmail.err').includes('not yet sent by smtp'),
      );
      assert.equal(inQueue(daemon.dir, 'waiting').length, 1);
      const server = new MailServer(t);
      await server.listen(port);
      await until(
        () => `the mail${complain(daemon)}`,
        () => inQueue(daemon.dir, 'sent').length === 1,
      );
      await daemon.rpc('supervisor.stopProcess', 'crashmail');
      await daemon.rpc('supervisor.startProcess', 'crashmail');
      await daemon.rpc('supervisor.startProcess', 'again', false);
      await until(
        () => `the mail of another crash${complain(daemon)}`,
        () => inQueue(daemon.dir, 'sent').length === 2,
      );
      const mails = await Promise.all(server.accepted.map(parse));
      assert.deepEqual(
        mails.map(({ headers }) => headers['x-superd-program']),
        ['once', 'again'],
      );
    },
  );

  test(
    `crashmail under ${program} sends the same mail again when it was killed in the middle of sending`,
    NEEDS,
    async (t) => {
      const server = new MailServer(t, { accept: (offered) => offered > 1 });
      const daemon = await start(t, program, `--smtp smtp://127.0.0.1:${await server.listen()}`);
      await daemon.rpc('supervisor.startProcess', 'once', false);
      await until(
        () => `the server was offered the mail${complain(daemon)}`,
        () => server.offered === 1,
      );
      process.kill((await daemon.status('crashmail')).pid, 'SIGKILL');
      await until(
        () => `the mail${complain(daemon)}`,
        () => inQueue(daemon.dir, 'sent').length === 1,
      );
      await daemon.rpc('supervisor.startProcess', 'again', false);
      await until(
        () => `the mail of another crash${complain(daemon)}`,
        () => inQueue(daemon.dir, 'sent').length === 2,
      );
      const mails = await Promise.all(server.accepted.map(parse));
      assert.deepEqual(
        mails.map(({ headers }) => headers['x-superd-program']),
        ['once', 'again'],
      );
    },
  );
}

/** crashmail as a child of this test, which plays the daemon. */
function listen(dir: string, ...options: readonly string[]): ChildProcess {
  const args = [`${CHECKOUT}/src/crashmail.ts`, '--queue', join(dir, 'queue'), ...options];
  // A group leader, as the daemon's children are.
  return spawn(process.execPath, args, {
    env: { ...environmentOf(dir), SUPERVISOR_SERVER_URL: `unix://${dir}/none.sock` },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
}

const EVENT = (serial: number, process = 'celery'): string => {
  const payload = `processname:${process} groupname:wörker from_state:RUNNING expected:0 pid:42`;
  const header = `ver:3.0 server:supervisor serial:${serial} pool:crashmail poolserial:1 eventname:PROCESS_STATE_EXITED`;
  return `${header} len:${payload.length}\n${payload}`;
};

test('crashmail makes one mail of an event that is told again after a SIGKILL', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  const inbox = join(dir, 'Maildir', 'new');
  const first = listen(dir, '--maildir', join(dir, 'Maildir'));
  first.stdin?.write(EVENT(7));
  await until('the report is on disk', () => FOLDERS.some((folder) => inQueue(dir, folder).length === 1));
  first.kill('SIGKILL');
  await once(first, 'exit');
  const second = listen(dir, '--maildir', join(dir, 'Maildir'));
  second.stdin?.write(EVENT(7));
  const wire = wireOf(second);
  await until('it is acknowledged', () => wire() === 'READY\nRESULT 2\nOKREADY\n');
  await until('it is mailed', () => inQueue(dir, 'sent').length === 1);
  second.stdin?.write(EVENT(8, 'other'));
  await until('another is mailed', () => inQueue(dir, 'sent').length === 2);
  second.stdin?.end();
  const [status] = await once(second, 'exit');
  assert.equal(status, 0);
  assert.equal(listing(inbox).length, 2);
});

test('crashmail feeds a sendmail program, and refuses a secret that others can read', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  const secret = join(dir, 'smtp');
  writeFileSync(secret, 'smtp://u:hunter2@127.0.0.1:1\n', { mode: 0o644 });
  const child = listen(dir, '-m', 'ops@example.com', '-s', `cat > ${dir}/mail`, '--smtp-file', secret);
  child.stdin?.write(EVENT(1));
  await until(
    'the program has the mail',
    () => existsSync(join(dir, 'mail')) && readFileSync(join(dir, 'mail')).length > 0,
  );
  await until('the record says why it waits', () => {
    const [name] = inQueue(dir, 'waiting');
    const [outbox = ''] = listing(join(dir, 'queue'));
    return (
      name !== undefined && readFileSync(join(dir, 'queue', outbox, 'waiting', name), 'utf8').includes('chmod 600')
    );
  });
  child.stdin?.end();
  await once(child, 'exit');
  const mail = await parse(readFileSync(join(dir, 'mail')));
  assert.equal(mail.defects, 0);
  assert.match(mail.headers['subject'] ?? '', /wörker:celery exited \(unexpected\)$/);
});

/** Everything that the listener says to the daemon, as it grows. */
function wireOf(child: ChildProcess): () => string {
  const answers: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => answers.push(chunk));
  return () => answers.join('');
}

test('crashmail answers in time though the daemon is deaf and the mail server says nothing', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  const connections = new Set<Socket>();
  const silent = (): Server => createServer((socket) => connections.add(socket.on('error', () => {})));
  const [daemon, mail] = [silent().listen(`${dir}/none.sock`), silent().listen(0, '127.0.0.1')];
  t.after(() => {
    for (const server of [daemon, mail]) server.close();
    for (const connection of connections) connection.destroy();
  });
  await Promise.all([once(daemon, 'listening'), once(mail, 'listening')]);
  const address = mail.address();
  assert.ok(address !== null && typeof address === 'object');
  const child = listen(dir, '-m', 'ops@example.com', '--smtp', `smtp://127.0.0.1:${address.port}`);
  const wire = wireOf(child);
  child.stdin?.write(EVENT(1));
  child.stdin?.write(EVENT(2));
  await until('both are acknowledged', () => wire() === 'READY\nRESULT 2\nOKREADY\nRESULT 2\nOKREADY\n');
  assert.equal(inQueue(dir, 'reports').length, 2);
  child.stdin?.end();
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
});

test('crashmail sets aside what the mail server refuses for good', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  const server = new MailServer(t, { knows: () => false });
  const child = listen(dir, '-m', 'ops@example.com', '--smtp', `smtp://127.0.0.1:${await server.listen()}`);
  child.stdin?.write(EVENT(1));
  await until('it is set aside', () => inQueue(dir, 'failed').length === 2);
  const [, reason = ''] = inQueue(dir, 'failed');
  const [outbox = ''] = listing(join(dir, 'queue'));
  assert.match(readFileSync(join(dir, 'queue', outbox, 'failed', reason), 'utf8'), /^smtp: .*550 no such user/);
  child.stdin?.end();
  await once(child, 'exit');
});

test('crashmail sends at once without an outbox, and hands the event back when it cannot', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  writeFileSync(join(dir, 'queue'), 'in the way');
  const child = listen(dir, '--maildir', join(dir, 'Maildir'));
  const wire = wireOf(child);
  child.stdin?.write(EVENT(1));
  await until('it is acknowledged', () => wire() === 'READY\nRESULT 2\nOKREADY\n');
  assert.equal(listing(join(dir, 'Maildir', 'new')).length, 1);
  rmSync(join(dir, 'Maildir'), { recursive: true });
  writeFileSync(join(dir, 'Maildir'), 'in the way');
  child.stdin?.write(EVENT(2));
  await until('it is handed back', () => wire().endsWith('RESULT 4\nFAILREADY\n'));
  rmSync(join(dir, 'queue'));
  child.stdin?.write(EVENT(2));
  await until('it is acknowledged', () => wire().endsWith('FAILREADY\nRESULT 2\nOKREADY\n'));
  await until('it is kept', () => inQueue(dir, 'reports').length + inQueue(dir, 'waiting').length === 1);
  child.stdin?.end();
  await once(child, 'exit');
});

test('crashmail leaves when what it hears is not the protocol', NEEDS, async (t) => {
  const child = listen(privateDirectory(t), '--maildir', '/nowhere');
  child.stdin?.write('hello\n');
  const [status] = await once(child, 'exit');
  assert.equal(status, 1);
});

test('crashmail explains itself and leaves with superlance’s status', NEEDS, async (t) => {
  const dir = privateDirectory(t);
  const wrong = listen(dir, '--nope');
  const [status] = await once(wrong, 'exit');
  assert.equal(status, 255);
  const help = listen(dir, '-h');
  const [output, [helpStatus]] = await Promise.all([help.stdout === null ? '' : text(help.stdout), once(help, 'exit')]);
  assert.equal(helpStatus, 0);
  assert.match(output, /--optionalheader/);
});
