import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServerConfig } from '../../src/config/model.ts';
import { encodeCall } from '../../src/rpc/xml.ts';
import { pid } from '../../src/units.ts';
import { formatCtime } from '../../src/web/actions.ts';
import { equalInConstantTime, isThatUser, readBasic } from '../../src/web/auth.ts';
import type { WebAnswer } from '../../src/web/exchange.ts';
import { html } from '../../src/web/html.ts';
import { mayChange } from '../../src/web/origin.ts';
import type { WebPorts } from '../../src/web/ports.ts';
import { createHandler } from '../../src/web/routes.ts';
import { parseTarget } from '../../src/web/target.ts';
import { type FakeRpc, fakeRpc, MAIN_LOG } from '../support/fake-rpc.ts';
import { type Asked, bodyOf, headerOf, SERVER, statusOf, webRequest } from '../support/web-requests.ts';

const ask = (fake: FakeRpc, target: string, asked: Asked = {}, server: ServerConfig = SERVER): Promise<WebAnswer> =>
  createHandler(fake.web, server)(webRequest(target, asked));

test('the handler routes as supervisord does', async () => {
  const fake = fakeRpc();
  fake.logs.put(MAIN_LOG, 'x');
  const rpc = { method: 'POST', body: encodeCall('supervisor.getVersion', []) };
  const cases: readonly (readonly [string, Asked, number])[] = [
    ['/RPC2', rpc, 200],
    ['/RPC2/foo?x', rpc, 200],
    ['/%52PC2', rpc, 200],
    ['/RPC2', {}, 400],
    ['/RPC2', { method: 'POST' }, 411],
    ['/RPC2', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, 411],
    ['/RPC2', { method: 'POST', body: '' }, 400],
    ['/RPC2', { method: 'POST', body: '<x' }, 400],
    ['/RPC2', { method: 'POST', body: Uint8Array.of(0xff) }, 400],
    ['/RPC2', { ...rpc, headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['/RPC2', { ...rpc, headers: { origin: 'http://evil', host: 'localhost' } }, 403],
    ['/logtail', {}, 404],
    ['/logtail/nope', {}, 404],
    ['/logtail/web:*', {}, 404],
    ['/logtail/solo', {}, 404],
    ['/logtail/solo/stdin', {}, 404],
    ['/logtail/solo', { method: 'POST', body: '' }, 400],
    ['/mainlogtail', {}, 200],
    ['/mainlogtail', { method: 'HEAD' }, 400],
    ['/', {}, 200],
    ['//index.html', {}, 200],
    ['/tail.html', {}, 200],
    ['/ok.html', {}, 200],
    ['/ok.html', { method: 'POST', body: '' }, 200],
    ['/', { method: 'HEAD' }, 404],
    ['/', { method: 'PUT', body: '' }, 400],
    ['/stylesheets/supervisor.css', {}, 200],
    ['/stylesheets/supervisor.css', { method: 'HEAD' }, 200],
    ['/stylesheets/../../etc/passwd', {}, 404],
    ['/%2e%2e/etc/passwd', {}, 404],
    ['/nothing', {}, 404],
    ['http://localhost:9001/ok.html', {}, 200],
    ['*', { method: 'OPTIONS' }, 400],
  ];
  for (const [target, asked, status] of cases) {
    assert.equal(statusOf(await ask(fake, target, asked)), status, `${asked.method ?? 'GET'} ${target}`);
  }
  assert.equal(bodyOf(await ask(fake, '/ok.html')), 'OK');
});

test('the handler protects every route with the password', async () => {
  const fake = fakeRpc();
  const server = { ...SERVER, username: 'me', password: 'p:w' };
  const basic = (text: string): Asked => ({
    headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
  });
  for (const target of [
    '/RPC2',
    '/logtail/solo',
    '/mainlogtail',
    '/',
    '/ok.html',
    '/stylesheets/supervisor.css',
    '/x',
  ]) {
    const refused = await ask(fake, target, {}, server);
    assert.ok(refused.kind === 'whole' && refused.last && refused.status === 401, target);
    assert.equal(headerOf(refused, 'WWW-Authenticate'), 'Basic realm="default"');
  }
  assert.equal(statusOf(await ask(fake, '/ok.html', basic('me:p:w'), server)), 200);
  assert.equal(statusOf(await ask(fake, '/ok.html', basic('me:p:'), server)), 401);
  assert.equal(statusOf(await ask(fake, '/ok.html', basic(':'), server)), 401);
  assert.equal(statusOf(await ask(fake, '/ok.html', basic('me'), server)), 400);
  assert.equal(statusOf(await ask(fake, '/ok.html', { headers: { authorization: 'Basic a' } }, server)), 400);
  assert.equal(statusOf(await ask(fake, '/ok.html', { headers: { authorization: 'Bearer x' } }, server)), 401);
  assert.equal(statusOf(await ask(fake, '/ok.html', basic(':'))), 200);
});

test('isThatUser() compares {SHA} passwords in any case of hexadecimal', () => {
  const given = { username: 'me', password: 'pw' };
  const sha1 = (text: string): string => (text === 'pw' ? 'abcdef' : '');
  assert.equal(isThatUser(given, { username: 'me', password: '{SHA}ABCdef' }, sha1), true);
  assert.equal(isThatUser(given, { username: 'me', password: '{SHA}abcdee' }, sha1), false);
  assert.equal(isThatUser(given, { username: 'you', password: '{SHA}abcdef' }, sha1), false);
});

test('readBasic() takes the scheme in any case, and tells nonsense from another scheme', () => {
  const basic = (text: string): string => `bAsic ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(readBasic(basic('me:p:w')), { username: 'me', password: 'p:w' });
  assert.deepEqual(readBasic(basic(':')), { username: '', password: '' });
  assert.equal(readBasic(basic('me')), 'malformed');
  assert.equal(readBasic('Basic a'), 'malformed');
  for (const none of [undefined, '', 'Basic', 'Bearer x']) assert.equal(readBasic(none), 'none');
});

test('equalInConstantTime() is equality', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (a, b) => equalInConstantTime(a, b) === (a === b) && equalInConstantTime(a, a),
    ),
  );
});

test('the handler of an open loopback server refuses rebound names', async () => {
  const fake = fakeRpc();
  const cases: readonly (readonly [string, number])[] = [
    ['', 200],
    ['localhost:9001', 200],
    ['127.0.0.1:9001', 200],
    ['[::1]:9001', 200],
    ['10.1.2.3', 200],
    ['box', 200],
    ['evil.example:9001', 403],
  ];
  for (const [host, status] of cases) assert.equal(statusOf(await ask(fake, '/', { headers: { host } })), status, host);
  const asked = async (server: ServerConfig, host: string): Promise<number> =>
    statusOf(await ask(fake, '/', { headers: { host } }, server));
  // A name of this machine, resolved to a loopback address.
  const named = { ...SERVER, host: 'Box.example' };
  assert.equal(await asked(named, 'evil.example'), 403);
  assert.equal(await asked(named, 'box.example:9001'), 200);
  assert.equal(await asked({ ...named, allowAnonymous: true }, 'evil.example'), 200);
  assert.equal(await asked({ ...SERVER, allowAnonymous: true }, 'evil.example'), 403);
});

test('the status page shows processes, escaped, and changes nothing', async () => {
  const fake = fakeRpc();
  fake.control.set('web:a', { state: 'RUNNING', pid: pid(7) });
  fake.control.set('web:b', { state: 'FATAL', spawnError: '<script>' });
  const answer = await ask(fake, '/?message=<b>crafted</b>&refresh=5');
  const body = bodyOf(answer);
  assert.ok(body.includes('<span class="state statusrunning">running</span>'));
  assert.ok(body.includes('&lt;script&gt;') && !body.includes('<script') && !body.includes('crafted'));
  assert.equal(headerOf(answer, 'Refresh'), '5');
  assert.match(headerOf(answer, 'Content-Security-Policy') ?? '', /default-src 'none'/);
  assert.equal(headerOf(answer, 'X-Frame-Options'), 'DENY');
  const confirm = bodyOf(await ask(fake, '/index.html?processname=web%3Aa&action=stop'));
  assert.ok(confirm.includes('method="post"') && confirm.includes('value="stop"'));
  assert.equal(statusOf(await ask(fake, '/?action=nope')), 400);
  assert.match(bodyOf(await ask(fake, '/?action=refresh')), /Page refreshed at \w{3} \w{3} /);
  assert.deepEqual(fake.control.calls, []);
});

test('an action needs the token and a page of the same site', async () => {
  const fake = fakeRpc();
  const handler = createHandler(fake.web, SERVER);
  const post = (body: string, headers: Readonly<Record<string, string>> = {}): Promise<WebAnswer> =>
    handler(webRequest('/index.html', { method: 'POST', body, headers }));
  fake.control.afterStart.set('solo:solo', { state: 'RUNNING' });
  assert.equal(statusOf(await post('action=start&processname=solo')), 403);
  assert.equal(statusOf(await post('action=start&processname=solo&token=guess')), 403);
  assert.equal(
    statusOf(await post('action=start&processname=solo&token=secret', { 'sec-fetch-site': 'same-site' })),
    403,
  );
  assert.equal(statusOf(await post('action=start&processname=solo&token=secret', { origin: 'null' })), 403);
  assert.deepEqual(fake.control.calls, []);
  assert.equal(statusOf(await post('action=nope&token=secret')), 400);
  const notice = async (answer: WebAnswer): Promise<string | undefined> => {
    assert.equal(statusOf(answer), 303);
    const page = bodyOf(await handler(webRequest(`/${headerOf(answer, 'Location') ?? ''}`.replace('/./', '/'), {})));
    return /role="status">(.*?)</.exec(page)?.[1];
  };
  const same = { 'sec-fetch-site': 'same-origin' };
  assert.equal(await notice(await post('action=start&processname=solo&token=secret', same)), 'Process solo started');
  assert.equal(
    await notice(await post('action=start&processname=solo&token=secret')),
    'ERROR: Process solo: already started',
  );
  assert.equal(await notice(await post('action=start&processname=%3Cx&token=secret')), 'No such process named &lt;x');
  assert.equal(await notice(await post('action=clearlog&processname=solo&token=secret')), 'Log for solo cleared');
  assert.equal(
    await notice(await post('action=stop&processname=web:a&token=secret')),
    'ERROR: Process web:a: unexpected rpc fault [70] NOT_RUNNING: web:a',
  );
});

test('a restart goes on to the end when nobody waits for it', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING' });
  const pending = ask(fake, '/index.html', { method: 'POST', body: 'action=restart&processname=solo&token=secret' });
  await new Promise((resolve) => setImmediate(resolve));
  fake.control.afterStart.set('solo:solo', { state: 'RUNNING' });
  fake.control.set('solo:solo', { state: 'STOPPED' });
  assert.equal(statusOf(await pending), 303);
  assert.deepEqual(fake.control.calls, ['stop solo:solo', 'start solo:solo']);
});

test('the log page shows the end of a log, escaped', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { stdoutLog: '/o' });
  fake.logs.put('/o', `first${'-'.repeat(2000)}</pre><script>`);
  const body = bodyOf(await ask(fake, '/tail.html?processname=solo&limit=5'));
  assert.ok(body.includes('&lt;/pre&gt;&lt;script&gt;') && !body.includes('first'));
  assert.match(bodyOf(await ask(fake, '/tail.html?processname=solo&limit=5000')), /first/);
  assert.match(bodyOf(await ask(fake, '/tail.html')), /No process name found/);
  assert.match(bodyOf(await ask(fake, '/tail.html?processname=solo&channel=stderr')), /No file for solo/);
  assert.match(bodyOf(await ask(fake, '/tail.html?processname=x')), /ERROR: unexpected rpc fault \[10\] BAD_NAME: x/);
});

test('a log tail sends the end, then what is appended, across rotation, truncation and removal', async () => {
  const fake = fakeRpc();
  const { logs, control } = fake;
  control.set('solo:solo', { stderrLog: '/e' });
  logs.put('/e', `${'x'.repeat(2000)}end`);
  const answer = await ask(fake, '/logtail/solo/stderr');
  assert.ok(answer.kind === 'stream');
  const next = (): string => {
    const piece = answer.source.next();
    return piece === 'end' ? piece : Buffer.from(piece).toString();
  };
  assert.equal(headerOf(answer, 'Content-Type'), 'text/plain;charset=utf-8');
  assert.equal(headerOf(answer, 'X-Accel-Buffering'), 'no');
  assert.equal(headerOf(answer, 'X-Content-Type-Options'), 'nosniff');
  assert.equal(headerOf(answer, 'Last-Modified'), 'Thu, 01 Jan 1970 00:00:00 GMT');
  assert.equal(next(), `${'x'.repeat(1021)}end`);
  assert.equal(next(), '');
  logs.append('/e', 'more');
  const old = logs.files.get('/e');
  logs.put('/e', 'new file');
  assert.equal(next(), 'more');
  assert.equal(next(), 'new file');
  assert.notEqual(old, logs.files.get('/e'));
  const file = logs.files.get('/e');
  assert.ok(file !== undefined);
  file.data = Buffer.from('cut');
  assert.equal(next(), '==> File truncated <==\n');
  assert.equal(next(), 'cut');
  logs.files.delete('/e');
  assert.equal(next(), '');
  file.data = Buffer.from('cut, still written');
  assert.equal(next(), ', still written');
  control.drop('solo');
  assert.equal(next(), 'end');
  answer.source[Symbol.dispose]();
  assert.equal(logs.open_count, 0);
});

test('parseTarget() decodes what it can and never throws', () => {
  assert.deepEqual(parseTarget('/a%20b%zz%?x=1').path, '/a b%zz%');
  assert.equal(parseTarget('/caf%C3%A9').path, '/café');
  fc.assert(fc.property(fc.webUrl(), (url) => parseTarget(url).path.length >= 0));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseTarget(text).path.length >= 0));
});

test('html`` escapes every value', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const inside = html`<a b="${text}">`.html.slice('<a b="'.length, -2);
      assert.doesNotMatch(inside, /[<>"']/);
    }),
  );
});

test('formatCtime() pads like ctime()', () => {
  assert.equal(formatCtime(new Date(2026, 10, 2, 1, 2, 3).getTime()), 'Mon Nov  2 01:02:03 2026');
});

test('mayChange() wants the token of whoever a browser may be, and no other site', () => {
  const same = { 'sec-fetch-site': 'same-origin', host: 'box' };
  const token = { 'x-superd-token': 'secret' };
  const cases: readonly (readonly [Readonly<Record<string, string>>, string | undefined, WebPorts['via'], boolean])[] =
    [
      [{}, undefined, 'password', true],
      [{}, undefined, 'nothing', true],
      [{}, undefined, 'session', false],
      [token, undefined, 'session', true],
      [same, undefined, 'password', false],
      [{ ...same, ...token }, undefined, 'password', true],
      [{ ...same, 'x-superd-token': 'secre' }, undefined, 'password', false],
      [{ origin: 'http://box', host: 'box' }, undefined, 'nothing', false],
      [{ origin: 'http://box', host: 'box', ...token }, undefined, 'nothing', true],
      [{ origin: 'http://evil', host: 'box', ...token }, undefined, 'session', false],
      [{ 'sec-fetch-site': 'cross-site', ...token }, undefined, 'session', false],
      [{}, '', 'nothing', false],
      [token, '', 'session', false],
      [{}, 'secret', 'session', true],
      [{ 'sec-fetch-site': 'same-site' }, 'secret', 'session', false],
    ];
  for (const [headers, inForm, via, expected] of cases) {
    const request = webRequest('/', { method: 'POST', headers });
    assert.equal(
      mayChange(request, { token: 'secret', via }, inForm),
      expected,
      JSON.stringify([headers, inForm, via]),
    );
  }
});
