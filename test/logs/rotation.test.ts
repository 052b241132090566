import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog, MAX_BACKLOG } from '../../src/logs/backlog.ts';
import { planRotation, rotationThreshold } from '../../src/logs/rotation.ts';
import { bytes } from '../../src/units.ts';

test('rotationThreshold() is never reached with maxbytes 0', () => {
  assert.equal(rotationThreshold({ maxbytes: bytes(0), backups: 1 }), Infinity);
  assert.equal(rotationThreshold({ maxbytes: bytes(10), backups: 1 }), 10);
});

test('planRotation() moves the oldest first and overwrites the last', () => {
  const plan = planRotation('/l', { maxbytes: bytes(1), backups: 3 });
  assert.deepEqual(
    plan.map(({ from, to }) => `${from} ${to}`),
    ['/l.2 /l.3', '/l.1 /l.2', '/l /l.1'],
  );
});

test('planRotation() renames nothing without backups', () => {
  assert.deepEqual(planRotation('/l', { maxbytes: bytes(1), backups: 0 }), []);
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
  assert.deepEqual([seen, backlog.isEmpty, backlog.dropped], [['abcdef', 'cdefg'], true, 0]);
});

test('Backlog has one gap: after the first dropped byte it takes nothing more', () => {
  const backlog = new Backlog();
  backlog.add(new Uint8Array(MAX_BACKLOG - 1));
  backlog.add(new Uint8Array(3));
  assert.deepEqual([backlog.length, backlog.dropped], [MAX_BACKLOG, 2]);
  backlog.drain(() => 10);
  backlog.add(new Uint8Array(1));
  assert.deepEqual([backlog.length, backlog.dropped], [MAX_BACKLOG - 10, 3]);
  backlog.clear();
  assert.deepEqual([backlog.length, backlog.dropped], [0, 0]);
});
