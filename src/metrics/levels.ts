/** How finely use is remembered, and for how long: the three levels of the history, and how a coarser one is made. */
import { type EpochMillis, epochMillis, type Millis, millis, seconds } from '../units.ts';

export type LevelName = 'hour' | 'day' | 'week';

export interface Level {
  readonly name: LevelName;
  /** The time between two rows. */
  readonly step: Millis;
  readonly keep: Millis;
  /** The part of the space on disk that it may take. */
  readonly share: number;
  /** Numbers of a program in a row: `cpu, rss`, or `cpu, cpuMax, rss, rssMax`. */
  readonly width: 2 | 4;
}

const HOUR = seconds(3600);
const DAY = seconds(86_400);
const MINUTE = seconds(60);

/** The finest first. */
export type Levels = readonly [hour: Level, day: Level, week: Level];

/** @param interval between two samples */
export const levelsOf = (interval: Millis): Levels => [
  { name: 'hour', step: interval, keep: HOUR, share: 1 / 8, width: 2 },
  { name: 'day', step: MINUTE, keep: DAY, share: 1 / 2, width: 4 },
  { name: 'week', step: millis(10 * MINUTE), keep: millis(7 * DAY), share: 3 / 8, width: 4 },
];

/** What all programs used at one time, or in the stretch of time that begins there. */
export interface Row {
  readonly at: EpochMillis;
  readonly names: readonly string[];
  /** As many for each name as the level is wide; NaN: nothing is known. */
  readonly values: Float32Array;
}

/** What one program used in a stretch of time. */
export interface Point {
  readonly at: EpochMillis;
  readonly cpu: number;
  readonly cpuMax: number;
  readonly rss: number;
  readonly rssMax: number;
}

/** The point of a program whose numbers begin at `offset`; undefined: nothing is known. */
export function pointOf({ width }: Level, at: EpochMillis, values: Float32Array, offset = 0): Point | undefined {
  const [a = Number.NaN, b = Number.NaN, c = a, d = b] = values.subarray(offset, offset + width);
  const [cpu, cpuMax, rss, rssMax] = width === 2 ? [a, a, b, b] : [a, b, c, d];
  return Number.isNaN(cpu) || Number.isNaN(rss) ? undefined : { at, cpu, cpuMax, rss, rssMax };
}

interface Sum {
  count: number;
  cpu: number;
  cpuMax: number;
  rss: number;
  rssMax: number;
}

/** Makes rows of a coarser level from those of the finer one, oldest first. */
export class Rollup {
  readonly #level: Level;
  readonly #source: Level;
  #start: EpochMillis | undefined;
  #sums = new Map<string, Sum>();

  constructor(level: Level, source: Level) {
    this.#level = level;
    this.#source = source;
  }

  /** @returns the row of the stretch that this one shows to be over */
  add(row: Row): Row | undefined {
    const start = epochMillis(Math.floor(row.at / this.#level.step) * this.#level.step);
    const done = start === this.#start ? undefined : this.#finish();
    this.#start = start;
    for (const [index, name] of row.names.entries()) {
      const point = pointOf(this.#source, row.at, row.values, index * this.#source.width);
      if (point !== undefined) this.#count(name, point);
    }
    return done;
  }

  #count(name: string, { cpu, cpuMax, rss, rssMax }: Point): void {
    const sum = this.#sums.get(name);
    if (sum === undefined) {
      this.#sums.set(name, { count: 1, cpu, cpuMax, rss, rssMax });
      return;
    }
    sum.count += 1;
    sum.cpu += cpu;
    sum.rss += rss;
    sum.cpuMax = Math.max(sum.cpuMax, cpuMax);
    sum.rssMax = Math.max(sum.rssMax, rssMax);
  }

  #finish(): Row | undefined {
    const sums = this.#sums;
    this.#sums = new Map();
    if (this.#start === undefined || sums.size === 0) return undefined;
    const values = new Float32Array(sums.size * this.#level.width);
    let offset = 0;
    for (const { count, cpu, cpuMax, rss, rssMax } of sums.values()) {
      values.set([cpu / count, cpuMax, rss / count, rssMax], offset);
      offset += this.#level.width;
    }
    return { at: this.#start, names: [...sums.keys()], values };
  }
}
