/**
 * Requests that no honest client sends: broken HTTP, broken XML, calls with wrong arguments, attacks that are known by
 * name. From a seed, so that a failure can be had again. None of them stops anything when the server is right.
 */
import { encodeCall, type XmlValue } from '../../src/rpc/xml.ts';

export interface HostileRequest {
  readonly kind: string;
  readonly bytes: Buffer;
  /** What the client does once it has sent all: hears the answers, or leaves without. */
  readonly manner: 'listens' | 'half-closes' | 'leaves';
}

export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly [T, ...(readonly T[])]): T;
}

/** The same numbers for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return { below, pick: (from) => from[below(from.length)] ?? from[0] };
}

const CRLF = '\r\n';

function post(body: string | Buffer, headers: readonly string[] = [], target = '/RPC2'): Buffer {
  const lines = [`POST ${target} HTTP/1.1`, 'Host: localhost', 'Content-Type: text/xml', ...headers];
  const length = Buffer.byteLength(body);
  return Buffer.concat([
    Buffer.from(`${[...lines, `Content-Length: ${length}`, '', ''].join(CRLF)}`),
    Buffer.from(body),
  ]);
}

const get = (target: string, headers: readonly string[] = [], method = 'GET'): Buffer =>
  Buffer.from([`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join(CRLF));

/** Questions that change nothing, to be spoilt. */
const QUESTIONS: readonly [string, ...string[]] = [
  encodeCall('supervisor.getState', []),
  encodeCall('supervisor.getProcessInfo', ['cat']),
  encodeCall('supervisor.getAllProcessInfo', []),
  encodeCall('supervisor.readProcessStdoutLog', ['cat', 0, 100]),
  encodeCall('supervisor.tailProcessStdoutLog', ['cat', 0, 100]),
  encodeCall('system.multicall', [[{ methodName: 'supervisor.getPID', params: [] }, { methodName: 'nope' }]]),
  encodeCall('system.methodHelp', ['supervisor.startProcess']),
];

// biome-ignore format: a list
const VALUES: readonly [XmlValue, ...XmlValue[]] = [
  0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 0.5, 1e300, true, false, null, '', ' ', 'no', 'no:no', ':', '::', '*', 'no:*', '\u0000\u001b', '😀\ud800',
  'x'.repeat(5000), '../../etc/passwd', '__proto__', 'constructor', '%s%n', [], [[[]]], {}, { a: { b: [1] } }, ['cat'], { name: 'cat' },
];

/** Bytes put in, taken away, doubled or changed, at a few places. */
function spoil(random: Random, bytes: Buffer): Buffer {
  let result = bytes;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(result.length + 1);
    const upTo = Math.min(result.length, at + 1 + random.below(20));
    const [before, middle, behind] = [result.subarray(0, at), result.subarray(at, upTo), result.subarray(upTo)];
    const junk = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
    const special = random.pick(['\r\n', '\0', '<', '>', '&', ']]>', '<!--', '<?', '\n\n', ' ', ':', '%', '<value>']);
    result = Buffer.concat(
      random.pick([
        [before, junk, middle, behind],
        [before, behind],
        [before, middle, middle, behind],
        [before, junk, behind],
        [before, Buffer.from(special), middle, behind],
        [before],
      ]),
    );
  }
  return result;
}

const value = (inside: string): string => `<value>${inside}</value>`;
const call = (method: string, ...params: readonly string[]): string =>
  `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params
    .map((param) => `<param>${param}</param>`)
    .join('')}</params></methodCall>`;

const nested = (depth: number): string => value('<array><data>'.concat('<value><array><data>'.repeat(depth)));

// biome-ignore format: one attack each line
const XML: readonly [(random: Random) => string | Buffer, ...((random: Random) => string | Buffer)[]] = [
  () => '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;&b;">]>'.concat(call('supervisor.getState', value('&c;'))),
  () => `<!DOCTYPE a SYSTEM "file:///etc/passwd">${call('supervisor.getState')}`,
  (random) => call('supervisor.getState', nested(random.pick([10, 127, 128, 5000]))),
  (random) => '<a>'.repeat(random.pick([3, 130, 20_000])),
  () => Buffer.from(call('supervisor.getProcessInfo', value('caf\u00e9')), 'latin1'),
  () => Buffer.from(`\ufeff${call('supervisor.getState')}`, 'utf16le'),
  () => `\ufeff${call('supervisor.getState')}`,
  () => call('supervisor.getState').replace('"1.0"', '"1.0" encoding="utf-16"'),
  () => Buffer.from([0, 1, 2, 0xff, 0xfe]),
  () => '',
  (random) => call('supervisor.readLog', ...['9'.repeat(1 + random.below(400)), '-1'].map((n) => value(`<int>${n}</int>`))),
  (random) => call('supervisor.readLog', value(`<${random.pick(['i8', 'double', 'i4', 'zz'])}>1e999</i8>`), value('x')),
  (random) => call('supervisor.tailProcessLog', value('cat'), value('<int>0</int>'), value(`<double>${random.pick(['nan', 'inf', '1e400', '.', ''])}</double>`)),
  () => call('supervisor.getProcessInfo', value('&#0;&#x110000;&#xd800;&nope;')),
  () => call('supervisor.getProcessInfo', value('&#xd800;')),
  () => call('supervisor.getProcessInfo', value('<base64>//79</base64>')),
  () => call('supervisor.getProcessInfo', value(`<string>${'&amp;'.repeat(20_000)}</string>`)),
  () => `${call('supervisor.getState')}${call('supervisor.getState')}`,
  () => `<methodCall ${'a="b" '.repeat(2000)}><methodName>supervisor.getState</methodName></methodCall>`,
  () => '<methodCall><methodName><b>x</b></methodName></methodCall>',
  () => `<methodCall>${'<!-- '.repeat(3000)}`,
  () => `<methodCall>${'<![CDATA['.repeat(3000)}`,
  () => call('supervisor.sendRemoteCommEvent', value('<struct><member><name>__proto__</name></member></struct>'), value('x')),
  (random) => call(random.pick(['__proto__', 'constructor.x', 'supervisor.__proto__', 'supervisor', '.', 'supervisor..', 'a.b.c', 'supervisor._x', 'toString.call'])),
];

// biome-ignore format: one attack each line
const MULTICALLS: readonly [XmlValue, ...XmlValue[]] = [
  [{ methodName: 'system.multicall', params: [[{ methodName: 'system.multicall', params: [] }]] }],
  [{}, [], 1, 'x', null, { params: 1 }, { methodName: 1 }, { methodName: [] }, { methodName: 'supervisor.getState', params: 'x' }],
  Array.from({ length: 300 }, () => ({ methodName: 'supervisor.getAllProcessInfo', params: [] })),
  Array.from({ length: 10_001 }, () => ({ methodName: 'x' })),
  [{ methodName: '__proto__', params: [] }, { __proto__: null, methodName: 'constructor' }],
  { methodName: 'supervisor.getState' },
  [],
];

const LENGTHS = [
  '-1',
  'abc',
  '99999999999999999999',
  '16777217',
  '0',
  '1e3',
  '0x10',
  ' 5',
  '5, 5',
  '',
  '4294967296',
] as const;
const CHUNKS = [
  '5\r\nhello\r\n0\r\n\r\n',
  'zz\r\nhello\r\n',
  '-1\r\n',
  'fffffffff\r\n',
  '5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n',
  '5\nhello\n0\n\n',
] as const;
// biome-ignore format: a list
const TARGETS = [
  '/../../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd', '/stylesheets/../../../etc/passwd', '/..%5c..%5cetc', '/%00', '/%ff%fe', '/%',
  '/%zz', '*', '', '?', '/?', '/#x', 'http://evil.example/RPC2', 'http://', '/RPC2/../..', '/logtail', '/logtail/', '/logtail//', '/logtail/no',
  '/logtail/no:*', '/logtail/cat/nope', '/logtail/cat/stdout/x', '/logtail/%2e%2e', '/tail.html', '/tail.html?processname=..&limit=-5',
  '/tail.html?processname=cat&limit=99999999999', '/?action=stopall', '/index.html?action=stop&processname=cat', '/?notice=1', '/?notice=__proto__',
  '/?refresh=0', '/ok.html/', `/${'a'.repeat(30_000)}`, `/?${'a=b&'.repeat(10_000)}`, '/images/icon.png', '/favicon.ico', '/api', '/events',
] as const;
const FORMS = [
  'action=stopall',
  'action=stop&processname=cat',
  'action=restartall&token=',
  'token=x',
  '',
  '%',
  'action=%ff&token=%00',
  'a&'.repeat(5000),
] as const;
// biome-ignore format: a list
const LINES = [
  'GET / HTTP/9.9', 'GET / HTTP/1.1 x', 'GET  /  HTTP/1.1', 'GET /', 'GET', '', ' ', 'get / http/1.1', 'GET / HTTP/1.0', 'FOO / HTTP/1.1', 'CONNECT a:1 HTTP/1.1',
  'TRACE / HTTP/1.1', 'OPTIONS * HTTP/1.1', 'PUT /RPC2 HTTP/1.1', 'DELETE / HTTP/1.1', 'PRI * HTTP/2.0', 'GET /\t HTTP/1.1', 'G\0T / HTTP/1.1', 'HEAD / HTTP/1.1',
  'HEAD /RPC2 HTTP/1.1', 'M-SEARCH * HTTP/1.1', 'GET / HTTP/', 'GET / ICY/1.0', `${'A'.repeat(10_000)} / HTTP/1.1`,
] as const;
// biome-ignore format: a list
const HEADERS = [
  'Host', ': x', 'Host : x', ' folded', 'A:\0', 'A\0: b', 'Expect: 100-continue', 'Expect: 200-ok', 'Upgrade: websocket\r\nConnection: Upgrade', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
  'Connection: close', 'Connection: keep-alive', 'Authorization: Basic', 'Authorization: Basic %%%', 'Authorization: Bearer x', `Authorization: Basic ${'QQ'.repeat(4000)}`,
  'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 5', 'Origin: http://evil.example', 'Sec-Fetch-Site: cross-site',
  'Content-Length: 5\r\nContent-Length: 6', 'Host: evil.example', 'Host: a\r\nHost: b', `X: ${'y'.repeat(70_000)}`, 'X: y\r\n'.repeat(3000).trim(), 'X: é\u0080', 'Range: bytes=0-', 'If-Modified-Since: x',
] as const;

/** What a method of the server takes, as its system.methodSignature says. */
export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
}

/** Arguments that cannot be right: too many, or for a name what is none. */
function wrongArguments(random: Random, { name, params }: Signature): readonly XmlValue[] {
  // Any signal would be right for all of them.
  if (params[0] !== 'string' || name.endsWith('AllProcesses') || random.below(3) === 0)
    return Array.from({ length: 9 }, () => random.pick(VALUES));
  return params.map(() => random.pick(VALUES)).slice(0, random.below(params.length + 1));
}

const wrongCall = (random: Random, signature: Signature): string =>
  encodeCall(signature.name, wrongArguments(random, signature));

const API = '/api/v1/';
const postJson = (method: string, body: string | Buffer, type = 'application/json'): Buffer =>
  Buffer.from(post(body, [], `${API}${method}`).toString('latin1').replace('text/xml', type), 'latin1');

/** Questions to the JSON API, to be spoilt. */
const JSON_QUESTIONS: readonly [Buffer, ...Buffer[]] = [
  postJson('supervisor.getProcessInfo', '{"name":"cat"}'),
  postJson('supervisor.readProcessStdoutLog', '["cat",0,100]'),
  postJson('system.multicall', '[[{"methodName":"supervisor.getPID","params":[]},{"methodName":"nope"}]]'),
  get(`${API}superd.getOverview`),
  get(`${API}superd.getProgram?name=cat`),
  get(`${API}supervisor.tailProcessStdoutLog?name=cat&offset=0&length=100`),
  get(`${API}logs/cat/stdout?tail=3`),
];
/** What none of the bodies below is enough for, or can do harm with. */
const NEEDY = ['supervisor.getProcessInfo', 'supervisor.startProcess', 'superd.why', 'system.multicall'] as const;
// biome-ignore format: a list
const BODIES: readonly [string, ...string[]] = [
  '', ' ', '{', 'null', '0', '"x"', '[[[[', `${'['.repeat(100_000)}`, `${'{"a":'.repeat(50_000)}`, '{"__proto__":{"name":"cat"}}', '{"constructor":1}', '{"name":null}',
  '{"nàme":1}', '[1e999]', '[-1,1e308,"\\ud800"]', '{"name":"cat","nme":1}', `{"name":"${'x'.repeat(100_000)}"}`, `[${'0,'.repeat(100_000)}0]`, 'NaN', '\ufeff{}', '{"name":["cat"]}',
];
// biome-ignore format: a list
const API_TARGETS = [
  'api', 'api/', 'api/v1', 'api/v1/', 'api/v2/', 'api/v1//', 'api/v1/..', 'api/v1/../../etc/passwd', 'api/v1/__proto__', 'api/v1/constructor', 'api/v1/toString', 'api/v1/supervisor', 'api/v1/openapi.json',
  'api/v1/session', 'api/v1/session?x=1', 'api/v1/events?after=-1', 'api/v1/events?after=99999999999999999999', 'api/v1/events?kinds=', 'api/v1/events?after=1&after=2', 'api/v1/logs', 'api/v1/logs/',
  'api/v1/logs/cat', 'api/v1/logs/cat/', 'api/v1/logs/cat/stdin', 'api/v1/logs/%2e%2e%2f%2e%2e%2fetc%2fpasswd/stdout', 'api/v1/logs/../../etc/passwd', 'api/v1/logs/*/stdout', 'api/v1/logs/cat/stdout?from=9e9',
  'api/v1/logs/cat/stdout?from=999999999999999', 'api/v1/logs/cat/stdout?length=999999999999999', 'api/v1/logs/cat/stdout?tail=0', 'api/v1/supervisor.stopAllProcesses', 'api/v1/supervisor.shutdown?', 'api/v1/supervisor.startProcess?name=off',
  'api/v1/system.multicall?calls=[{"methodName":"supervisor.shutdown"}]', 'api/v1/superd.history?options=[', 'api/v1/superd.history?options={"limit":-5}', 'api/v1/superd.getReport?id=..%2f..%2fetc%2fpasswd', `api/v1/${'x'.repeat(20_000)}`,
] as const;

type Maker = readonly [kind: string, make: (random: Random) => Buffer];

// biome-ignore format: one kind each line
const makers = (signatures: readonly [Signature, ...Signature[]]): readonly [Maker, ...Maker[]] => [
  ['spoilt call', (r) => spoil(r, post(r.pick(QUESTIONS)))],
  ['spoilt body', (r) => post(spoil(r, Buffer.from(r.pick(QUESTIONS))))],
  ['spoilt page', (r) => spoil(r, get(r.pick(TARGETS)))],
  ['wrong arguments', (r) => post(wrongCall(r, r.pick(signatures)))],
  ['wrong arguments', (r) => post(wrongCall(r, r.pick(signatures)))],
  ['odd XML', (r) => post(r.pick(XML)(r))],
  ['multicall', (r) => post(encodeCall('system.multicall', [r.pick(MULTICALLS)]))],
  ['length', (r) => Buffer.from(`POST ${r.pick(['/RPC2', '/'])} HTTP/1.1\r\nContent-Length: ${r.pick(LENGTHS)}\r\n\r\n${r.pick(QUESTIONS)}`)],
  ['chunked', (r) => Buffer.from(`POST ${r.pick(['/RPC2', '/'])} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${r.pick(CHUNKS)}`)],
  ['target', (r) => get(r.pick(TARGETS), [], r.pick(['GET', 'GET', 'HEAD', 'POST']))],
  ['request line', (r) => Buffer.from(`${r.pick(LINES)}\r\nHost: x\r\n\r\n`)],
  ['header', (r) => get(r.pick(['/', '/RPC2', '/ok.html']), [r.pick(HEADERS), r.pick(HEADERS)])],
  ['header of a call', (r) => post(r.pick(QUESTIONS), [r.pick(HEADERS)])],
  ['form without token', (r) => post(r.pick(FORMS), [], r.pick(['/', '/index.html', '/tail.html', '/ok.html']))],
  ['pipeline', (r) => Buffer.concat(Array.from({ length: 1 + r.below(130) }, () => r.pick([post(r.pick(QUESTIONS)), get('/ok.html'), get('/nope')])))],
  ['pipeline with junk', (r) => Buffer.concat([post(r.pick(QUESTIONS)), spoil(r, get('/')), post(r.pick(QUESTIONS))])],
  ['half a request', (r) => { const whole = post(r.pick(QUESTIONS)); return whole.subarray(0, 1 + r.below(whole.length - 1)); }],
  ['tail', (r) => get(r.pick(['/logtail/cat', '/logtail/cat/stderr', '/mainlogtail']))],
  ['spoilt API call', (r) => spoil(r, r.pick(JSON_QUESTIONS))],
  ['API body', (r) => postJson(r.pick(NEEDY), r.pick(BODIES))],
  ['API arguments', (r) => { const signature = r.pick(signatures); return postJson(signature.name, JSON.stringify(wrongArguments(r, signature))); }],
  ['API type', (r) => postJson(r.pick(signatures).name, '{}', r.pick(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/html', 'application/json;x', '']))],
  ['API target', (r) => get(`/${r.pick(API_TARGETS)}`, [], r.pick(['GET', 'GET', 'HEAD', 'PUT', 'DELETE']))],
  ['API of another site', (r) => get(`${API}${r.pick(['superd.getOverview', 'events', 'session', 'logs/cat/stdout'])}`, [r.pick(['Origin: http://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Site: same-site'])])],
  ['takes its time', (r) => get(r.pick(['/api/v1/events', '/api/v1/events?after=0', '/api/v1/events?usage=1', '/api/v1/logs/cat/stdout?follow=1', '/metrics']))],
  ['noise', (r) => Buffer.from(Array.from({ length: 1 + r.below(300) }, () => r.below(256)))],
  ['TLS', () => Buffer.from('16030100f5010000f10303', 'hex')],
  ['HTTP/2', () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00')],
  ['HTTP/1.0', (r) => Buffer.from(post(r.pick(QUESTIONS), [r.pick(['A: b', 'Connection: Keep-Alive'])]).toString('latin1').replace('HTTP/1.1', 'HTTP/1.0'), 'latin1')],
];

/** The next request that nobody should send. */
export function hostileRequest(random: Random, signatures: readonly [Signature, ...Signature[]]): HostileRequest {
  const [kind, make] = random.pick(makers(signatures));
  const manner =
    kind === 'tail' || kind === 'takes its time'
      ? 'leaves'
      : random.pick<HostileRequest['manner']>(['listens', 'half-closes', 'listens', 'leaves']);
  return { kind, bytes: make(random), manner };
}
