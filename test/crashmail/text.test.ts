import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duration, LINE_LENGTH, lastLines, oneLine } from '../../src/crashmail/text.ts';

test('oneLine() lets nothing through that could end a header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(oneLine(text), /[\p{Cc}\p{Zl}\p{Zp}]/u);
      assert.ok(oneLine(text).isWellFormed());
    }),
  );
  assert.equal(oneLine('x\r\nBcc: evil@example.com'), 'x\ufffd\ufffdBcc: evil@example.com');
});

test('oneLine() caps a name of 100,000 characters', () => {
  assert.ok(oneLine('🐟'.repeat(100_000)).length <= 202);
});

test('lastLines() gives the last lines without the blank end', () => {
  assert.deepEqual(lastLines('a\nb\nc\n\n', 2), ['b', 'c']);
  assert.deepEqual(lastLines('', 5), []);
  assert.deepEqual(lastLines('a\nb', 0), []);
});

test('lastLines() makes terminals and binary garbage harmless, and keeps tabs', () => {
  assert.deepEqual(lastLines('\u001b[31mred\u001b[0m\tx\n\u001b]0;title\u0007y\nz\0\u0001', 9), [
    'red\tx',
    'y',
    'z\ufffd\ufffd',
  ]);
});

test('lastLines() removes colours also when XML-RPC has replaced ESC', () => {
  assert.deepEqual(lastLines('\ufffd[1;31mred\ufffd[0m \ufffd', 9), ['red \ufffd']);
});

test('lastLines() shows what a progress bar drew last', () => {
  assert.deepEqual(lastLines('10%\r50%\r100%\r\nok\r\n', 9), ['100%', 'ok']);
});

test('lastLines() cuts a line of ten million characters', () => {
  const [line = ''] = lastLines('a'.repeat(10_000_000), 3);
  assert.ok(line.startsWith('a'.repeat(LINE_LENGTH)));
  assert.ok(line.endsWith('(9999000 more)'));
});

test('lastLines() never gives a control character but TAB, whatever the log holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (log) => {
      for (const line of lastLines(log, 50)) assert.doesNotMatch(line, /[^\t\P{Cc}]/u);
    }),
  );
});

test('duration() reads as supervisord writes uptimes', () => {
  assert.equal(duration(153_000), '0:02:33');
  assert.equal(duration(86_400_000 + 3_600_000), '1 day, 1:00:00');
  assert.equal(duration(3 * 86_400_000), '3 days, 0:00:00');
  assert.equal(duration(-5), '0:00:00');
});
