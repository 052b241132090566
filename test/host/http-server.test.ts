import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { InetServer, UnixServer } from '../../src/config/model.ts';
import { type OpenServer, openServer } from '../../src/host/http-server.ts';
import { logReader } from '../../src/host/log-reader.ts';
import { randomToken, sha1 } from '../../src/host/secrets.ts';
import { encodeCall } from '../../src/rpc/xml.ts';
import { createHandler } from '../../src/web/routes.ts';
import { type FakeRpc, fakeRpc } from '../support/fake-rpc.ts';
import { until } from '../support/until.ts';

const place = { file: 'superd.conf', line: 1 };
const INET: InetServer = {
  kind: 'inet',
  section: 'inet_http_server',
  host: '127.0.0.1',
  port: 0,
  username: undefined,
  password: undefined,
  place,
};
const dir = mkdtempSync(join(tmpdir(), 'superd-http-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const report = (error: unknown): void => assert.fail(String(error));

let serial = 0;
function unixConfig(): UnixServer {
  serial += 1;
  return {
    kind: 'unix',
    section: 'unix_http_server',
    file: join(dir, `s${serial}.sock`),
    chmod: 0o700,
    chown: undefined,
    username: undefined,
    password: undefined,
    place,
  };
}

interface Running extends AsyncDisposable {
  readonly fake: FakeRpc;
  readonly server: OpenServer;
  readonly reports: readonly unknown[];
}

async function running(config: InetServer | UnixServer = INET): Promise<Running> {
  const fake = fakeRpc();
  const reports: unknown[] = [];
  const opened = await openServer(config, {
    handler: createHandler({ ...fake.web, logs: logReader }, config),
    notice: () => undefined,
    report: (error) => reports.push(error),
    tell: (_, text) => reports.push(text),
  });
  assert.ok(opened.ok);
  return { fake, server: opened.value, reports, [Symbol.asyncDispose]: () => opened.value.close() };
}

/** A raw connection that collects what it receives. */
class Client implements Disposable {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(where: number | string) {
    this.socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text) => {
      this.received += text.toString();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  send(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  has(text: string | RegExp): Promise<true> {
    return until(
      () => `${String(text)} in ${JSON.stringify(this.received.slice(0, 2000))}`,
      () => (typeof text === 'string' ? this.received.includes(text) : text.test(this.received)) || undefined,
    );
  }

  closed(): Promise<true> {
    return until('the connection to close', () => this.isClosed || undefined);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

const post = (body: string, headers = ''): string =>
  `POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const VERSION = encodeCall('supervisor.getVersion', []);

test('openServer() keeps a 1.1 connection without a Connection header, and answers many calls on it', async () => {
  await using one = await running();
  using client = new Client(one.server.port);
  for (let count = 1; count <= 3; count += 1) {
    client.received = '';
    client.send(post(VERSION));
    await client.has('</methodResponse>');
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(client.received, /\r\nContent-Type: text\/xml\r\nContent-Length: \d+\r\n/);
    assert.match(client.received, /\r\nDate: /);
    assert.doesNotMatch(client.received, /\r\nConnection:/i);
    assert.doesNotMatch(client.received, /\r\nKeep-Alive:/i);
  }
});

test('openServer() echoes HTTP/1.0 and closes unless asked to keep the connection', async () => {
  await using one = await running();
  using plain = new Client(one.server.port).send('GET /ok.html HTTP/1.0\r\n\r\n');
  await plain.closed();
  assert.match(plain.received, /^HTTP\/1\.0 200 OK\r\n[^]*\r\n\r\nOK$/);
  using kept = new Client(one.server.port).send('GET /ok.html HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n');
  await kept.has(/\r\n\r\nOK$/);
  assert.match(kept.received, /\r\nConnection: Keep-Alive\r\n/);
  kept.send('GET /ok.html HTTP/1.0\r\n\r\n');
  await kept.closed();
  assert.equal(kept.received.split('\r\n\r\nOK').length, 3);
});

test('openServer() closes after a refused password, and takes {SHA} ones', async () => {
  const config = { ...INET, username: 'me', password: `{SHA}${sha1('pw')}` };
  await using one = await running(config);
  using refused = new Client(one.server.port).send('GET / HTTP/1.1\r\nHost: \r\n\r\n');
  await refused.closed();
  assert.match(refused.received, /^HTTP\/1\.1 401 Unauthorized\r\n/);
  assert.match(refused.received, /\r\nContent-Length: 137\r\n/);
  using granted = new Client(one.server.port);
  granted.send(
    `GET /ok.html HTTP/1.1\r\nHost: \r\nAuthorization: Basic ${Buffer.from('me:pw').toString('base64')}\r\n\r\n\r\n`,
  );
  await granted.has(/\r\n\r\nOK$/);
});

test('openServer() refuses what is malformed or too large, and goes on', async () => {
  await using one = await running();
  const cases: readonly (readonly [string, RegExp])[] = [
    ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n/],
    ['GET /ok.html\r\n\r\n', /^HTTP\/1\.0 200 /],
    ['POST /RPC2 HTTP/1.1\r\nContent-Length: x\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['POST /RPC2 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 411 /],
    ['POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 411 /],
    ['POST /RPC2 HTTP/1.1\r\nContent-Length: 16777217\r\n\r\n', /^HTTP\/1\.1 413 /],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['CONNECT x:1 HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n', /^HTTP\/1\.1 200 /],
    ['POST /RPC2 HTTP/1.1\r\ncontent-length:3\r\n\r\n<x>', /^HTTP\/1\.1 400 /],
  ];
  for (const [text, expected] of cases) {
    using client = new Client(one.server.port).send(text);
    await client.has(expected);
  }
  assert.deepEqual(one.reports, []);
});

test('openServer() counts bytes, not characters', async () => {
  await using one = await running();
  using client = new Client(one.server.port).send(post(encodeCall('supervisor.startProcess', ['café'])));
  await client.has('</methodResponse>\n');
  const [head = '', body = ''] = client.received.split('\r\n\r\n');
  assert.match(head, new RegExp(`Content-Length: ${body.length}$`, 'm'));
  assert.ok(Buffer.from(body, 'latin1').toString().includes('BAD_NAME: café'));
});

test('openServer() lets a deferred call wait, answer others meanwhile, and finish when its client has left', async () => {
  await using one = await running();
  const { control } = one.fake;
  control.set('solo:solo', { state: 'RUNNING' });
  using gone = new Client(one.server.port);
  const calls = [
    { methodName: 'supervisor.stopProcess', params: ['solo'] },
    { methodName: 'supervisor.startProcess', params: ['solo', false] },
  ];
  gone.send(post(encodeCall('system.multicall', [calls])));
  await until('the stop', () => control.calls.length === 1);
  using other = new Client(one.server.port).send(post(VERSION));
  await other.has('3.0');
  gone.socket.destroy();
  control.set('solo:solo', { state: 'STOPPED' });
  await until('the start', () => control.calls.length === 2);
  assert.deepEqual(one.reports, []);
});

test('openServer() answers pipelined requests one after the other', async () => {
  await using one = await running();
  const { control } = one.fake;
  control.set('solo:solo', { state: 'RUNNING' });
  using client = new Client(one.server.port);
  client.send(
    post(encodeCall('supervisor.stopProcess', ['solo'])) + post(encodeCall('supervisor.startProcess', ['solo', false])),
  );
  await until('the stop', () => control.calls.length > 0);
  assert.deepEqual(control.calls, ['stop solo:solo']);
  control.set('solo:solo', { state: 'STOPPED' });
  await client.has(/<\/methodResponse>[^]*<\/methodResponse>/);
  assert.deepEqual(control.calls, ['stop solo:solo', 'start solo:solo']);
});

test('openServer() refuses junk behind a request, and a body that ends too early, once it is their turn', async () => {
  await using one = await running();
  const { control } = one.fake;
  control.set('solo:solo', { state: 'RUNNING' });
  using behind = new Client(one.server.port).send(
    `${post(encodeCall('supervisor.stopProcess', ['solo']))}junk\r\n\r\n`,
  );
  await until('the stop', () => control.calls.length > 0);
  control.set('solo:solo', { state: 'STOPPED' });
  await behind.closed();
  assert.match(behind.received, /^HTTP\/1\.1 200 OK\r\n[^]*<\/methodResponse>\nHTTP\/1\.1 400 Bad Request\r\n/);
  using half = new Client(one.server.port);
  half.socket.end(post(VERSION).slice(0, -10));
  await half.closed();
  assert.match(half.received, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.deepEqual(one.reports, []);
});

test('openServer() reports an unexpected error and answers 500', async () => {
  const reports: unknown[] = [];
  const opened = await openServer(INET, {
    handler: () => Promise.reject(new Error('boom')),
    notice: () => undefined,
    report: (error) => reports.push(error),
    tell: (_, text) => reports.push(text),
  });
  assert.ok(opened.ok);
  using client = new Client(opened.value.port).send('GET / HTTP/1.1\r\n\r\n');
  await client.has(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
  assert.equal(reports.length, 1);
  await opened.value.close();
});

test('a log tail is chunked for 1.1, plain for 1.0, and ends with the connection', async () => {
  await using one = await running();
  const log = join(dir, 'tail.log');
  writeFileSync(log, 'boo\nboo\n');
  one.fake.control.set('solo:solo', { stdoutLog: log });
  using chunked = new Client(one.server.port).send(
    'GET /logtail/solo/stdout HTTP/1.1\r\nHost: \r\nAccept: */*\r\n\r\n\r\n',
  );
  using plain = new Client(one.server.port).send('GET /logtail/solo HTTP/1.0\r\n\r\n');
  using closing = new Client(one.server.port).send('GET /logtail/solo HTTP/1.1\r\nConnection: close\r\n\r\n');
  await chunked.has('\r\n\r\n8\r\nboo\nboo\n\r\n');
  assert.match(chunked.received, /\r\nTransfer-Encoding: chunked\r\n/);
  assert.match(chunked.received, /\r\nContent-Type: text\/plain;charset=utf-8\r\nX-Accel-Buffering: no\r\n/);
  await plain.has(/^HTTP\/1\.0 200 OK\r\n[^]*\r\n\r\nboo\nboo\n$/);
  await closing.has(/\r\n\r\nboo\nboo\n$/);
  assert.doesNotMatch(closing.received, /Transfer-Encoding/i);
  appendFileSync(log, 'more\n');
  await chunked.has('5\r\nmore\n\r\n');
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'rotated\n');
  await plain.has('more\nrotated\n');
  await chunked.has('8\r\nrotated\n\r\n');
  truncateSync(log, 0);
  await plain.has('==> File truncated <==\n');
  one.fake.control.drop('solo');
  await Promise.all([chunked.closed(), plain.closed(), closing.closed()]);
});

test('a log tail sends headers for an empty file and follows one that grows a lot', async () => {
  await using one = await running();
  const log = join(dir, 'big.log');
  writeFileSync(log, '');
  one.fake.control.set('solo:solo', { stdoutLog: log });
  using client = new Client(one.server.port).send('GET /logtail/solo HTTP/1.0\r\n\r\n');
  await client.has(/\r\n\r\n$/);
  const head = client.received.length;
  writeFileSync(log, 'x'.repeat(3_000_000));
  await until('three megabytes', () => client.received.length === head + 3_000_000);
});

test('close() ends connections and tails, after the answer to shutdown', async () => {
  const one = await running();
  const log = join(dir, 'close.log');
  writeFileSync(log, 'x');
  one.fake.control.set('solo:solo', { stdoutLog: log });
  using tail = new Client(one.server.port).send('GET /logtail/solo HTTP/1.1\r\n\r\n');
  using idle = new Client(one.server.port).send('GET /ok.html HTTP/1.1\r\n\r\n');
  await Promise.all([tail.has('x\r\n'), idle.has('OK')]);
  await one.server.close();
  await Promise.all([tail.closed(), idle.closed()]);
});

test('openServer() gives a unix socket its mode, takes over a stale one, and refuses a live one', async () => {
  const config = unixConfig();
  const notices: string[] = [];
  const told: string[] = [];
  const open = (): ReturnType<typeof openServer> =>
    openServer(config, {
      handler: createHandler(fakeRpc().web, config),
      notice: (text) => notices.push(text),
      report,
      tell: (_, text) => told.push(text),
    });
  const first = await open();
  assert.ok(first.ok);
  assert.equal(statSync(config.file).mode & 0o7777, 0o700);
  assert.deepEqual(await open(), { ok: false, error: { kind: 'in-use' } });
  using client = new Client(config.file).send(post(VERSION));
  await client.has('3.0');
  await first.value.close();
  assert.equal(existsSync(config.file), false);
  // A socket that nobody listens on: bound, renamed, closed.
  const stale = createServer().listen(`${config.file}.old`);
  await once(stale, 'listening');
  renameSync(`${config.file}.old`, config.file);
  stale.close();
  const second = await open();
  assert.ok(second.ok);
  assert.deepEqual(notices, [`Unlinking stale socket ${config.file}`]);
  // A successor's socket is not ours to remove.
  const successor = createServer().listen(`${config.file}.new`);
  await once(successor, 'listening');
  renameSync(`${config.file}.new`, config.file);
  await second.value.close();
  assert.equal(existsSync(config.file), true);
  assert.ok(told.every((text) => !text.startsWith('cannot')));
  successor.close();
  rmSync(config.file, { force: true });
});

test('openServer() makes the file of a unix socket again when somebody removes it, and keeps its connections', async () => {
  const config = unixConfig();
  const told: string[] = [];
  const handler = createHandler(fakeRpc().web, config);
  const tell = (_: string, text: string): number => told.push(text);
  const opened = await openServer(config, { handler, notice: () => undefined, report, tell });
  assert.ok(opened.ok);
  using early = new Client(config.file).send(post(VERSION));
  await early.has('3.0');
  for (let time = 0; time < 3; time += 1) {
    rmSync(config.file);
    await until('the file', () => existsSync(config.file) || undefined);
    assert.equal(statSync(config.file).mode & 0o7777, 0o700);
    using late = new Client(config.file).send(post(VERSION));
    await late.has('3.0');
  }
  assert.deepEqual(told, Array(3).fill(`the socket ${config.file} was removed; making it again`));
  const seen = early.received.length;
  early.send(post(VERSION));
  await until('an answer on the early connection', () => early.received.length > seen || undefined);
  await opened.value.close();
  assert.equal(existsSync(config.file), false);
});

test('openServer() waits for the folder of a socket that went with it', async () => {
  const folder = join(dir, 'cleaned');
  mkdirSync(folder);
  const config = { ...unixConfig(), file: join(folder, 'x.sock') };
  const told: string[] = [];
  const handler = createHandler(fakeRpc().web, config);
  const tell = (_: string, text: string): number => told.push(text);
  const opened = await openServer(config, { handler, notice: () => undefined, report, tell });
  assert.ok(opened.ok);
  rmSync(folder, { recursive: true });
  await until('the message', () => told.length === 2 || undefined);
  assert.equal(told[1], `cannot make the socket ${config.file} again: ENOENT`);
  mkdirSync(folder);
  await until('the file', () => existsSync(config.file) || undefined);
  using late = new Client(config.file).send(post(VERSION));
  await late.has('3.0');
  await opened.value.close();
  assert.equal(existsSync(config.file), false);
});

test('openServer() tells why it cannot open', async () => {
  const options = { handler: () => Promise.reject(new Error('asked')), notice: () => undefined, report, tell: report };
  const file = unixConfig();
  writeFileSync(file.file, 'precious');
  assert.deepEqual(await openServer(file, options), { ok: false, error: { kind: 'error', code: 'EEXIST' } });
  const long = { ...unixConfig(), file: join(dir, 'x'.repeat(108 - dir.length)) };
  assert.deepEqual(await openServer(long, options), { ok: false, error: { kind: 'error', code: 'ENAMETOOLONG' } });
  const missing = { ...unixConfig(), file: join(dir, 'none', 'x.sock') };
  const refused = await openServer(missing, options);
  assert.ok(!refused.ok && refused.error.kind === 'error');
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const address = busy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  assert.deepEqual(await openServer({ ...INET, port }, options), { ok: false, error: { kind: 'in-use' } });
  busy.close();
});

test('openServer() answers 2000 mutated requests with well-formed answers, or closes', async () => {
  await using one = await running();
  const whole = Buffer.from(post(VERSION, 'Connection: close\r\n'));
  const mutated = fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });
  const answerTo = async (data: Uint8Array): Promise<string> => {
    using client = new Client(one.server.port);
    client.socket.end(data);
    await client.closed();
    return client.received;
  };
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutated, { minLength: 20, maxLength: 20 }), async (batch) => {
      const answers = await Promise.all(
        batch.map((changes) => {
          const data = Buffer.from(whole);
          for (const { at, byte } of changes) data[at] = byte;
          return answerTo(data);
        }),
      );
      for (const text of answers) {
        seen += 1;
        if (text !== '') assert.match(text, /^HTTP\/1\.[01] [1-5]\d\d [A-Za-z ]+\r\n[^]*\r\n\r\n/);
        assert.doesNotMatch(text, /^HTTP\/1\.[01] 5/);
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(seen >= 2000);
  assert.deepEqual(one.reports, []);
  using client = new Client(one.server.port).send(post(VERSION));
  await client.has('3.0');
});

test('logReader reads files, finds devices empty and refuses directories', () => {
  const path = join(dir, 'read.log');
  writeFileSync(path, '0123456789');
  const opened = logReader.open(path);
  assert.ok(opened.ok);
  {
    using log = opened.value;
    assert.equal(log.stat().size, 10);
    assert.equal(log.stat().identity, logReader.identity(path));
    assert.equal(Buffer.from(log.read(8, 100)).toString(), '89');
  }
  const device = logReader.open('/dev/null');
  assert.ok(device.ok);
  {
    using log = device.value;
    assert.equal(log.stat().size, 0);
  }
  assert.deepEqual(logReader.open(dir), { ok: false, error: 'failed' });
  assert.deepEqual(logReader.open(join(dir, 'nothing')), { ok: false, error: 'missing' });
  assert.equal(logReader.identity(join(dir, 'nothing')), undefined);
});

test('sha1() and randomToken() are what they say', () => {
  assert.equal(sha1('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d');
  assert.match(randomToken(), /^[0-9a-f]{32}$/);
  assert.notEqual(randomToken(), randomToken());
});
