import assert from 'node:assert/strict';
import { createServer, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { pump } from '../../src/host/http-stream.ts';
import { millis } from '../../src/units.ts';
import type { Idle, StreamSource } from '../../src/web/exchange.ts';
import { until } from '../support/until.ts';

/** What a test says is what a stream has. */
class Source implements StreamSource {
  readonly pieces: string[] = [];
  wake: () => void = () => undefined;
  asked = 0;
  isDisposed = false;

  next(): Uint8Array | 'end' {
    this.asked += 1;
    const piece = this.pieces.shift() ?? '';
    return piece === 'end' ? 'end' : Buffer.from(piece);
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

class Pushed extends Source {
  readonly idle: Idle;

  constructor(idle: Idle) {
    super();
    this.idle = idle;
  }

  listen(wake: () => void): void {
    this.wake = wake;
  }
}

/** Asks a server that sends the source. */
async function ask(t: TestContext, source: StreamSource, length?: number): Promise<IncomingMessage> {
  const server = createServer((_, response) => {
    if (length !== undefined) response.setHeader('Content-Length', String(length));
    pump(response, source, length);
  });
  const { promise: listening, resolve: begun } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', begun);
  await listening;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get({ port: address.port, agent: false }, resolve).on('error', reject);
  return promise;
}

test('pump() sends what is pushed when it is woken, and asks no more than that', async (t) => {
  const source = new Pushed({ after: millis(60_000), next: () => Buffer.from(':') });
  const response = await ask(t, source);
  let heard = '';
  response.on('data', (piece: Buffer) => {
    heard += piece.toString();
  });
  source.pieces.push('a', 'b');
  for (let count = 0; count < 10; count += 1) source.wake();
  await until('both have come', () => heard === 'ab');
  // At the beginning, for each piece, and once more to find nothing.
  await until('it waits again', () => source.asked === 4);
  source.pieces.push('c', 'end');
  source.wake();
  await until('it has ended', () => response.complete && source.isDisposed);
  assert.equal(heard, 'abc');
});

test('pump() sends what there is to say while nothing happens, and ends with it', async (t) => {
  let beats = 0;
  const next = (): Uint8Array | 'end' => {
    beats += 1;
    // Every other time there is nothing to say.
    return beats > 6 ? 'end' : Buffer.from(beats % 2 === 0 ? '.' : '');
  };
  const source = new Pushed({ after: millis(5), next });
  const response = await ask(t, source);
  assert.equal(await text(response), '...');
  await until('it is disposed of', () => source.isDisposed);
});

test('pump() ends an answer of known length, and the connection when bytes are missing', async (t) => {
  const whole = new Source();
  whole.pieces.push('0123', '456789', 'end');
  assert.equal(await text(await ask(t, whole, 10)), '0123456789');
  const short = new Source();
  short.pieces.push('0123', 'end');
  await assert.rejects(text(await ask(t, short, 10)), /aborted/);
});

test('pump() waits for a client that does not read, and holds nothing meanwhile', async (t) => {
  const source = new Pushed({ after: millis(60_000), next: () => Buffer.from('') });
  const piece = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 200; count += 1) source.pieces.push(piece);
  source.pieces.push('end');
  const response = await ask(t, source);
  response.pause();
  let before = -1;
  await until('it stands still', () => {
    const isStill = before === source.pieces.length;
    before = source.pieces.length;
    return isStill;
  });
  assert.ok(source.pieces.length > 150, `${source.pieces.length} pieces are left`);
  let size = 0;
  for await (const chunk of response) if (Buffer.isBuffer(chunk)) size += chunk.length;
  assert.equal(size, 200 * piece.length);
});
