import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Capture, TailBuffer } from '../../src/logs/capture.ts';
import { cutText, latin1 } from './chunks.ts';

const BEGIN = '<!--XSUPERVISOR:BEGIN-->';
const END = '<!--XSUPERVISOR:END-->';

function capture(max: number, chunks: readonly (string | Uint8Array)[]) {
  const result = { outside: '', inside: '', events: [] as string[], unterminated: [] as number[] };
  const one = new Capture(max, {
    text: (data, where) => {
      if (where === 'outside') result.outside += latin1(data);
      else result.inside += latin1(data);
    },
    captured: (data) => result.events.push(latin1(data)),
    unterminated: (length) => result.unterminated.push(length),
  });
  for (const chunk of chunks) one.write(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
  const beforeEnd = result.outside;
  one.end();
  return { ...result, beforeEnd };
}

test('write() takes what is between the tags out of the log', () => {
  const { outside, inside, events } = capture(100, [`a${BEGIN}b${END}c${BEGIN}${END}d`]);
  assert.deepEqual([outside, inside, events], ['acd', 'b', ['b', '']]);
});

test('write() passes short output on at once', () => {
  assert.equal(capture(100, ['hi\n']).beforeEnd, 'hi\n');
  assert.equal(capture(100, ['hi\n<!-']).beforeEnd, 'hi\n');
});

test('end() gives back a beginning that became no tag', () => {
  assert.equal(capture(100, ['hi <!--XSUPER']).outside, 'hi <!--XSUPER');
});

test('write() finds tags across chunks', () => {
  const { outside, events } = capture(100, Array.from(`a<<!--${BEGIN}b<!--XSUPER${END}c`));
  assert.deepEqual([outside, events], ['a<<!--c', ['b<!--XSUPER']]);
});

test('write() keeps exactly the last bytes of a long capture', () => {
  assert.deepEqual(capture(10, [`${BEGIN}${'x'.repeat(30)}0123456789${END}`]).events, ['0123456789']);
  assert.deepEqual(capture(10, [BEGIN, ...Array.from('abcdefghijklmnopqrstuvwxyz'), END]).events, ['qrstuvwxyz']);
});

test('end() drops an open capture and says so', () => {
  const { outside, events, unterminated } = capture(100, [`a${BEGIN}bcd`]);
  assert.deepEqual([outside, events, unterminated], ['a', [], [3]]);
});

test('write() says the same however the bytes are cut', () => {
  const words = [BEGIN, END, '<!--', '<', 'XSUPERVISOR:', 'text', BEGIN.slice(0, 9), END.slice(9), '\xff'];
  fc.assert(
    fc.property(cutText(words), fc.integer({ min: 1, max: 40 }), ({ text, chunks }, max) => {
      const { beforeEnd: _, ...cut } = capture(max, chunks);
      const { beforeEnd: __, ...whole } = capture(max, [text]);
      assert.deepEqual(cut, whole);
    }),
  );
});

test('TailBuffer keeps the end of all that was added', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.uint8Array({ maxLength: 120 })), (max, chunks) => {
      const buffer = new TailBuffer(max);
      for (const chunk of chunks) buffer.add(chunk);
      const whole = Buffer.concat(chunks);
      const expected = whole.subarray(Math.max(0, whole.length - max));
      assert.equal(buffer.length, expected.length);
      assert.deepEqual(Buffer.from(buffer.take()), Buffer.from(expected));
      assert.equal(buffer.length, 0);
    }),
  );
});
