import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcFault } from '../../src/rpc/faults.ts';
import { PUBLISHED } from '../../src/rpc/methods.ts';
import type { Role } from '../../src/rpc/roles.ts';
import { bytes, epochMillis, pid } from '../../src/units.ts';
import { isForGet } from '../../src/web/api/access.ts';
import { jsonText } from '../../src/web/api/answers.ts';
import { apiRoute } from '../../src/web/api/route.ts';
import { MAX_STREAMS } from '../../src/web/api/streams.ts';
import { UsageFeed } from '../../src/web/api/usage.ts';
import type { StreamSource, WebAnswer, WebRequest } from '../../src/web/exchange.ts';
import { createHandler } from '../../src/web/routes.ts';
import { parseTarget } from '../../src/web/target.ts';
import { FakeControl, groupConfig, processConfig } from '../support/fake-control.ts';
import { FakeMetrics } from '../support/fake-metrics.ts';
import { type FakeRpc, fakeRpc, MAIN_LOG } from '../support/fake-rpc.ts';
import { SERVER } from '../support/web-requests.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function webRequest(target: string, { method = 'GET', headers = {}, body = '' }: Asked): WebRequest {
  const data = Buffer.from(body);
  const all: Readonly<Record<string, string>> =
    method === 'GET' ? headers : { 'content-length': String(data.length), ...headers };
  return {
    method,
    target,
    header: (name) => all[name],
    readBody: async (limits) => (data.length > (limits?.bytes ?? Number.POSITIVE_INFINITY) ? 'too-large' : data),
  };
}

const ask = (fake: FakeRpc, target: string, asked: Asked = {}): Promise<WebAnswer> =>
  createHandler(fake.web, SERVER)(webRequest(`/api/v1${target}`, asked));

interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function readJson(answer: WebAnswer): JsonAnswer {
  assert.ok(answer.kind === 'whole');
  const headers = new Map(answer.headers);
  assert.equal(headers.get('Content-Type'), 'application/json');
  assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
  assert.equal(headers.get('Cache-Control'), 'no-store');
  return { status: answer.status, body: JSON.parse(Buffer.from(answer.body).toString()) };
}

const json = async (fake: FakeRpc, target: string, asked: Asked = {}): Promise<JsonAnswer> =>
  readJson(await ask(fake, target, asked));

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(body),
});

function faultOf({ status, body }: JsonAnswer): string {
  const { fault } = body;
  assert.ok(typeof fault === 'object' && fault !== null && 'name' in fault && 'text' in fault, JSON.stringify(body));
  return `${status} ${String(fault.text)}`;
}

const streamOf = (answer: WebAnswer): StreamSource => {
  assert.ok(answer.kind === 'stream');
  return answer.source;
};

/** All that a stream has now. */
function drain(source: StreamSource): string {
  let text = '';
  for (let piece = source.next(); piece !== 'end' && piece.length > 0; piece = source.next()) {
    text += Buffer.from(piece).toString();
  }
  return text;
}

const eventsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:event|id): (.*)$/gm)].map(([, word = '']) => word);

test('POST calls a method with named or positional arguments', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
  const signalled = await json(fake, '/supervisor.signalProcess', post({ signal: 'HUP', name: 'solo' }));
  assert.deepEqual(signalled, { status: 200, body: { result: true } });
  const again = await json(fake, '/supervisor.signalProcess', post(['solo', 'USR1']));
  assert.deepEqual(again, { status: 200, body: { result: true } });
  assert.deepEqual(fake.control.calls, ['signal solo:solo 1', 'signal solo:solo 10']);
  const version = await json(fake, '/supervisor.getVersion', { method: 'POST', headers: JSON_TYPE });
  assert.deepEqual(version.body, { result: '3.0' });
});

test('GET calls what only looks, with a query', async () => {
  const fake = fakeRpc();
  fake.logs.put(MAIN_LOG, 'abcdef');
  assert.deepEqual((await json(fake, '/supervisor.readLog?offset=-3&length=0')).body, { result: 'def' });
  const options = encodeURIComponent('{"limit": 1}');
  assert.deepEqual((await json(fake, `/superd.history?options=${options}`)).body, { result: [] });
  assert.equal((await json(fake, '/supervisor.getProcessInfo?name=web%3Aa')).status, 200);
});

test('a fault has the status that fits it', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
  const cases: readonly (readonly [string, Asked, string])[] = [
    ['/supervisor.nope', {}, '404 UNKNOWN_METHOD'],
    ['/supervisor.getProcessInfo?name=nope', {}, '404 BAD_NAME: nope'],
    ['/supervisor.readProcessStdoutLog?name=solo&offset=0&length=0', {}, '404 NO_FILE'],
    ['/supervisor.startProcess', post(['solo']), '409 ALREADY_STARTED: solo'],
    ['/supervisor.stopProcess', post(['web:a']), '409 NOT_RUNNING: web:a'],
    ['/supervisor.signalProcess', post(['solo', 'NOPE']), '400 BAD_SIGNAL: NOPE'],
    ['/supervisor.startProcess', post({}), '400 INCORRECT_PARAMETERS: name is missing'],
    ['/supervisor.startProcess', post([]), '400 INCORRECT_PARAMETERS'],
    ['/supervisor.startProcess', post([{}]), '400 INCORRECT_PARAMETERS'],
    ['/supervisor.startProcess', post('solo'), '400 INCORRECT_PARAMETERS: want an object, or an array'],
    [
      '/supervisor.startProcess',
      post({ nam: 'solo' }),
      '400 INCORRECT_PARAMETERS: no parameter nam; supervisor.startProcess takes name, wait',
    ],
    ['/supervisor.getPID?x=1', {}, '400 INCORRECT_PARAMETERS: no parameter x; supervisor.getPID takes none'],
    ['/supervisor.getProcessInfo?name=a&name=b', {}, '400 INCORRECT_PARAMETERS: name stands there twice'],
    ['/supervisor.readLog?offset=x&length=0', {}, '400 INCORRECT_PARAMETERS: offset: want an integer'],
    ['/superd.history?options={', {}, '400 INCORRECT_PARAMETERS: this is no JSON'],
    [
      '/superd.history?options={"x":1}',
      {},
      '400 BAD_ARGUMENTS: no option x; there are name, since, after, kinds, limit',
    ],
  ];
  for (const [target, asked, fault] of cases) assert.equal(faultOf(await json(fake, target, asked)), fault, target);
  fake.control.mood = 'SHUTDOWN';
  assert.equal(faultOf(await json(fake, '/supervisor.getPID')), '503 SHUTDOWN_STATE');
});

test('a request that makes no sense is refused before anything is done', async () => {
  const fake = fakeRpc();
  const long = '"'.padEnd(1024 * 1024 + 1, 'x');
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const cases: readonly (readonly [string, Asked, RegExp])[] = [
    ['/supervisor.stopAllProcesses', {}, /^405 .* wants POST$/],
    ['/supervisor.stopAllProcesses', { method: 'HEAD' }, /^405 /],
    ['/supervisor.stopAllProcesses', { method: 'DELETE' }, /^405 /],
    ['/supervisor.getPID', { method: 'PUT', headers: JSON_TYPE }, /^405 /],
    ['/system.multicall?calls=[]', {}, /^405 .* wants POST$/],
    ['/supervisor.shutdown', { method: 'POST' }, /^415 /],
    ['/supervisor.shutdown', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }, /^415 /],
    [
      '/supervisor.shutdown',
      { method: 'POST', headers: { 'content-type': 'application/json-x' }, body: '{}' },
      /^415 /,
    ],
    [
      '/supervisor.shutdown',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{}' },
      /^415 /,
    ],
    ['/supervisor.shutdown', { method: 'POST', headers: JSON_TYPE, body: long }, /^413 /],
    ['/supervisor.shutdown', { method: 'POST', headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' } }, /^411 /],
    ['/supervisor.shutdown', { method: 'POST', headers: JSON_TYPE, body: Uint8Array.of(0x22, 0xff, 0x22) }, /^400 /],
    ['/supervisor.shutdown', { method: 'POST', headers: JSON_TYPE, body: deep }, /^400 .*nested too deep/],
    [
      '/supervisor.shutdown',
      { method: 'POST', headers: JSON_TYPE, body: '{"__proto__": {"x": 1}}' },
      /^400 .*__proto__/,
    ],
    ['/supervisor.shutdown', post({}, { origin: 'http://evil.example', host: 'localhost' }), /^403 FORBIDDEN/],
    [
      '/supervisor.shutdown',
      post({}, { 'sec-fetch-site': 'cross-site', 'x-superd-token': 'secret' }),
      /^403 FORBIDDEN/,
    ],
    ['/supervisor.shutdown', post({}, { 'sec-fetch-site': 'same-site', 'x-superd-token': 'secret' }), /^403 FORBIDDEN/],
    ['/supervisor.shutdown', post({}, { 'sec-fetch-site': 'same-origin' }), /^403 FORBIDDEN/],
    ['/supervisor.shutdown', post({}, { 'sec-fetch-site': 'same-origin', 'x-superd-token': 'old' }), /^403 FORBIDDEN/],
    ['/supervisor.shutdown', post({}, { origin: 'http://localhost', host: 'localhost' }), /^403 FORBIDDEN/],
    [
      '/system.multicall',
      post([[{ methodName: 'supervisor.shutdown', params: [] }]], { 'sec-fetch-site': 'same-origin' }),
      /^403 FORBIDDEN/,
    ],
    ['/superd.getOverview', { headers: { 'sec-fetch-site': 'cross-site' } }, /^403 FORBIDDEN/],
    ['/events', { headers: { 'sec-fetch-site': 'cross-site' } }, /^403 FORBIDDEN/],
    ['/events', post({}), /^405 /],
    ['/events?after=x', {}, /^400 /],
    ['/events?kinds=nope', {}, /^400 /],
    ['/events?evil=1', {}, /^400 /],
    ['/constructor', {}, /^404 UNKNOWN_METHOD$/],
    ['/__proto__', {}, /^404 UNKNOWN_METHOD$/],
    ['/toString', post({}), /^404 UNKNOWN_METHOD$/],
    ['/supervisor.constructor', post({}), /^404 UNKNOWN_METHOD$/],
    ['/supervisor', {}, /^404 UNKNOWN_METHOD$/],
    ['/../../etc/passwd', {}, /^404 UNKNOWN_METHOD$/],
    ['/%2e%2e/%2e%2e/etc/passwd', {}, /^404 UNKNOWN_METHOD$/],
    ['/<script>alert(1)</script>', {}, /^404 UNKNOWN_METHOD$/],
    ['/logs/..%2f..%2fetc%2fpasswd/stdout', {}, /^404 BAD_NAME/],
    ['/logs/../../etc/passwd', {}, /^404 BAD_NAME/],
    ['/logs/solo', {}, /^404 BAD_NAME/],
    ['/logs/', {}, /^404 BAD_NAME/],
    ['/logs/web:*/stdout', {}, /^404 BAD_NAME/],
    ['/logs/solo/stdin', {}, /^404 BAD_NAME/],
    ['/logs/solo/stdout', {}, /^404 NO_FILE/],
    ['/logs/solo/stdout?tail=-1', {}, /^400 /],
    ['/logs/solo/stdout?tail=1&from=1', {}, /^400 /],
    ['/logs/solo/stdout?follow=1&length=1', {}, /^400 /],
  ];
  for (const [target, asked, fault] of cases) {
    const answer = await json(fake, target, asked);
    assert.match(faultOf(answer), fault, `${asked.method ?? 'GET'} ${target}`);
  }
  assert.deepEqual(fake.control.calls, []);
  assert.equal(fake.control.mood, 'RUNNING');
  assert.deepEqual(fake.journal.records, []);
  assert.equal(fake.logs.open_count, 0);
  for (const path of ['/api', '/api/', '/api/v2/supervisor.getPID', '/api/v1x']) {
    const answer = await createHandler(fake.web, SERVER)(webRequest(path, {}));
    assert.match(faultOf(readJson(answer)), /^404 UNKNOWN_METHOD$/, path);
  }
});

test('a browser that sends the token may change something', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
  const headers = { 'sec-fetch-site': 'same-origin', 'x-superd-token': 'secret' };
  assert.deepEqual((await json(fake, '/supervisor.signalProcess', post(['solo', 'HUP'], headers))).body, {
    result: true,
  });
  const session = await json(fake, '/session');
  assert.deepEqual(session.body, { result: { user: '', role: 'admin', via: 'nothing', token: 'secret' } });
});

test('a role may not call what is above it, neither alone nor in many calls', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
  const as = async (role: Role, target: string, asked: Asked): Promise<JsonAnswer> => {
    const caller = { kind: 'server', section: 'inet_http_server', user: 'eve' } as const;
    const ports = { ...fake.web, caller, role, via: 'password', mayStay: () => true } as const;
    const path = `/api/v1${target}`;
    return readJson(await apiRoute(ports, webRequest(path, asked), parseTarget(path)));
  };
  assert.match(faultOf(await as('viewer', '/supervisor.stopProcess', post(['solo']))), /^403 FORBIDDEN/);
  assert.match(faultOf(await as('operator', '/supervisor.shutdown', post([]))), /^403 FORBIDDEN/);
  const calls = [[{ methodName: 'supervisor.stopProcess', params: ['solo'] }]];
  assert.match(JSON.stringify((await as('viewer', '/system.multicall', post(calls))).body), /faultCode":100/);
  assert.deepEqual(fake.control.calls, []);
  assert.deepEqual((await as('viewer', '/session', {})).body, {
    result: { user: 'eve', role: 'viewer', via: 'password', token: 'secret' },
  });
});

test('every method is in the index and can be called as it says there', async () => {
  const fake = fakeRpc();
  const { body } = await json(fake, '');
  const { result } = body;
  assert.ok(typeof result === 'object' && result !== null && 'methods' in result && Array.isArray(result.methods));
  const names = new Set([...PUBLISHED.values()].map(({ name }) => name));
  assert.deepEqual(new Set(result.methods.map(({ name }: { name: string }) => name)), names);
  for (const method of PUBLISHED.values()) {
    const answer = await ask(fake, `/${method.name}`);
    const isRefused = answer.kind === 'whole' && answer.status === 405;
    assert.equal(isRefused, !isForGet(method), method.name);
  }
});

test('jsonText() writes no half of a surrogate pair', () => {
  assert.equal(jsonText({ a: 'x\ud800y', b: '\\ud800', c: '😀' }), '{"a":"x\ufffdy","b":"\\\\ud800","c":"😀"}');
});

test('superd.getOverview tells states, last exits and use', async () => {
  const fake = fakeRpc();
  fake.journal.append({ kind: 'problem', text: 'x' });
  fake.control.set('web:a', { state: 'RUNNING', pid: pid(7), startedAt: epochMillis(1_795_342_000_000) });
  fake.metrics.usages.set('web:a', { cpu: 12.5, rss: bytes(4096), processes: 2, at: epochMillis(5) });
  fake.metrics.recents.set('web:a', { cpu: [1, 12.5], rss: [4000, 4096] });
  const { body } = await json(fake, '/superd.getOverview');
  const { result } = body;
  assert.ok(typeof result === 'object' && result !== null && 'processes' in result && Array.isArray(result.processes));
  assert.partialDeepStrictEqual(result, { host: 'here.example', serial: 1, role: 'admin', user: '', mood: 'RUNNING' });
  assert.deepEqual(
    result.processes.map(({ namespec }: { namespec: string }) => namespec),
    ['solo', 'web:a', 'web:b'],
  );
  assert.partialDeepStrictEqual(result.processes[1], {
    group: 'web',
    name: 'a',
    kind: 'program',
    state: 'RUNNING',
    started: 1_795_342_000,
    restarts: 2,
    cpu: 12.5,
    rss: 4096,
    processes: 2,
    cpuspark: [1, 12.5],
  });
  assert.partialDeepStrictEqual(result.processes[2], { cpu: -1, rss: -1, processes: 0, cpuspark: [] });
  assert.ok(fake.metrics.looks > 0);
});

test('events begin after a serial, are masked, and come as they are written', async () => {
  const fake = fakeRpc();
  for (let count = 0; count < 5; count += 1) fake.journal.append({ kind: 'problem', text: `<b>${count}\n` });
  fake.journal.append({ kind: 'remote-communication', type: 't', data: 'a secret' });
  const source = streamOf(await ask(fake, '/events?after=3'));
  let woken = 0;
  source.listen?.(() => {
    woken += 1;
  });
  const first = drain(source);
  assert.deepEqual(eventsOf(first), ['3', '4', 'problem', '5', 'problem', '6', 'remote-communication']);
  assert.match(first, /^retry: 2000$/m);
  assert.match(first, /^data: \{"serial":4,"at":\d+,"kind":"problem","text":"problem: <b>3\\n"\}$/m);
  assert.doesNotMatch(first, /a secret/);
  assert.equal(drain(source), '');
  fake.journal.append({ kind: 'problem', text: 'new' });
  assert.equal(woken, 1);
  assert.deepEqual(eventsOf(drain(source)), ['7', 'problem']);
  source[Symbol.dispose]();
  assert.equal(fake.journal.watchers.size, 0);
});

test('events resume after Last-Event-ID, which is stronger than the address', async () => {
  const fake = fakeRpc();
  for (let count = 0; count < 5; count += 1) fake.journal.append({ kind: 'problem', text: 'x' });
  using source = streamOf(await ask(fake, '/events?after=0', { headers: { 'last-event-id': '4' } }));
  assert.deepEqual(eventsOf(drain(source)), ['4', '5', 'problem']);
  using fresh = streamOf(await ask(fake, '/events'));
  assert.deepEqual(eventsOf(drain(fresh)), ['5']);
});

test('events tell what the journal has no more, or never had', async () => {
  const fake = fakeRpc();
  for (let count = 0; count < 6; count += 1) fake.journal.append({ kind: 'problem', text: 'x' });
  fake.journal.forgotten = 4;
  using source = streamOf(await ask(fake, '/events?after=1'));
  const text = drain(source);
  assert.match(text, /^event: gap\ndata: \{"after":1,"first":5\}$/m);
  assert.deepEqual(eventsOf(text), ['1', 'gap', '5', 'problem', '6', 'problem']);
  using later = streamOf(await ask(fake, '/events?after=1000'));
  const other = drain(later);
  assert.match(other, /^event: gap\ndata: \{"after":1000,"first":5\}$/m);
  assert.deepEqual(eventsOf(other), ['gap', '4', '5', 'problem', '6', 'problem']);
});

test('events of one name, or of some kinds, tell how far they got', async () => {
  const fake = fakeRpc();
  const slot = { group: 'web', process: 'a' };
  fake.journal.append({ kind: 'disabled', ...slot });
  fake.journal.append({ kind: 'enabled', group: 'web', process: 'b' });
  fake.journal.append({ kind: 'problem', text: 'x' });
  using named = streamOf(await ask(fake, '/events?after=0&name=web%3Aa'));
  assert.deepEqual(eventsOf(drain(named)), ['0', '1', 'disabled', '3']);
  using some = streamOf(await ask(fake, '/events?after=0&kinds=problem,enabled'));
  assert.deepEqual(eventsOf(drain(some)), ['0', '2', 'enabled', '3', 'problem']);
});

test('a client that is behind is served from the journal, many at the tail from memory', async () => {
  const fake = fakeRpc();
  const sources = await Promise.all(
    Array.from({ length: 3 }, async () => streamOf(await ask(fake, '/events?after=0'))),
  );
  for (const source of sources) source.listen?.(() => undefined);
  const [quick, ...slow] = sources;
  assert.ok(quick !== undefined);
  drain(quick);
  for (let count = 0; count < 1000; count += 1) fake.journal.append({ kind: 'problem', text: 'x' });
  for (const source of [quick, ...slow]) {
    const ids = [...drain(source).matchAll(/^id: (\d+)\nevent/gm)].map(([, id]) => Number(id));
    assert.deepEqual(
      ids,
      Array.from({ length: 1000 }, (_, index) => index + 1),
    );
  }
  for (const source of sources) source[Symbol.dispose]();
});

test('a program may have any name, and its usage is told', () => {
  const control = new FakeControl([groupConfig('__proto__', [processConfig('__proto__')])]);
  const metrics = new FakeMetrics();
  metrics.usages.set('__proto__:__proto__', { cpu: 1, rss: bytes(4096), processes: 1, at: epochMillis(5) });
  assert.match(new UsageFeed(control, metrics).newest().text, /^data: \{"__proto__":\[1,4096\]\}$/m);
});

test('events with usage tell what was measured, once', async () => {
  const fake = fakeRpc();
  fake.metrics.usages.set('web:a', { cpu: 12.345, rss: bytes(4096), processes: 2, at: epochMillis(5) });
  using source = streamOf(await ask(fake, '/events?usage=1'));
  assert.match(drain(source), /^event: usage\ndata: \{"web:a":\[12\.3,4096\]\}$/m);
  assert.equal(Buffer.from(source.idle?.next() ?? '').toString(), '');
  fake.control.now = epochMillis(fake.control.now + 2000);
  fake.metrics.usages.set('web:a', { cpu: 50, rss: bytes(4096), processes: 2, at: epochMillis(6) });
  assert.match(Buffer.from(source.idle?.next() ?? '').toString(), /web:a":\[50,/);
  using plain = streamOf(await ask(fake, '/events'));
  assert.doesNotMatch(drain(plain), /usage/);
});

test('an idle stream sends a comment; it ends with the journal, and when its user may no longer stay', async () => {
  const fake = fakeRpc();
  using source = streamOf(await ask(fake, '/events'));
  drain(source);
  assert.equal(source.idle?.after, 15_000);
  assert.equal(Buffer.from(source.idle.next()).toString(), ':\n\n');
  fake.journal.problem = 'gone';
  assert.equal(source.next(), 'end');
  assert.match(faultOf(await json(fake, '/events')), /^500 FAILED: gone/);
  fake.journal.problem = undefined;
  let mayStay = true;
  const caller = { kind: 'server', section: 'inet_http_server' } as const;
  const ports = { ...fake.web, caller, role: 'viewer', via: 'session', mayStay: () => mayStay } as const;
  using other = streamOf(await apiRoute(ports, webRequest('', {}), parseTarget('/api/v1/events')));
  drain(other);
  mayStay = false;
  assert.equal(other.idle?.next(), 'end');
  assert.equal(other.next(), 'end');
});

test('only so many streams are open at a time', async () => {
  const fake = fakeRpc();
  fake.control.set('solo:solo', { stdoutLog: '/log' });
  fake.logs.put('/log', 'x');
  const sources: StreamSource[] = [];
  for (let count = 0; count < MAX_STREAMS; count += 1) {
    sources.push(streamOf(await ask(fake, count % 2 === 0 ? '/events' : '/logs/solo/stdout?follow=1')));
  }
  const refused = await ask(fake, '/events');
  assert.equal(new Map(refused.headers).get('Retry-After'), '10');
  assert.match(faultOf(readJson(refused)), /^503 /);
  assert.match(faultOf(await json(fake, '/logs/solo/stdout')), /^503 /);
  sources.pop()?.[Symbol.dispose]();
  sources.push(streamOf(await ask(fake, '/events')));
  for (const source of sources) source[Symbol.dispose]();
  assert.equal(fake.logs.open_count, 0);
  streamOf(await ask(fake, '/events'))[Symbol.dispose]();
});

test('logs come whole as a download, in parts, and from the end', async () => {
  const fake = fakeRpc();
  fake.control.set('web:a', { stdoutLog: '/log' });
  fake.logs.put('/log', '0123456789');
  const cases: readonly (readonly [string, string, string])[] = [
    ['', '0123456789', 'attachment'],
    ['?from=4', '456789', 'inline'],
    ['?from=4&length=2', '45', 'inline'],
    ['?length=3', '012', 'inline'],
    ['?from=400', '', 'inline'],
    ['?tail=3', '789', 'inline'],
    ['?tail=0', '', 'inline'],
    ['?tail=400', '0123456789', 'attachment'],
  ];
  for (const [query, text, disposition] of cases) {
    const answer = await ask(fake, `/logs/web:a/stdout${query}`);
    assert.ok(answer.kind === 'stream');
    const headers = new Map(answer.headers);
    assert.equal(answer.length, text.length, query);
    assert.equal(drain(answer.source), text, query);
    assert.equal(headers.get('Content-Disposition'), `${disposition}; filename="web_a-stdout.log"`, query);
    assert.equal(headers.get('Content-Type'), 'text/plain;charset=utf-8');
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    assert.equal(headers.get('X-Superd-Log-Size'), '10');
    answer.source[Symbol.dispose]();
  }
  assert.equal(fake.logs.open_count, 0);
});

test('a log is followed across rotation until its process is gone', async () => {
  const fake = fakeRpc();
  fake.control.set('web:a', { stderrLog: '/log' });
  fake.logs.put('/log', 'old\n');
  const source = streamOf(await ask(fake, '/logs/web:a/stderr?follow=1&tail=0'));
  assert.equal(drain(source), '');
  fake.logs.append('/log', 'new\n');
  assert.equal(drain(source), 'new\n');
  fake.logs.put('/log', 'rotated\n');
  assert.equal(drain(source), 'rotated\n');
  fake.control.drop('web');
  assert.equal(source.next(), 'end');
  source[Symbol.dispose]();
});

test('no name of a program can break the header of a download', async () => {
  const fake = fakeRpc();
  for (const name of ['a"\r\nX: y', '../../x', 'ü😀', '-']) {
    fake.control.rename('web:a', name);
    fake.control.set(`web:${name}`, { stdoutLog: '/log' });
    fake.logs.put('/log', 'x');
    const answer = await ask(fake, `/logs/web:${encodeURIComponent(name)}/stdout`);
    assert.match(
      new Map(answer.headers).get('Content-Disposition') ?? '',
      /^attachment; filename="[\w-]+\.log"$/,
      name,
    );
    streamOf(answer)[Symbol.dispose]();
    fake.control.rename(`web:${name}`, 'a');
  }
});

test('superd.getMails and getReport tell of crashmail', async () => {
  const fake = fakeRpc();
  const row = { id: 'x1', at: 1_795_342_000_999, subject: 's', programs: ['a'], to: 'b@c', sent: [], attempts: 2 };
  fake.mails.next = { ...fake.mails.next, waiting: [{ ...row, problem: 'p', reports: ['r1'] }] };
  fake.mails.texts.set('r1', 'It crashed.');
  const { at: _, ...rest } = row;
  assert.deepEqual((await json(fake, '/superd.getMails')).body, {
    result: {
      collected: [],
      waiting: [{ ...rest, problem: 'p', reports: ['r1'], time: 1_795_342_000 }],
      failed: [],
      sent: [],
    },
  });
  assert.deepEqual((await json(fake, '/superd.getReport?id=r1')).body, { result: 'It crashed.' });
  assert.equal(faultOf(await json(fake, '/superd.getReport?id=r2')), '404 BAD_NAME: r2');
});

test('what no method should throw is not told to the client', async () => {
  const fake = fakeRpc();
  const broken = { ...fake.web, published: new Map([['x.y', { ...methodNamed('supervisor.getPID'), run: boom }]]) };
  await assert.rejects(createHandler(broken, SERVER)(webRequest('/api/v1/x.y', {})), /a bug/);
});

function boom(): never {
  throw new Error('a bug');
}

function methodNamed(name: string): NonNullable<ReturnType<typeof PUBLISHED.get>> {
  const method = PUBLISHED.get(name);
  if (method === undefined) throw new RpcFault('UNKNOWN_METHOD', name);
  return method;
}
