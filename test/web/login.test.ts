import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InetServer, ServerConfig } from '../../src/config/model.ts';
import { encodeCall } from '../../src/rpc/xml.ts';
import type { WebAnswer } from '../../src/web/exchange.ts';
import { LoginNews } from '../../src/web/login-news.ts';
import { createHandler } from '../../src/web/routes.ts';
import { USERS_FILE, webUser } from '../support/fake-access.ts';
import { type FakeRpc, fakeRpc, MAIN_LOG } from '../support/fake-rpc.ts';
import { type Asked, bodyOf, headerOf, SERVER as PLAIN, statusOf, webRequest } from '../support/web-requests.ts';

const SERVER: InetServer = { ...PLAIN, users: USERS_FILE };
const HTML = { accept: 'text/html,*/*;q=0.8' };

/** A server with the users eve (viewer), bob (operator) and root (admin), whose passwords are their names and a 1. */
function site(server: ServerConfig = SERVER): {
  fake: FakeRpc;
  ask: (target: string, asked?: Asked) => Promise<WebAnswer>;
} {
  const fake = fakeRpc();
  fake.access.put(
    webUser('eve', 'viewer', 'eve1'),
    webUser('bob', 'operator', 'bob1'),
    webUser('root', 'admin', 'root1'),
  );
  const handler = createHandler(fake.web, server);
  return { fake, ask: (target, asked = {}) => handler(webRequest(target, { address: '127.0.0.1', ...asked })) };
}
type Site = ReturnType<typeof site>;

const basic = (name: string, password = `${name}1`): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});
const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  headers,
  body: new URLSearchParams(fields).toString(),
});
const loginAs = (name: string, more: Readonly<Record<string, string>> = {}): Asked =>
  form({ username: name, password: `${name}1`, ...more });

/** Logs in with the form. @returns the headers that the browser then sends */
async function cookieFor({ ask }: Site, name: string): Promise<Record<string, string>> {
  const answer = await ask('/login', loginAs(name));
  assert.equal(statusOf(answer), 303);
  return { cookie: (headerOf(answer, 'Set-Cookie') ?? '').split(';')[0] ?? '' };
}

async function tokenFor({ ask }: Site, cookie: Record<string, string>): Promise<string> {
  return /name="token" value="(\w+)"/.exec(bodyOf(await ask('/', { headers: cookie })))?.[1] ?? '';
}

const call = (
  method: string,
  params: Parameters<typeof encodeCall>[1],
  headers: Readonly<Record<string, string>>,
): Asked => ({
  method: 'POST',
  headers,
  body: encodeCall(method, params),
});

test('strangers get nothing but the form, its style, and a challenge', async () => {
  const { fake, ask } = site();
  fake.logs.put(MAIN_LOG, 'secret');
  const paths = [
    '/',
    '/index.html',
    '/tail.html?processname=solo',
    '/logtail/solo',
    '/mainlogtail',
    '/RPC2',
    '/ok.html',
    '/x',
    '/logout',
    '//login',
    '/login/',
    '/%2e%2e/login',
    '/LOGIN',
    '/api/v1/x',
    '/metrics',
  ];
  for (const path of paths) {
    const script = await ask(path);
    assert.ok(script.kind === 'whole' && script.status === 401 && script.last, path);
    assert.equal(headerOf(script, 'WWW-Authenticate'), 'Basic realm="default"');
    assert.equal(statusOf(await ask(path, { method: 'POST', body: 'x' })), 401, path);
    assert.equal(statusOf(await ask(path, { headers: HTML })), 303, path);
    const page = await ask(path, { headers: { ...HTML, 'sec-fetch-site': 'same-origin' }, method: 'POST', body: 'x' });
    assert.equal(headerOf(page, 'WWW-Authenticate'), 'Session realm="superd"', path);
  }
  assert.equal(statusOf(await ask('/login')), 200);
  assert.equal(statusOf(await ask('/stylesheets/supervisor.css')), 200);
  assert.equal(statusOf(await ask('/stylesheets/../stylesheets/supervisor.css')), 401);
  assert.equal(statusOf(await ask('/', { headers: { ...HTML, authorization: 'Bearer x' } })), 401);
  assert.equal(statusOf(await ask('/', { headers: { authorization: 'Basic a' } })), 400);
});

test('a browser is sent to the form and back to where it wanted to go, and nowhere else', async () => {
  const { ask } = site();
  const sent = async (target: string): Promise<string | undefined> =>
    headerOf(await ask(target, { headers: HTML }), 'Location');
  assert.equal(await sent('/'), 'login');
  assert.equal(await sent('/index.html?refresh=5'), 'login?next=index.html%3Frefresh%3D5');
  assert.equal(await sent('/a/b/c'), '../../login?next=a%2Fb%2Fc');
  assert.equal(await sent('//evil.example/x'), '../../login?next=evil.example%2Fx');
  assert.equal(await sent('http://evil.example/x'), 'login?next=x');
  assert.equal(await sent('/x\\y'), 'login');
  const landed = async (next: string): Promise<string | undefined> =>
    headerOf(await ask('/login', loginAs('eve', { next })), 'Location');
  assert.equal(await landed('tail.html?processname=solo'), './tail.html?processname=solo');
  for (const evil of ['//evil.example', '/x', '\\evil', 'x\r\nSet-Cookie: a=b', 'x"y', '\tx', `a${'b'.repeat(600)}`]) {
    assert.equal(await landed(evil), './', evil);
  }
  const base = 'http://box:9001/login';
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:?@%/]{1,12}$/)), async (next) => {
      const answer = await ask('/login', loginAs('eve', { next }));
      const location = headerOf(answer, 'Location') ?? '';
      assert.match(location, /^\.\/[^\s"<>\\]*$/);
      assert.equal(new URL(location, base).origin, 'http://box:9001');
    }),
  );
  const page = bodyOf(await ask('/login?next=%22%3E%3Cscript%3E'));
  assert.ok(!page.includes('<script'));
});

test('a link from another site asks once more, from here, before it asks for a login', async () => {
  const one = site();
  const first = await one.ask('/', { headers: { ...HTML, 'sec-fetch-site': 'cross-site' } });
  assert.equal(statusOf(first), 200);
  assert.match(bodyOf(first), /http-equiv="refresh" content="0; url=login"/);
  assert.doesNotMatch(bodyOf(first), /solo|token/);
  assert.equal(statusOf(await one.ask('/', { headers: { ...HTML, 'sec-fetch-site': 'same-origin' } })), 303);
  const far = { ...HTML, 'sec-fetch-site': 'cross-site' };
  assert.match(
    bodyOf(await one.ask('/a/%22%3E/x?y=%26', { headers: far })),
    /content="0; url=\.\.\/\.\.\/login\?next=a%2F%2522%253E%2Fx%3Fy%3D%2526"/,
  );
  // The form sends on whoever has a session.
  const cookie = await cookieFor(one, 'bob');
  const sent = await one.ask('/login?next=tail.html%3Fprocessname%3Dsolo', { headers: cookie });
  assert.deepEqual([statusOf(sent), headerOf(sent, 'Location')], [303, './tail.html?processname=solo']);
});

test('a login makes a session, new each time, whatever the browser brings', async () => {
  const one = site();
  const planted = `superd_9001=${'A'.repeat(43)}`;
  const answer = await one.ask('/login', { ...loginAs('bob'), headers: { cookie: planted } });
  const set = headerOf(answer, 'Set-Cookie') ?? '';
  assert.match(set, /^superd_9001=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.ok(!set.startsWith(planted));
  assert.equal(statusOf(await one.ask('/', { headers: { cookie: planted, ...HTML } })), 303);
  const cookie = { cookie: set.split(';')[0] ?? '' };
  assert.match(bodyOf(await one.ask('/', { headers: cookie })), /<span>bob \(operator\)<\/span>/);
  // To log in once more ends the session that the browser had.
  const again = await one.ask('/login', { ...loginAs('eve'), headers: cookie });
  assert.notEqual(headerOf(again, 'Set-Cookie'), set);
  assert.equal(statusOf(await one.ask('/', { headers: { ...cookie, ...HTML } })), 303);
  const kinds = one.fake.journal.records.map((record) => (record.kind === 'login' ? record.what : record.kind));
  assert.deepEqual(kinds, ['began', 'began']);
});

test('the cookie is for one server, and over TLS for no other connection', async () => {
  const tls = { certfile: '/c', keyfile: '/k' };
  const secure = headerOf(await site({ ...SERVER, tls }).ask('/login', loginAs('bob')), 'Set-Cookie') ?? '';
  assert.match(secure, /^__Host-superd_9001=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const unix: ServerConfig = {
    ...SERVER,
    kind: 'unix',
    section: 'unix_http_server',
    file: '/s',
    chmod: 0o700,
    chown: undefined,
  };
  const local = headerOf(await site(unix).ask('/login', loginAs('bob')), 'Set-Cookie') ?? '';
  assert.match(local, /^superd=/);
  const one = site();
  const cookie = await cookieFor(one, 'bob');
  const other = createHandler(one.fake.web, { ...SERVER, section: 'inet_http_server:b' });
  assert.equal(statusOf(await other(webRequest('/', { headers: { ...cookie, ...HTML } }))), 303);
});

test('a wrong password is refused, told, and slower with each time; a form of another site is not heard', async () => {
  const { fake, ask } = site();
  for (let attempt = 0; attempt < 15; attempt += 1) {
    const refused = await ask('/login', form({ username: 'bob', password: `guess${attempt}` }));
    assert.equal(statusOf(refused), 403);
    assert.equal(headerOf(refused, 'Set-Cookie'), undefined);
    assert.match(bodyOf(refused), /role="alert"/);
  }
  assert.ok(fake.access.pauses.length >= 9);
  const [first] = fake.journal.records;
  const by = { kind: 'server', section: 'inet_http_server', user: 'bob', address: '127.0.0.1' };
  assert.ok(first?.kind === 'login');
  assert.deepEqual([first.what, first.by], ['refused', by]);
  const hashed = fake.access.hashed.length;
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil', host: 'box' },
    { origin: 'null', host: 'box' },
  ]) {
    assert.equal(statusOf(await ask('/login', { ...loginAs('bob'), headers })), 403);
  }
  assert.equal(fake.access.hashed.length, hashed);
});

test('the form takes no more than a form, and no other method', async () => {
  const { ask } = site();
  const long = await ask('/login', form({ username: 'bob', password: 'x'.repeat(10_000) }));
  assert.equal(statusOf(long), 413);
  assert.equal(statusOf(await ask('/login', { method: 'POST' })), 411);
  assert.equal(statusOf(await ask('/login', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })), 411);
  assert.equal(statusOf(await ask('/login', { method: 'PUT', body: '' })), 400);
  assert.equal(statusOf(await ask('/login', { method: 'POST', body: Uint8Array.of(0xff) })), 400);
  assert.equal(statusOf(await ask('/login', { method: 'POST', body: '' })), 403);
  assert.equal(statusOf(await ask('/login', { method: 'HEAD' })), 200);
});

test('a session changes something only with its own token, from its own page', async () => {
  const one = site();
  const { fake, ask } = one;
  const cookie = await cookieFor(one, 'bob');
  const token = await tokenFor(one, cookie);
  assert.match(token, /^\w{64}$/);
  const othersToken = await tokenFor(one, await cookieFor(one, 'root'));
  const stop = (
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WebAnswer> =>
    ask('/index.html', form({ action: 'stop', processname: 'solo', ...fields }, { ...cookie, ...headers }));
  for (const refused of [
    await stop({}),
    await stop({ token: '' }),
    await stop({ token: 'secret' }),
    await stop({ token: othersToken }),
    await stop({ token }, { 'sec-fetch-site': 'cross-site' }),
    await stop({ token }, { 'sec-fetch-site': 'same-site' }),
    await stop({ token }, { origin: 'https://evil.example', host: 'box:9001' }),
    await ask('/RPC2', call('supervisor.stopProcess', ['solo'], cookie)),
    await ask('/RPC2', call('supervisor.stopProcess', ['solo'], { ...cookie, 'x-superd-token': 'secret' })),
    await ask(
      '/RPC2',
      call('supervisor.stopProcess', ['solo'], { ...cookie, 'x-superd-token': token, 'sec-fetch-site': 'cross-site' }),
    ),
    await ask('/logout', form({}, cookie)),
    await ask('/logout', form({ token: 'secret' }, cookie)),
    await ask('/logout', form({ token }, { ...cookie, 'sec-fetch-site': 'cross-site' })),
  ]) {
    assert.equal(statusOf(refused), 403);
  }
  assert.deepEqual(fake.control.calls, []);
  assert.equal(statusOf(await stop({ token }, { 'sec-fetch-site': 'same-origin' })), 303);
  assert.equal(
    statusOf(await ask('/RPC2', call('supervisor.stopProcess', ['solo'], { ...cookie, 'x-superd-token': token }))),
    200,
  );
  assert.equal(fake.control.calls.length, 2);
  const by = fake.journal.records.flatMap((record) =>
    record.kind === 'operator' && record.by.kind === 'server' ? [record.by.user] : [],
  );
  assert.deepEqual(by, ['bob', 'bob']);
});

test('a viewer sees no buttons and presses none, an operator does not configure', async () => {
  const one = site();
  const { fake, ask } = one;
  const cookie = await cookieFor(one, 'eve');
  const token = await tokenFor(one, cookie);
  const page = bodyOf(await ask('/', { headers: cookie }));
  assert.doesNotMatch(page, /name="action"|Restart All/);
  for (const action of ['start', 'stop', 'restart', 'clearlog', 'stopall', 'restartall']) {
    assert.equal(statusOf(await ask('/index.html', form({ action, processname: 'solo', token }, cookie))), 403, action);
  }
  const faultOf = async (
    name: string,
    method: string,
    params: Parameters<typeof encodeCall>[1] = [],
  ): Promise<string | undefined> =>
    /FORBIDDEN/.exec(bodyOf(await ask('/RPC2', call(method, params, basic(name)))))?.[0];
  for (const method of ['supervisor.shutdown', 'supervisor.stopAllProcesses', 'superd.plan']) {
    assert.equal(await faultOf('eve', method), 'FORBIDDEN', method);
  }
  const calls = [{ methodName: 'supervisor.stopProcess', params: ['solo'] }];
  assert.equal(await faultOf('eve', 'system.multicall', [calls]), 'FORBIDDEN');
  assert.equal(await faultOf('bob', 'supervisor.shutdown'), 'FORBIDDEN');
  assert.equal(await faultOf('bob', 'supervisor.removeProcessGroup', ['solo']), 'FORBIDDEN');
  assert.deepEqual(fake.control.calls, []);
  assert.equal(await faultOf('bob', 'supervisor.stopProcess', ['solo']), undefined);
  assert.equal(await faultOf('root', 'supervisor.shutdown'), undefined);
});

test('a log out, another password, another role and a removal count at once', async () => {
  const one = site();
  const { fake, ask } = one;
  const shown = async (cookie: Record<string, string>): Promise<string | undefined> =>
    /<span>(.*?)<\/span><form/.exec(bodyOf(await ask('/', { headers: cookie })))?.[1];
  const [eve, bob, root] = [await cookieFor(one, 'eve'), await cookieFor(one, 'bob'), await cookieFor(one, 'root')];
  fake.control.set('solo:solo', { stdoutLog: '/o' });
  fake.logs.put('/o', 'text');
  const tail = await ask('/logtail/solo', { headers: bob });
  assert.ok(tail.kind === 'stream');
  assert.notEqual(tail.source.next(), 'end');
  fake.access.put(webUser('eve', 'operator', 'eve1'));
  assert.equal(await shown(eve), 'eve (operator)');
  fake.access.put(webUser('bob', 'operator', 'other'));
  assert.equal(await shown(bob), undefined);
  assert.equal(tail.source.next(), 'end');
  tail.source[Symbol.dispose]();
  fake.access.users.delete('eve');
  assert.equal(await shown(eve), undefined);
  const out = await ask('/logout', form({ token: await tokenFor(one, root) }, root));
  assert.equal(statusOf(out), 303);
  assert.match(headerOf(out, 'Set-Cookie') ?? '', /^superd_9001=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/);
  assert.equal(await shown(root), undefined);
  assert.deepEqual(fake.access.stored.map(({ user }) => user).toSorted(), ['bob', 'eve']);
});

test('name and password of the section let in beside the users, and alone as ever', async () => {
  const both = site({ ...SERVER, username: 'old', password: 'pw' });
  const shutdown = (headers: Readonly<Record<string, string>>): Asked => call('supervisor.shutdown', [], headers);
  assert.doesNotMatch(bodyOf(await both.ask('/RPC2', shutdown(basic('old', 'pw')))), /fault/);
  const cookie = (
    headerOf(await both.ask('/login', form({ username: 'old', password: 'pw' })), 'Set-Cookie') ?? ''
  ).split(';')[0];
  assert.match(bodyOf(await both.ask('/', { headers: { cookie: cookie ?? '' } })), /old \(admin\)/);
  const { users: _, ...legacy } = SERVER;
  const alone = site({ ...legacy, username: 'old', password: 'pw' });
  assert.equal(statusOf(await alone.ask('/login', { headers: HTML })), 401);
  assert.equal(statusOf(await alone.ask('/login', { headers: { ...HTML, ...basic('old', 'pw') } })), 404);
  assert.equal(statusOf(await alone.ask('/', { headers: HTML })), 401);
  assert.match(bodyOf(await alone.ask('/', { headers: basic('old', 'pw') })), /<span>old \(admin\)<\/span><\/nav>/);
});

test('a crowd of wrong passwords is answered 429, and the right one elsewhere 200', async () => {
  const { fake, ask } = site();
  fake.access.held = [];
  const crowd = Array.from({ length: 50 }, (_, index) => ask('/ok.html', { headers: basic('bob', `x${index}`) }));
  const last = await crowd.at(-1);
  assert.ok(last !== undefined && statusOf(last) === 429);
  assert.equal(headerOf(last, 'Retry-After'), '5');
  assert.equal(statusOf(await ask('/ok.html', { headers: basic('bob'), address: '10.0.0.9' })), 200);
  for (const go of fake.access.held) go();
  const statuses = (await Promise.all(crowd)).map(statusOf);
  assert.ok(statuses.every((status) => status === 401 || status === 429));
});

test('refused logins are told without a flood, in the journal and in the main log', () => {
  const { fake } = site();
  const lines: string[] = [];
  const news = new LoginNews({ journal: fake.journal, log: { log: (_, text) => lines.push(text) } }, fake.access.wall);
  const refuse = (user: string): void =>
    news.refused({ kind: 'server', section: 'inet_http_server', user, address: '10.0.0.7' });
  for (let time = 0; time < 1000; time += 1) refuse('bob');
  assert.equal(fake.journal.records.length, 10);
  fake.access.time += 10_000;
  refuse(`<b>\r\n\x1b[31m${'x'.repeat(100)}`);
  refuse('bob');
  assert.equal(fake.journal.records.length, 11);
  const last = fake.journal.records.at(-1);
  assert.ok(last?.kind === 'login' && last.more === 990 && last.by.kind === 'server');
  assert.equal(last.by.user?.length, 64);
  assert.equal(lines[0], 'login of bob via inet_http_server from 10.0.0.7 refused');
  assert.match(
    lines.at(-1) ?? '',
    /^login of <b>\?\?\?\[31mx+ via inet_http_server from 10\.0\.0\.7 refused, and 990 more$/,
  );
});
