/** From points of any times to equal stretches of time for a chart. Pure. */
import { type EpochMillis, epochMillis } from '../units.ts';
import type { Level, Point } from './levels.ts';
import type { Series, Span } from './ports.ts';

/** The most values of one answer. */
export const MAX_POINTS = 2000;

/** The stretches of a series: they begin at multiples of their length, so that a chart does not shift with each look. */
export interface Grid {
  readonly start: EpochMillis;
  readonly step: number;
  readonly count: number;
}

/** @param level which rows there are: nothing finer than its step can be told */
export function gridOf({ seconds, points }: Span, level: Level, now: EpochMillis): Grid {
  const most = Math.min(MAX_POINTS, Math.max(1, Math.floor(points)));
  const step = Math.max(1, Math.ceil((seconds * 1000) / most / level.step)) * level.step;
  const count = Math.min(most, Math.max(1, Math.ceil((seconds * 1000) / step)));
  const end = (Math.floor(now / step) + 1) * step;
  return { start: epochMillis(end - count * step), step, count };
}

/** Finer than the kernel's clock tells it; longer numbers only make long answers. */
export const hundredths = (percent: number): number => Math.round(percent * 100) / 100;

interface Bucket {
  count: number;
  cpu: number;
  cpuMax: number;
  rss: number;
  rssMax: number;
}

export function seriesOf({ start, step, count }: Grid, points: readonly Point[]): Series {
  const buckets: (Bucket | null)[] = Array.from({ length: count }, () => null);
  for (const { at, cpu, cpuMax, rss, rssMax } of points) {
    const index = Math.floor((at - start) / step);
    if (index < 0 || index >= count) continue;
    const bucket = buckets[index] ?? { count: 0, cpu: 0, cpuMax: 0, rss: 0, rssMax: 0 };
    buckets[index] = bucket;
    bucket.count += 1;
    bucket.cpu += cpu;
    bucket.rss += rss;
    bucket.cpuMax = Math.max(bucket.cpuMax, cpuMax);
    bucket.rssMax = Math.max(bucket.rssMax, rssMax);
  }
  const each = (value: (bucket: Bucket) => number): readonly (number | null)[] =>
    buckets.map((bucket) => (bucket === null ? null : value(bucket)));
  return {
    start,
    step: step / 1000,
    cpu: each((bucket) => hundredths(bucket.cpu / bucket.count)),
    cpuMax: each((bucket) => hundredths(bucket.cpuMax)),
    rss: each((bucket) => Math.round(bucket.rss / bucket.count)),
    rssMax: each((bucket) => Math.round(bucket.rssMax)),
  };
}
