import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { logText, MAX_LOG_READ, readLogText, readRange, tailLogText, tailRange } from '../../src/rpc/log-text.ts';
import { MemoryLogs } from '../support/fake-rpc.ts';

const TEN = '0123456789';
const slice = ({ start, end }: { start: number; end: number }): string => TEN.slice(start, end);

test('tailRange() follows the rule of supervisord', () => {
  const cases: readonly (readonly [offset: number, length: number, text: string, overflow: boolean])[] = [
    [0, 100, TEN, false],
    [0, 5, '56789', true],
    [6, 5, '56789', false],
    [10, 5, '', false],
    [20, 5, '', false],
    [-3, 5, '56789', true],
    [0, 0, '', true],
    [3, 6, '456789', true],
  ];
  for (const [offset, length, text, overflow] of cases) {
    const range = tailRange(10, offset, length);
    assert.deepEqual([slice(range), range.overflow], [text, overflow], `${offset}, ${length}`);
  }
});

test('readRange() follows the rule of supervisord', () => {
  const cases: readonly (readonly [offset: number, length: number, text: string | undefined])[] = [
    [-3, 0, '789'],
    [-30, 0, TEN],
    [-3, 1, undefined],
    [0, -1, undefined],
    [4, 0, '456789'],
    [4, 2, '45'],
    [4, 100, '456789'],
    [10, 5, ''],
    [20, 5, ''],
  ];
  for (const [offset, length, text] of cases) {
    const range = readRange(10, offset, length);
    assert.equal(range === undefined ? undefined : slice(range), text, `${offset}, ${length}`);
  }
});

test('tailRange() finds nothing behind the end, even with a negative length', () => {
  assert.deepEqual(tailRange(7, 10, -3), { start: 7, end: 7, overflow: false });
});

test('tailRange() and readRange() stay inside the file', () => {
  const big = fc.integer({ min: -1e12, max: 1e12 });
  fc.assert(
    fc.property(fc.nat(1e9), big, big, (size, offset, length) => {
      for (const range of [tailRange(size, offset, length), readRange(size, offset, length)]) {
        if (range === undefined) continue;
        assert.ok(range.start >= 0 && range.end <= size && range.start <= range.end);
      }
    }),
  );
});

test('logText() drops characters cut by the range and mends the rest', () => {
  const euro = Buffer.from('a€b');
  assert.equal(logText(euro.subarray(2), { before: true, after: false }), 'b');
  assert.equal(logText(euro.subarray(0, 3), { before: false, after: true }), 'a');
  assert.equal(logText(euro.subarray(0, 3), { before: false, after: false }), 'a\ufffd');
  assert.equal(logText(Buffer.from([0x61, 0xff, 0x62]), { before: true, after: true }), 'a\ufffdb');
  assert.equal(logText(Buffer.from([0x80, 0x80]), { before: true, after: true }), '');
  assert.equal(logText(Buffer.from('\ufeffx'), { before: false, after: false }), '\ufeffx');
});

test('logText() of any window holds only whole characters of the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), fc.nat(), (source, from, length) => {
      const data = Buffer.from(source);
      const start = Math.min(from % 50, data.length);
      const end = Math.min(data.length, start + (length % 50));
      const text = logText(data.subarray(start, end), { before: start > 0, after: end < data.length });
      assert.ok(data.toString().includes(text));
    }),
  );
});

test('readLogText() tells missing, broken and senseless apart', () => {
  const logs = new MemoryLogs();
  logs.put('/log', TEN);
  logs.broken.add('/broken');
  assert.deepEqual(readLogText(logs, '/log', { offset: -3, length: 0 }), { ok: true, value: '789' });
  assert.deepEqual(readLogText(logs, '/log', { offset: -3, length: 1 }), { ok: false, error: 'bad-arguments' });
  assert.deepEqual(readLogText(logs, '/none', { offset: 0, length: 0 }), { ok: false, error: 'missing' });
  assert.deepEqual(readLogText(logs, '/broken', { offset: 0, length: 0 }), { ok: false, error: 'failed' });
  assert.equal(logs.open_count, 0);
});

test('readLogText() and tailLogText() read no more than their limit', () => {
  const logs = new MemoryLogs();
  logs.put('/log', Buffer.alloc(MAX_LOG_READ + 3, 'x').fill('y', MAX_LOG_READ));
  const whole = readLogText(logs, '/log', { offset: 0, length: 0 });
  assert.equal(whole.ok && whole.value.length, MAX_LOG_READ);
  const last = readLogText(logs, '/log', { offset: -(2 ** 40), length: 0 });
  assert.ok(last.ok && last.value.length === MAX_LOG_READ && last.value.endsWith('xyyy'));
  const tail = tailLogText(logs, '/log', { offset: 0, length: 2 ** 40 });
  assert.ok(tail.text.length === MAX_LOG_READ && tail.text.endsWith('xyyy'));
});

test('tailLogText() finds a missing log empty', () => {
  assert.deepEqual(tailLogText(new MemoryLogs(), '/none', { offset: 7, length: 5 }), {
    text: '',
    offset: 0,
    overflow: false,
  });
});
