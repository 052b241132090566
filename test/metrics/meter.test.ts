import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Meter } from '../../src/metrics/meter.ts';
import { parseStat, type Stat } from '../../src/metrics/stat.ts';
import { treesOf } from '../../src/metrics/tree.ts';
import { millis } from '../../src/units.ts';

const MACHINE = { ticks: 100, page: 4096 };

/** A process of its own session, unless said otherwise. */
const proc = (pid: number, ppid: number, more: Partial<Stat> = {}): Stat => ({
  pid,
  ppid,
  session: pid,
  startTime: pid,
  own: 0,
  reaped: 0,
  pages: 1,
  ...more,
});

suite('parseStat()', () => {
  const tail = 'S 7 42 42 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 12345 1000000 77 18446744073709551615';

  test('reads the fields behind a name that may hold anything', () => {
    for (const name of ['sleep', 'a b', ') S 1 2 3', '((', '\n']) {
      assert.deepEqual(parseStat(`42 (${name}) ${tail}`), {
        pid: 42,
        ppid: 7,
        session: 42,
        own: 30,
        reaped: 70,
        startTime: 12_345,
        pages: 77,
      });
    }
  });

  test('refuses what is no such line', () => {
    for (const line of ['', '42', '42 (x) S 1', 'x (y) S 7 42 42', `(x) ${tail}`])
      assert.equal(parseStat(line), undefined);
  });
});

suite('treesOf()', () => {
  const roots = new Map([
    [10, 'a'],
    [20, 'b'],
  ]);
  const pids = (trees: ReturnType<typeof treesOf>, name: string): readonly number[] =>
    (trees.get(name) ?? []).map(({ pid }) => pid).toSorted((x, y) => x - y);

  test('finds grandchildren, also those that lead a session of their own', () => {
    const trees = treesOf([proc(13, 12), proc(12, 11), proc(11, 10), proc(10, 2), proc(20, 2), proc(30, 2)], roots);
    assert.deepEqual(pids(trees, 'a'), [10, 11, 12, 13]);
    assert.deepEqual(pids(trees, 'b'), [20]);
  });

  test('finds those whose parent has ended by their session', () => {
    const orphan = proc(15, 1, { session: 10 });
    assert.deepEqual(pids(treesOf([proc(1, 0), proc(10, 2), orphan, proc(16, 15)], roots), 'a'), [10, 15, 16]);
  });

  test('gives a nested program to itself and not to the one above it', () => {
    const trees = treesOf([proc(10, 2), proc(20, 10), proc(21, 20)], roots);
    assert.deepEqual(pids(trees, 'a'), [10]);
    assert.deepEqual(pids(trees, 'b'), [20, 21]);
  });

  test('ends on a table in which parents go in a circle', () => {
    assert.equal(treesOf([proc(3, 4, { session: 4 }), proc(4, 3, { session: 3 })], roots).size, 0);
  });

  test('gives every process to one program at most', () => {
    const table = fc.uniqueArray(
      fc.record({ pid: fc.integer({ min: 1, max: 30 }), ppid: fc.nat(30), session: fc.nat(30) }),
      { selector: ({ pid }) => pid },
    );
    fc.assert(
      fc.property(table, (some) => {
        const trees = treesOf(
          some.map(({ pid, ppid, session }) => proc(pid, ppid, { session })),
          roots,
        );
        const all = [...trees.values()].flat().map(({ pid }) => pid);
        assert.equal(new Set(all).size, all.length);
        for (const [pid, name] of roots) {
          if (some.some((each) => each.pid === pid)) assert.ok(pids(trees, name).includes(pid));
        }
      }),
    );
  });
});

suite('Meter', () => {
  const roots = new Map([[10, 'a']]);
  const at = (seconds: number) => millis(seconds * 1000);

  test('sums up a tree, and tells processor use from the second table on', () => {
    const meter = new Meter(MACHINE);
    const first = meter.read([proc(10, 2, { own: 500 }), proc(11, 10, { own: 100, pages: 3 })], roots, at(0));
    assert.deepEqual(first.get('a'), { cpu: undefined, cpuSeconds: 6, rss: 4 * 4096, processes: 2 });
    const second = meter.read([proc(10, 2, { own: 600 }), proc(11, 10, { own: 250, pages: 3 })], roots, at(5));
    assert.deepEqual(second.get('a'), { cpu: 50, cpuSeconds: 8.5, rss: 4 * 4096, processes: 2 });
  });

  test('counts children that came and went between two tables', () => {
    const meter = new Meter(MACHINE);
    meter.read([proc(10, 2, { own: 10 })], roots, at(0));
    assert.equal(meter.read([proc(10, 2, { own: 20, reaped: 390 })], roots, at(4)).get('a')?.cpu, 100);
  });

  test('does not count twice what a child used before it was waited for', () => {
    const meter = new Meter(MACHINE);
    meter.read([proc(10, 2), proc(11, 10, { own: 300 })], roots, at(0));
    assert.equal(meter.read([proc(10, 2, { reaped: 310 })], roots, at(1)).get('a')?.cpu, 10);
  });

  test('never tells less than nothing when somebody leaves the tree', () => {
    const meter = new Meter(MACHINE);
    meter.read([proc(10, 2), proc(11, 10, { own: 9000 })], roots, at(0));
    const { cpu, cpuSeconds } = meter.read([proc(10, 2, { own: 50 })], roots, at(1)).get('a') ?? assert.fail();
    assert.equal(cpu, 50);
    assert.equal(cpuSeconds, 90.5);
  });

  test('begins anew with another child, even one of the same pid', () => {
    const meter = new Meter(MACHINE);
    meter.read([proc(10, 2, { own: 1000 })], roots, at(0));
    const again = meter.read([proc(10, 2, { own: 30, startTime: 5000 })], roots, at(1));
    assert.deepEqual(again.get('a'), { cpu: 30, cpuSeconds: 0.3, rss: 4096, processes: 1 });
  });

  test('does not take the whole life of one that it overlooked for the last moment', () => {
    const meter = new Meter(MACHINE);
    const others = [proc(99, 1)];
    meter.read(others, roots, at(0));
    assert.equal(meter.read([proc(10, 2, { own: 5000 }), ...others], roots, at(1)).get('a')?.cpu, 0);
    assert.equal(meter.read([proc(10, 2, { own: 5010 }), ...others], roots, at(2)).get('a')?.cpu, 10);
  });

  test('leaves out a program that is gone', () => {
    assert.equal(new Meter(MACHINE).read([proc(11, 10)], roots, at(0)).size, 0);
  });
});
