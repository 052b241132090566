import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { levelsOf, Rollup, type Row } from '../../src/metrics/levels.ts';
import { gridOf, MAX_POINTS, seriesOf } from '../../src/metrics/series.ts';
import { epochMillis, seconds } from '../../src/units.ts';

const [hour, day, week] = levelsOf(seconds(5));
const row = (at: number, values: Readonly<Record<string, readonly number[]>>): Row => ({
  at: epochMillis(at * 1000),
  names: Object.keys(values),
  values: Float32Array.from(Object.values(values).flat()),
});

suite('Rollup', () => {
  test('gives the mean and the greatest value of a minute when the next one begins', () => {
    const minutes = new Rollup(day, hour);
    assert.equal(minutes.add(row(60, { a: [10, 1000] })), undefined);
    assert.equal(minutes.add(row(65, { a: [30, 3000], b: [1, 1] })), undefined);
    assert.deepEqual(minutes.add(row(120, { a: [5, 5] })), row(60, { a: [20, 30, 2000, 3000], b: [1, 1, 1, 1] }));
    assert.deepEqual(minutes.add(row(200, {})), row(120, { a: [5, 5, 5, 5] }));
    assert.equal(minutes.add(row(300, {})), undefined);
  });

  test('leaves out what is not known', () => {
    const minutes = new Rollup(day, hour);
    minutes.add(row(60, { a: [Number.NaN, Number.NaN], b: [2, 2] }));
    assert.deepEqual(minutes.add(row(120, {})), row(60, { b: [2, 2, 2, 2] }));
  });

  test('keeps the greatest value of all when minutes become ten minutes', () => {
    const tens = new Rollup(week, day);
    tens.add(row(600, { a: [10, 80, 100, 900] }));
    tens.add(row(660, { a: [20, 30, 300, 400] }));
    assert.deepEqual(tens.add(row(1200, {})), row(600, { a: [15, 80, 200, 900] }));
  });
});

suite('gridOf()', () => {
  const now = epochMillis(1_000_003_000);

  test('ends with the stretch that holds now, and begins at a multiple of its length', () => {
    const { start, step, count } = gridOf({ seconds: 3600, points: 720 }, hour, now);
    assert.deepEqual({ step, count }, { step: 5000, count: 720 });
    assert.equal(start % step, 0);
    assert.ok(start + count * step > now && start + (count - 1) * step <= now);
  });

  test('is never finer than the rows, and never longer than what was asked for or is allowed', () => {
    for (const [span, points] of [
      [60, 2000],
      [1, 1],
      [604_800, 7],
      [86_400, 1e9],
      [3600, 0],
    ] as const) {
      for (const level of [hour, day, week]) {
        const { step, count } = gridOf({ seconds: span, points }, level, now);
        assert.equal(step % level.step, 0);
        assert.ok(count >= 1 && count <= Math.min(MAX_POINTS, Math.max(1, points)), `${span} ${points} ${count}`);
      }
    }
  });
});

test('seriesOf() sums up points by their stretch, and knows what it does not know', () => {
  const grid = { start: epochMillis(10_000), step: 10_000, count: 3 };
  const point = (at: number, cpu: number) => ({
    at: epochMillis(at),
    cpu,
    cpuMax: 2 * cpu,
    rss: 10 * cpu,
    rssMax: 20 * cpu,
  });
  const series = seriesOf(grid, [
    point(9999, 99),
    point(10_000, 1),
    point(19_999, 2),
    point(30_000, 4.123),
    point(40_000, 99),
  ]);
  assert.deepEqual(series, {
    start: epochMillis(10_000),
    step: 10,
    cpu: [1.5, null, 4.12],
    cpuMax: [4, null, 8.25],
    rss: [15, null, 41],
    rssMax: [40, null, 82],
  });
});
