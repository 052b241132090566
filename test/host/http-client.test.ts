import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createRawServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { connect, isLocal } from '../../src/host/http-client.ts';

const nobody = { username: undefined, password: undefined } as const;

/** Listens on a unix socket of its own until the test ends. @returns its URL */
async function listen(t: TestContext, server: Server): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'superctl-'));
  const path = join(dir, 's.sock');
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(path, () => resolve(undefined));
  await promise;
  t.after(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return `unix://${path}`;
}

const serve = (t: TestContext, handle: RequestListener): Promise<string> => listen(t, createServer(handle));
/** Answers every connection with these bytes, and hangs up. */
const raw = (t: TestContext, bytes: string): Promise<string> =>
  listen(
    t,
    createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    }),
  );

suite('post()', () => {
  test('posts to /RPC2 with a length and credentials', async (t) => {
    const seen: unknown[] = [];
    const url = await serve(t, (request, response) => {
      const { authorization, host } = request.headers;
      seen.push(request.method, request.url, authorization, host, request.headers['content-length']);
      request.resume().on('end', () => response.end('schön'));
    });
    const answer = await connect({ url, username: 'me', password: 'p:w' }).post('é');
    assert.deepEqual(answer, { ok: true, value: { status: 200, reason: 'OK', body: 'schön' } });
    assert.deepEqual(seen, ['POST', '/RPC2', `Basic ${btoa('me:p:w')}`, 'localhost', '2']);
  });

  test('gives status and reason of other answers, even without a reason', async (t) => {
    const refused = await connect({
      url: await raw(t, 'HTTP/1.1 401 No Entry\r\nContent-Length: 0\r\n\r\n'),
      ...nobody,
    }).post('');
    assert.deepEqual(refused, { ok: true, value: { status: 401, reason: 'No Entry', body: '' } });
    const bare = await connect({ url: await raw(t, 'HTTP/1.0 200\r\n\r\nbody'), ...nobody }).post('');
    assert.deepEqual(bare, { ok: true, value: { status: 200, reason: '', body: 'body' } });
  });

  test('takes an answer in pieces, and no more of it than it says', async (t) => {
    const server = createRawServer((socket) => {
      socket.on('error', () => undefined);
      const pieces = ['HTTP/1.1 2', '00 OK\r', '\ncontent-length: ', '4\r\n\r', '\nfo', 'urfive'];
      const next = (): void => {
        const piece = pieces.shift();
        if (piece !== undefined && !socket.destroyed) socket.write(piece, () => setImmediate(next));
      };
      socket.once('data', next);
    });
    const answer = await connect({ url: await listen(t, server), ...nobody }).post('');
    assert.deepEqual(answer, { ok: true, value: { status: 200, reason: 'OK', body: 'four' } });
  });

  test('does not take half an answer, nor what is none', async (t) => {
    const code = async (bytes: string): Promise<string> => {
      const answer = await connect({ url: await raw(t, bytes), ...nobody }).post('');
      return answer.ok ? `answered ${answer.value.body}` : answer.error.code;
    };
    assert.equal(await code('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhalf'), 'ECONNRESET');
    assert.equal(await code('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf'), 'ECONNRESET');
    assert.equal(await code('HTTP/1.1 200 OK'), 'ECONNRESET');
    assert.equal(await code('SSH-2.0-OpenSSH_9.2\r\n\r\n'), 'EBADMSG');
    assert.equal(await code('x'.repeat(100_000)), 'EBADMSG');
  });

  test('asks in HTTP/1.1, and does not wait for more from one who speaks something else', async (t) => {
    const seen: string[] = [];
    const server = createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        seen.push(data.toString().split('\r\n')[0] ?? '');
        socket.write('220 mail.example.org ESMTP\r\n');
      });
    });
    const answer = await connect({ url: await listen(t, server), ...nobody }).post('');
    assert.equal(answer.ok ? 'answered' : answer.error.code, 'EBADMSG');
    assert.deepEqual(seen, ['POST /RPC2 HTTP/1.1']);
  });

  test('names the errno when nobody answers', async (t) => {
    const code = async (url: string): Promise<string> => {
      const answer = await connect({ url, ...nobody }).post('');
      return answer.ok ? 'answered' : answer.error.code;
    };
    assert.equal(await code('unix:///does/not/exist'), 'ENOENT');
    assert.equal(await code('http://127.0.0.1:1'), 'ECONNREFUSED');
    assert.equal(await code('ftp://x'), 'EPROTONOSUPPORT');
    assert.equal(await code('nonsense'), 'EPROTONOSUPPORT');
    assert.equal(await code(await raw(t, '')), 'ECONNRESET');
  });
});

suite('tail()', () => {
  test('gives chunks as they come and ends with the answer, without asking for the end of the connection', async (t) => {
    const connections: unknown[] = [];
    const url = await serve(t, (request, response) => {
      connections.push(request.headers.connection);
      response.write('one');
      response.end('two');
    });
    const chunks: string[] = [];
    const end = await connect({ url, ...nobody }).tail(
      '/logtail/x/stdout',
      (chunk) => chunks.push(Buffer.from(chunk).toString()),
      new AbortController().signal,
    );
    assert.deepEqual(end, { kind: 'closed' });
    assert.equal(chunks.join(''), 'onetwo');
    assert.deepEqual(connections, ['keep-alive']);
  });

  test('takes a cut connection for the end', async (t) => {
    const url = await raw(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const end = await connect({ url, ...nobody }).tail('/mainlogtail', () => undefined, new AbortController().signal);
    assert.deepEqual(end, { kind: 'closed' });
  });

  test('ends when aborted', async (t) => {
    const url = await serve(t, (_request, response) => response.write('first'));
    const abort = new AbortController();
    const end = await connect({ url, ...nobody }).tail('/mainlogtail', () => abort.abort(), abort.signal);
    assert.deepEqual(end, { kind: 'aborted' });
  });

  test('tells the status of a refusal, and who is not there', async (t) => {
    const url = await serve(t, (_request, response) => response.writeHead(404).end());
    const { signal } = new AbortController();
    assert.deepEqual(await connect({ url, ...nobody }).tail('/x', () => undefined, signal), {
      kind: 'refused',
      status: 404,
    });
    const gone = await connect({ url: 'unix:///nope', ...nobody }).tail('/x', () => undefined, signal);
    assert.equal(gone.kind === 'unreachable' ? gone.error.code : gone.kind, 'ENOENT');
  });
});

test('isLocal() knows sockets and loopback addresses', () => {
  const local = ['unix:///x', 'http://localhost:9001', 'http://127.0.0.1:1', 'http://[::1]:9'];
  assert.deepEqual(local.map(isLocal), [true, true, true, true]);
  assert.deepEqual(['http://10.0.0.1:9001', 'ftp://x', 'http://localhost.example.org'].map(isLocal), [
    false,
    false,
    false,
  ]);
});
