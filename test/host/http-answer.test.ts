import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Answer } from '../../src/host/http-answer.ts';
import type { HttpAnswer } from '../../src/rpc/client.ts';

/** What is read of a text that comes in pieces of so many bytes; 'open' when the connection had to end for it. */
function read(text: string, size: number): { readonly value: HttpAnswer; readonly at: 'complete' | 'open' } {
  const answer = new Answer();
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length && !answer.isComplete; from += size)
    answer.add(bytes.subarray(from, from + size));
  return { value: answer.value(), at: answer.isComplete ? 'complete' : 'open' };
}

const ok = (body: string): HttpAnswer => ({ status: 200, reason: 'OK', body });
const CHUNKS =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhé\r\n\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\n';

suite('Answer', () => {
  test('is the same in pieces of any size', () => {
    for (let size = 1; size <= CHUNKS.length; size += 1) {
      assert.deepEqual(read(CHUNKS, size), { value: ok('hé\r\n0123456789'), at: 'complete' });
      const counted = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef';
      assert.deepEqual(read(counted, size), { value: ok('abc'), at: 'complete' });
      assert.deepEqual(read('HTTP/1.0 200 OK\r\n\r\nabc', size), { value: ok('abc'), at: 'open' });
    }
  });

  test('passes over what only says that the answer is to come', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na';
    for (const size of [1, 7, text.length]) assert.deepEqual(read(text, size), { value: ok('a'), at: 'complete' });
  });

  test('has no body where none can be', () => {
    for (const head of ['204 None', '304 Same'])
      assert.equal(read(`HTTP/1.1 ${head}\r\nContent-Length: 5\r\n\r\n`, 1).at, 'complete');
    assert.deepEqual(read('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 1), { value: ok(''), at: 'complete' });
  });

  test('is cut off when the connection ends before it', () => {
    const end = CHUNKS.indexOf('\r\n0\r\n') + '\r\n0\r\n'.length;
    for (let length = 0; length < end; length += 1)
      assert.throws(() => read(CHUNKS.slice(0, length), 8), { code: 'ECONNRESET' });
  });

  test('refuses what is no HTTP as soon as it is seen', () => {
    for (const text of ['220 mail\r\n', 'S', 'HTTP/2 200', '\r\nHTTP/1.1 200 OK\r\n\r\n'])
      assert.throws(() => new Answer().add(Buffer.from(text)), { code: 'EBADMSG' });
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const bad of ['zz\r\n', '\n', '-1\r\n', '3\r\nabcd\r\n0\r\n', '9'.repeat(5000)])
      assert.throws(() => new Answer().add(Buffer.from(chunked + bad)), { code: 'EBADMSG' });
    assert.throws(() => new Answer().add(Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`)), {
      code: 'EBADMSG',
    });
  });

  test('has a limit', () => {
    const answer = new Answer();
    answer.add(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    const piece = Buffer.alloc(64 * 1024 * 1024);
    for (let count = 0; count < 3; count += 1) answer.add(piece);
    assert.throws(() => answer.add(piece), { code: 'EMSGSIZE' });
  });
});
