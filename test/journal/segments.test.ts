import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSegmentName, segmentLimit, segmentName, startOf, superfluous } from '../../src/journal/segments.ts';

test('parseSegmentName() reads what segmentName() writes, and names sort as numbers do', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      assert.equal(parseSegmentName(segmentName(a)), a);
      assert.equal(segmentName(a) < segmentName(b), a < b);
    }),
  );
  for (const other of ['', 'x.journal', '1.journal', '0000000000000001.journal.tmp', '..']) {
    assert.equal(parseSegmentName(other), undefined);
  }
});

test('superfluous() takes the oldest until the rest fits, and never the last', () => {
  const sizes = fc.array(fc.nat(100), { maxLength: 10 });
  fc.assert(
    fc.property(sizes, fc.nat(300), (all, total) => {
      const segments = all.map((size, index) => ({ first: index * 10, size }));
      const gone = superfluous(segments, total);
      assert.deepEqual(gone, segments.slice(0, gone.length));
      const left = segments.slice(gone.length);
      assert.ok(left.length <= 1 || left.reduce((sum, { size }) => sum + size, 0) <= total);
      assert.ok(segments.length === 0 || left.length > 0);
    }),
  );
});

test('startOf() is the segment that holds the serial, or the first that is left', () => {
  assert.equal(startOf([10, 20, 30], 25), 20);
  assert.equal(startOf([10, 20, 30], 30), 30);
  assert.equal(startOf([10, 20, 30], 99), 30);
  assert.equal(startOf([10, 20, 30], 3), 10);
  assert.equal(startOf([], 3), undefined);
});

test('segmentLimit() leaves several segments where there is room', () => {
  assert.equal(segmentLimit(64 * 2 ** 20), 2 ** 20);
  assert.equal(segmentLimit(0), 64 * 1024);
});
