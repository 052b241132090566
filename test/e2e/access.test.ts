/** Who may do what at a server of the real daemon: users and roles, sessions, TLS, and those who try without. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { formatUser } from '../../src/config/users.ts';
import { hashPassword } from '../../src/host/scrypt.ts';
import { encodeCall, isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Daemon, type DaemonOptions, privateDirectory, startDaemon } from '../support/daemon.ts';
import { askHttp, basicAuth, type HttpQuestion, type HttpReply } from '../support/http-ask.ts';
import { needs } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const ROLES = { eve: 'viewer', bob: 'operator', root: 'admin' } as const;
type Name = keyof typeof ROLES;
const PROGRAM = '[program:cat]\ncommand=cat\n';

/** A password each, which is the name and ` password`. */
async function usersFile(): Promise<string> {
  const lines = Object.entries(ROLES).map(async ([name, role]) =>
    formatUser({ name, role, hash: await hashPassword(`${name} password`) }),
  );
  return `${(await Promise.all(lines)).join('\n')}\n`;
}

const as = (name: Name): Record<string, string> => ({ Authorization: basicAuth(name, `${name} password`) });
const form = (fields: Readonly<Record<string, string>>): Pick<HttpQuestion, 'method' | 'body'> => ({
  method: 'POST',
  body: new URLSearchParams(fields).toString(),
});
const call = (method: string, ...params: readonly XmlValue[]): Pick<HttpQuestion, 'method' | 'body' | 'path'> => ({
  path: '/RPC2',
  method: 'POST',
  body: encodeCall(method, params),
});

async function logIn(port: number, name: Name): Promise<{ cookie: string; reply: HttpReply }> {
  const reply = await askHttp({ port, path: '/login', ...form({ username: name, password: `${name} password` }) });
  return { reply, cookie: reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
}

/** A daemon with a server of users, and the program cat. */
async function withUsers(t: TestContext, more: Partial<DaemonOptions> = {}): Promise<{ daemon: Daemon; port: number }> {
  const port = await freePort();
  const daemon = await startDaemon(t, {
    ...more,
    config: `[inet_http_server]\nport=127.0.0.1:${port}\nusers=%(here)s/users\n${PROGRAM}${more.config ?? ''}`,
    files: { users: await usersFile(), ...more.files },
  });
  await daemon.reaches('cat', 'RUNNING');
  return { daemon, port };
}

async function brainPid(daemon: Daemon): Promise<number> {
  const brain = await daemon.rpc('superd.getBrain');
  if (!isStruct(brain) || typeof brain['pid'] !== 'number') throw new Error('getBrain');
  return brain['pid'];
}

test('superctl and supervisorctl do what the role of their user allows', needs('supervisorctl'), async (t) => {
  const { daemon, port } = await withUsers(t);
  const url = `http://127.0.0.1:${port}`;
  const ctl = (name: Name, ...words: readonly string[]): ReturnType<Daemon['superctl']> =>
    daemon.superctl('-s', url, '-u', name, '-p', `${name} password`, ...words);
  assert.equal((await ctl('eve', 'status')).status, 0);
  const refused = await ctl('eve', 'stop', 'cat');
  assert.equal(
    refused.stdout,
    'cat: ERROR (FORBIDDEN: supervisor.stopProcess is for the role operator, this user is viewer)\n',
  );
  assert.equal(refused.status, 4);
  assert.equal((await ctl('bob', 'stop', 'cat')).stdout, 'cat: stopped\n');
  assert.equal((await ctl('bob', 'shutdown')).status, 4);
  assert.equal((await ctl('root', 'reread')).stdout, 'No config updates to processes\n');
  const real = (name: Name, ...words: readonly string[]): ReturnType<Daemon['run']> =>
    daemon.run('/usr/bin/supervisorctl', '-s', url, '-u', name, '-p', `${name} password`, ...words);
  assert.equal((await real('bob', 'start', 'cat')).stdout, 'cat: started\n');
  assert.match((await real('eve', 'status')).stdout, /^cat +RUNNING/);
  assert.notEqual((await real('eve', 'stop', 'cat')).status, 0);
  assert.equal((await daemon.status('cat')).state, 'RUNNING');
  const history = (await daemon.superctl('history')).stdout;
  assert.match(history, /operator bob via inet_http_server from 127\.0\.0\.1: supervisor\.stopProcess\(name=cat/);
  assert.doesNotMatch(history, /eve .*stopProcess/);
  // The socket, which only its owner reaches, asks nobody.
  assert.equal((await daemon.superctl('stop', 'cat')).stdout, 'cat: stopped\n');
  await daemon.stop();
  daemon.assertQuiet();
});

test('superctl passwd makes users that count at once', async (t) => {
  const { daemon, port } = await withUsers(t);
  const status = async (password: string): Promise<number> =>
    (await askHttp({ port, path: '/ok.html', headers: { Authorization: basicAuth('new', password) } })).status;
  assert.equal(await status('some password'), 401);
  const passwd = (...words: readonly string[]): ReturnType<Daemon['run']> =>
    daemon.run(
      '/bin/sh',
      '-c',
      `echo 'some password' | "$0" passwd "$@"`,
      join(import.meta.dirname, '../../bin/superctl'),
      ...words,
    );
  const added = await passwd('users', 'new', '--role', 'operator');
  assert.match(added.stdout, /new: added, role operator\n$/);
  assert.equal(statSync(join(daemon.dir, 'users')).mode & 0o777, 0o644);
  assert.equal((await passwd('fresh', 'new')).status, 0);
  assert.equal(statSync(join(daemon.dir, 'fresh')).mode & 0o777, 0o600);
  assert.equal(await status('some password'), 200);
  assert.equal((await passwd('--delete', 'users', 'new')).stdout, 'new: removed\n');
  assert.equal(await status('some password'), 401);
  assert.match(daemon.log(), /WARN .*users: everybody may read the hashes of passwords; run: chmod o-r /);
});

test('a session of a browser outlives the brain, and ends with the password', async (t) => {
  const { daemon, port } = await withUsers(t);
  const { cookie, reply } = await logIn(port, 'bob');
  assert.deepEqual([reply.status, reply.headers.location], [303, './']);
  const page = (path = '/'): Promise<HttpReply> =>
    askHttp({ port, path, headers: { Cookie: cookie, Accept: 'text/html' } });
  assert.match((await page()).body, /bob \(operator\)/);
  const before = await brainPid(daemon);
  process.kill(before, 'SIGKILL');
  await until('another brain', async () => (await brainPid(daemon).catch(() => before)) !== before);
  const after = await page();
  assert.match(after.body, /bob \(operator\)/);
  const token = /name="token" value="(\w+)"/.exec(after.body)?.[1] ?? '';
  const stop = form({ token, action: 'stop', processname: 'cat' });
  const stopped = await askHttp({
    port,
    path: '/index.html',
    ...stop,
    headers: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` },
  });
  assert.equal(stopped.status, 303);
  assert.equal((await daemon.status('cat')).state, 'STOPPED');
  const kept = readFileSync(join(daemon.dir, 'main.state/sessions.json'), 'utf8');
  assert.ok(!kept.includes(cookie.split('=')[1] ?? ''));
  const sessions = statSync(join(daemon.dir, 'main.state/sessions.json'));
  assert.equal(sessions.mode & 0o777, 0o600);
  await daemon.run(
    '/bin/sh',
    '-c',
    `echo 'other password' | ${join(import.meta.dirname, '../../bin/superctl')} passwd users bob`,
  );
  const gone = await page('/tail.html?processname=cat');
  assert.deepEqual([gone.status, gone.headers.location], [303, 'login?next=tail.html%3Fprocessname%3Dcat']);
});

test('a server that strangers could use is not opened, and all else runs', async (t) => {
  const [open, kept] = [await freePort(), await freePort()];
  const daemon = await startDaemon(t, {
    config: `[inet_http_server:a]\nport=*:${open}\n[inet_http_server:b]\nport=*:${kept}\nallow_anonymous=true\n${PROGRAM}`,
  });
  await daemon.reaches('cat', 'RUNNING');
  await assert.rejects(askHttp({ port: open, path: '/ok.html' }), { code: 'ECONNREFUSED' });
  assert.equal((await askHttp({ port: kept, path: '/ok.html' })).body, 'OK');
  const line = new RegExp(
    `CRIT Server 'inet_http_server:a' \\(${daemon.config}:\\d+\\) is not opened: other machines reach \\*:${open}, and nothing protects it; set users, or username and password, or port=127\\.0\\.0\\.1:…; allow_anonymous=true opens it to everybody`,
  );
  assert.match(daemon.log(), line);
  assert.doesNotMatch(daemon.log(), /Server 'inet_http_server:a' running without/);
  assert.match(daemon.log(), /Server 'inet_http_server:b' running without any HTTP authentication checking/);
  await daemon.stop();
  daemon.assertQuiet();
});

/** What a server should refuse, and why somebody would send it. */
type Hostile = readonly [why: string, question: Omit<HttpQuestion, 'port'>];

test('hostile requests get 4xx and change nothing', async (t) => {
  const anonymous = await freePort();
  const { daemon, port } = await withUsers(t, { config: `[inet_http_server:local]\nport=127.0.0.1:${anonymous}\n` });
  const { cookie } = await logIn(port, 'bob');
  const eve = await logIn(port, 'eve');
  const page = await askHttp({ port, headers: { Cookie: cookie } });
  const token = /name="token" value="(\w+)"/.exec(page.body)?.[1] ?? '';
  const evesToken =
    /name="token" value="(\w+)"/.exec((await askHttp({ port, headers: { Cookie: eve.cookie } })).body)?.[1] ?? '';
  assert.ok(token !== '' && evesToken !== '' && token !== evesToken);
  const stop = (fields: Readonly<Record<string, string>> = {}): Pick<HttpQuestion, 'method' | 'body' | 'path'> => ({
    path: '/index.html',
    ...form({ action: 'stop', processname: 'cat', ...fields }),
  });
  const stopCall = call('supervisor.stopProcess', 'cat');
  const local = await askHttp({ port: anonymous });
  const localToken = /name="token" value="(\w+)"/.exec(local.body)?.[1] ?? '';
  const guarded: readonly Hostile[] = [
    ['nobody', stopCall],
    ['nobody, with a form', stop({ token })],
    ['nobody, by GET', { path: '/?action=stop&processname=cat' }],
    ['a wrong password', { ...stopCall, headers: { Authorization: basicAuth('bob', 'x') } }],
    ['an empty user', { ...stopCall, headers: { Authorization: basicAuth('', '') } }],
    ['CSRF: a form without token', { ...stop(), headers: { Cookie: cookie } }],
    ['CSRF: the token of somebody else', { ...stop({ token: evesToken }), headers: { Cookie: cookie } }],
    ['CSRF: from another site', { ...stop({ token }), headers: { Cookie: cookie, Origin: 'https://evil.example' } }],
    ['CSRF: from a sandbox', { ...stop({ token }), headers: { Cookie: cookie, Origin: 'null' } }],
    ['CSRF: says the browser', { ...stop({ token }), headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } }],
    [
      'CSRF: the same host, another port',
      { ...stop({ token }), headers: { Cookie: cookie, 'Sec-Fetch-Site': 'same-site' } },
    ],
    ['CSRF: XML-RPC with a cookie', { ...stopCall, headers: { Cookie: cookie, 'Content-Type': 'text/plain' } }],
    [
      'CSRF: a login',
      { path: '/login', ...form({ username: 'eve', password: 'eve password' }), headers: { Origin: 'http://evil' } },
    ],
    ['CSRF: a logout', { path: '/logout', ...form({}), headers: { Cookie: cookie } }],
    ['a viewer with a form', { ...stop({ token: evesToken }), headers: { Cookie: eve.cookie } }],
    [
      'fixation: a session that was made up',
      { ...stop({ token }), headers: { Cookie: `superd_${port}=${'A'.repeat(43)}` } },
    ],
    [
      'the hash of a session in its place',
      { ...stop({ token }), headers: { Cookie: `superd_${port}=${'0'.repeat(64)}` } },
    ],
    [
      'a session of another server',
      { ...stop({ token }), headers: { Cookie: cookie.replace(String(port), String(anonymous)) } },
    ],
    ['traversal', { path: '/stylesheets/../../../etc/passwd', headers: as('root') }],
    ['traversal, encoded', { path: '/%2e%2e/%2e%2e/etc/passwd', headers: as('root') }],
    ['traversal, of a log', { path: '/logtail/..%2f..%2fetc%2fpasswd', headers: as('root') }],
    ['a name of the language', { path: '/__proto__', headers: as('root') }],
    ['a body of many megabytes', { path: '/login', method: 'POST', body: `username=${'x'.repeat(9000)}` }],
    [
      'a length of many gigabytes',
      { path: '/RPC2', method: 'POST', headers: { ...as('root'), 'Content-Length': '99999999999' } },
    ],
    ['headers without end', { headers: { ...as('root'), 'X-Long': 'x'.repeat(70_000) } }],
  ];
  const open: readonly Hostile[] = [
    ['DNS rebinding', { headers: { Host: `evil.example:${anonymous}` } }],
    [
      'DNS rebinding, XML-RPC',
      { ...stopCall, headers: { Host: `evil.example:${anonymous}`, Origin: `http://evil.example:${anonymous}` } },
    ],
    [
      'another site, XML-RPC',
      { ...stopCall, headers: { Origin: 'http://evil.example', 'Content-Type': 'text/plain' } },
    ],
    ['a form of another site', { ...stop({ token: localToken }), headers: { Origin: 'http://evil.example' } }],
    ['a form without token', stop()],
  ];
  const refused = async ([why, question]: Hostile, at: number): Promise<void> => {
    const { status, headers, body } = await askHttp({ port: at, ...question });
    assert.ok(status >= 400 && status < 500, `${why}: ${status} ${body.slice(0, 200)}`);
    assert.equal(headers['set-cookie'], undefined, why);
    assert.doesNotMatch(body, /root:x:0/, why);
  };
  for (const one of guarded) await refused(one, port);
  for (const one of open) await refused(one, anonymous);
  // Nothing becomes of a viewer's calls either, however they are wrapped.
  const wrapped = call('system.multicall', [
    { methodName: 'supervisor.stopProcess', params: ['cat'] },
    { methodName: 'system.multicall', params: [[{ methodName: 'supervisor.shutdown', params: [] }]] },
  ]);
  const answer = await askHttp({ port, ...wrapped, headers: as('eve') });
  assert.match(answer.body, /FORBIDDEN[^]*Recursive/);
  // Nor does a line break in a place to go to.
  const split = await askHttp({
    port,
    path: '/login',
    ...form({ username: 'eve', password: 'eve password', next: 'x\r\nX-Evil: 1' }),
  });
  assert.deepEqual([split.status, split.headers.location, split.headers['x-evil']], [303, './', undefined]);
  assert.equal((await daemon.status('cat')).state, 'RUNNING');
  assert.doesNotMatch((await daemon.superctl('history', '--json')).stdout, /stopProcess/);
});

test('who sends a form slowly, or nothing, is sent away, and hinders nobody', async (t) => {
  const { port } = await withUsers(t);
  const slow = connect(port, '127.0.0.1');
  let heard = '';
  slow.on('data', (piece) => {
    heard += piece.toString('latin1');
  });
  slow.write('POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nusername=');
  const closed = new Promise<void>((resolve) => {
    slow.on('close', () => resolve());
  });
  assert.equal((await logIn(port, 'bob')).reply.status, 303);
  await closed;
  assert.match(heard, /^HTTP\/1\.1 408 Request Timeout\r\n/);
});

test('a crowd that guesses passwords is slowed down, and others are not', async (t) => {
  const { daemon, port } = await withUsers(t);
  const guess = (index: number): Promise<number> =>
    askHttp({ port, path: '/ok.html', headers: { Authorization: basicAuth('bob', `guess ${index}`) } }).then(
      ({ status }) => status,
    );
  const began = performance.now();
  const statuses = await Promise.all(Array.from({ length: 200 }, (_, index) => guess(index)));
  const heard = statuses.filter((status) => status === 401).length;
  assert.equal(statuses.filter((status) => status === 429).length + heard, 200);
  // 4 at once, then ever longer waits up to 5 seconds.
  assert.ok(heard <= 6 + 3 + (performance.now() - began) / 5000, `${heard} guesses were heard`);
  assert.equal((await daemon.status('cat')).state, 'RUNNING');
  const lines = daemon.log().match(/WARN login of bob via inet_http_server from 127\.0\.0\.1 refused/g) ?? [];
  assert.ok(lines.length > 0 && lines.length <= 30, String(lines.length));
  // Another user from the same place waits for nobody.
  assert.equal((await askHttp({ port, path: '/ok.html', headers: as('eve') })).status, 200);
});

test('HTTPS: superctl, wrong certificates, renewal, and who speaks plainly', needs('openssl'), async (t) => {
  const dir = privateDirectory(t);
  const port = await freePort();
  await makeCertificate(dir, 'one');
  await makeCertificate(dir, 'two');
  const server = `[inet_http_server]\nport=127.0.0.1:${port}\nusers=%(here)s/users\ncertfile=%(here)s/live.pem\nkeyfile=%(here)s/live.key\n`;
  const use = (name: string): void => {
    copyFileSync(join(dir, `${name}.pem`), join(dir, 'live.pem'));
    copyFileSync(join(dir, `${name}.key`), join(dir, 'live.key'));
  };
  use('one');
  const daemon = new Daemon(dir, { config: server + PROGRAM, files: { users: await usersFile() } });
  await daemon.start();
  await daemon.reaches('cat', 'RUNNING');
  const url = `https://localhost:${port}`;
  const ctl = (...words: readonly string[]): ReturnType<Daemon['superctl']> =>
    daemon.superctl('-s', url, '-u', 'bob', '-p', 'bob password', ...words);
  assert.match((await ctl('--cacert', 'one.pem', 'status')).stdout, /^cat +RUNNING/);
  assert.match((await ctl('--insecure', 'status')).stdout, /^cat +RUNNING/);
  const untrusted = await ctl('status');
  assert.deepEqual(
    [untrusted.status === 0, untrusted.stdout],
    [false, `error: ${url} has a certificate that is not trusted\n`],
  );
  const other = await ctl('--cacert', 'two.pem', 'status');
  assert.equal(other.stdout, `error: ${url} has a certificate that is not trusted\n`);
  assert.match(
    (await ctl('--cacert', 'none.pem', 'status')).stdout,
    /cannot be checked: the file of cacert cannot be read/,
  );
  // Whoever speaks plain HTTP, or nonsense, is gone at once.
  for (const words of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x00\x05hello', '\0'.repeat(100)]) {
    const plain = connect(port, '127.0.0.1').on('error', () => undefined);
    const closed = new Promise((resolve) => {
      plain.on('close', resolve);
    });
    plain.resume().write(words);
    await closed;
  }
  const subject = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  assert.equal(await subject(), 'one');
  use('two');
  assert.equal(await subject(), 'two');
  copyFileSync(join(dir, 'one.key'), join(dir, 'live.key'));
  assert.equal(await subject(), 'two');
  await until('the message', () =>
    daemon
      .log()
      .includes(
        `the new certificate cannot be used, the old one stays: keyfile: ${dir}/live.key: the key does not belong to the certificate`,
      ),
  );
  // The same, found before anything is started.
  const checked = await daemon.superctl('check', daemon.config);
  assert.match(
    checked.stdout,
    /superd\.conf:\d+: \[inet_http_server\] keyfile: .*live\.key: the key does not belong to the certificate/,
  );
  assert.equal(checked.status, 2);
  const reload = await daemon.superctl('reload');
  assert.match(reload.stdout, /CANT_REREAD: .*the key does not belong to the certificate/);
  use('one');
  assert.equal(await subject(), 'one');
  await daemon.stop();
  daemon.assertQuiet();
  assert.ok(!existsSync(daemon.socket));
});
