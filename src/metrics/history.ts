/** What programs used, as far back as it is remembered: three levels over files, each coarser one made of the finer. */
import { type EpochMillis, epochMillis } from '../units.ts';
import { type Level, type Levels, type Point, Rollup, type Row } from './levels.ts';
import type { Series, Span } from './ports.ts';
import { gridOf, seriesOf } from './series.ts';

/** Where rows are kept. Never throws: what cannot be kept is reported and lost. */
export interface HistoryStore {
  /** Reads what is there; only after that anything is kept. */
  open(): Promise<void>;
  /** In the order of time. */
  append(level: Level, row: Row): void;
  /** The time of the newest row; undefined: there is none. */
  newest(level: Level): EpochMillis | undefined;
  /** Whole rows from a time on, oldest first. */
  rows(level: Level, from: EpochMillis): AsyncIterable<Row>;
  /** What one program used from a time on, oldest first. */
  points(level: Level, name: string, from: EpochMillis): Promise<readonly Point[]>;
}

export class History {
  readonly #store: HistoryStore;
  readonly #levels: Levels;
  readonly #minutes: Rollup;
  readonly #tens: Rollup;

  constructor(store: HistoryStore, levels: Levels) {
    const [hour, day, week] = levels;
    this.#store = store;
    this.#levels = levels;
    this.#minutes = new Rollup(day, hour);
    this.#tens = new Rollup(week, day);
  }

  /** Goes on where an earlier brain stopped: what it had not summed up yet is read again. */
  async open(): Promise<void> {
    await this.#store.open();
    const [hour, day, week] = this.#levels;
    await this.#sumUp(this.#minutes, hour, day);
    await this.#sumUp(this.#tens, day, week);
  }

  async #sumUp(rollup: Rollup, from: Level, to: Level): Promise<void> {
    const last = this.#store.newest(to);
    const since = epochMillis(last === undefined ? 0 : last + to.step);
    for await (const row of this.#store.rows(from, since)) this.#keep(to, rollup.add(row));
  }

  #keep(level: Level, row: Row | undefined): void {
    if (row !== undefined) this.#store.append(level, row);
  }

  /** A row of the finest level. */
  add(row: Row): void {
    const [hour, day, week] = this.#levels;
    this.#store.append(hour, row);
    const minute = this.#minutes.add(row);
    if (minute === undefined) return;
    this.#store.append(day, minute);
    this.#keep(week, this.#tens.add(minute));
  }

  /** The newest rows of the finest level, at most so many. */
  async newest(count: number): Promise<readonly Row[]> {
    const [hour] = this.#levels;
    const last = this.#store.newest(hour);
    if (last === undefined) return [];
    const rows: Row[] = [];
    for await (const row of this.#store.rows(hour, epochMillis(last - (count - 1) * hour.step))) rows.push(row);
    return rows.slice(-count);
  }

  /** From the finest level that reaches back far enough; what it does not hold yet comes from the finer ones. */
  async series(name: string, span: Span, now: EpochMillis): Promise<Series> {
    const [hour, day, week] = this.#levels;
    const chosen = [hour, day].find(({ keep }) => span.seconds * 1000 <= keep) ?? week;
    const grid = gridOf(span, chosen, now);
    const points: Point[] = [];
    let from = grid.start;
    for (const level of this.#levels.slice(0, this.#levels.indexOf(chosen) + 1).reverse()) {
      const found = await this.#store.points(level, name, from);
      points.push(...found);
      const last = this.#store.newest(level);
      if (last !== undefined) from = epochMillis(Math.max(from, last + level.step));
    }
    return seriesOf(grid, points);
  }
}
