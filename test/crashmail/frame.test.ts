import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, parseTokens } from '../../src/crashmail/frame.ts';

const event = (payload: string, length = `len:${Array.from(payload).length}`): string =>
  `ver:3.0 server:s serial:21 pool:p poolserial:1 eventname:PROCESS_STATE_EXITED ${length}\n${payload}`;

test('feed() counts characters, not bytes, as supervisord does', () => {
  const frames = new FrameReader().feed(Buffer.from(event('processname:café pid:1 🐟') + event('next')));
  assert.deepEqual(
    frames.map(({ payload }) => payload),
    ['processname:café pid:1 🐟', 'next'],
  );
});

test('feed() counts bytes when the header tells them', () => {
  const frames = new FrameReader().feed(Buffer.from(event('dé', 'len:2 bytes:3') + event('next')));
  assert.deepEqual(
    frames.map(({ payload }) => payload),
    ['dé', 'next'],
  );
});

test('feed() takes an empty payload', () => {
  assert.equal(new FrameReader().feed(Buffer.from(event(''))).length, 1);
});

test('feed() throws when the header has no length, or has no end', () => {
  assert.throws(() => new FrameReader().feed(Buffer.from('hello\n')), /no length/);
  assert.throws(() => new FrameReader().feed(Buffer.from(event('', 'len:-3'))), /no length/);
  assert.throws(() => new FrameReader().feed(Buffer.alloc(70_000, 'a')), /header line/);
});

test('feed() keeps only the beginning of a huge payload and stays in step', () => {
  const frames = new FrameReader().feed(Buffer.from(event('x'.repeat(1_000_000)) + event('next')));
  assert.equal(frames.length, 2);
  assert.ok((frames[0]?.payload.length ?? 0) < 300_000);
  assert.equal(frames[1]?.payload, 'next');
});

test('feed() finds the same events however the bytes are split', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (payloads, cuts) => {
      const wanted = payloads.map((payload) => payload.toWellFormed());
      const all = Buffer.from(wanted.map((payload) => event(payload)).join(''));
      const reader = new FrameReader();
      const got: string[] = [];
      for (let at = 0, turn = 0; at < all.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        got.push(...reader.feed(all.subarray(at, at + size)).map(({ payload }) => payload));
        at += size;
      }
      assert.deepEqual(
        got.map((text) => text.replaceAll('\ufeff', '')),
        wanted.map((text) => text.replaceAll('\ufeff', '')),
      );
    }),
  );
});

test('parseTokens() splits at the first colon and lets the first of equal keys win', () => {
  const tokens = parseTokens('a:1 b:x:y :no plain a:2\nc:');
  assert.deepEqual(
    [...tokens],
    [
      ['a', '1'],
      ['b', 'x:y'],
      ['c', ''],
    ],
  );
});
