import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog, MAX_BACKLOG } from '../../src/logs/backlog.ts';
import { backupNumbers, planRotation, rotationThreshold } from '../../src/logs/rotation.ts';
import { bytes } from '../../src/units.ts';

test('rotationThreshold() is never reached with maxbytes 0', () => {
  assert.equal(rotationThreshold({ maxbytes: bytes(0), backups: 1 }), Infinity);
  assert.equal(rotationThreshold({ maxbytes: bytes(10), backups: 1 }), 10);
});

const shift = (backups: number, taken: readonly number[]): readonly string[] =>
  planRotation('/l', { maxbytes: bytes(1), backups }, taken).map(({ from, to }) => `${from} ${to}`);

test('planRotation() moves the oldest first and overwrites the last', () => {
  assert.deepEqual(shift(3, [1, 2, 3, 4]), ['/l.2 /l.3', '/l.1 /l.2', '/l /l.1']);
});

test('planRotation() keeps gaps and counts numbers as numbers', () => {
  assert.deepEqual(shift(20, [10, 2]), ['/l.10 /l.11', '/l.2 /l.3', '/l /l.1']);
  assert.deepEqual(shift(1_000_000_000, []), ['/l /l.1']);
});

test('planRotation() renames nothing without backups', () => {
  assert.deepEqual(shift(0, [1]), []);
});

test('backupNumbers() reads canonical numbers only', () => {
  const names = ['l', 'l.1', 'l.10', 'l.01', 'l.0', 'l.', 'l.x', 'l.1.gz', 'll.3', 'l.9999999999'];
  assert.deepEqual(backupNumbers('l', names), [1, 10]);
});

test('Backlog gives back what was added, in order, and counts the rest', () => {
  const backlog = new Backlog();
  backlog.add(Buffer.from('abc'));
  backlog.add(Buffer.from('def'));
  const seen: string[] = [];
  backlog.drain((data) => {
    seen.push(Buffer.from(data).toString());
    return 2;
  });
  backlog.add(Buffer.from('g'));
  backlog.drain((data) => {
    seen.push(Buffer.from(data).toString());
    return data.length;
  });
  assert.deepEqual([seen, backlog.length, backlog.dropped], [['abcdef', 'cdefg'], 0, 0]);
});

test('Backlog has one gap: after the first dropped byte it takes nothing more', () => {
  const backlog = new Backlog();
  backlog.add(new Uint8Array(MAX_BACKLOG - 1));
  backlog.add(new Uint8Array(3));
  assert.deepEqual([backlog.length, backlog.dropped], [MAX_BACKLOG, 2]);
  backlog.drain(() => 10);
  backlog.drain(() => 0);
  backlog.add(new Uint8Array(1));
  assert.deepEqual([backlog.length, backlog.dropped], [MAX_BACKLOG - 10, 3]);
  backlog.clear();
  assert.deepEqual([backlog.length, backlog.dropped], [0, 0]);
});

test('Backlog makes room at its end', () => {
  const backlog = new Backlog();
  backlog.add(new Uint8Array(MAX_BACKLOG).fill(1));
  backlog.drain(() => MAX_BACKLOG - 2);
  backlog.add(Uint8Array.of(2, 3));
  const seen: number[] = [];
  backlog.drain((data) => seen.push(...data));
  assert.deepEqual([seen, backlog.length], [[1, 1, 2, 3], 0]);
});
