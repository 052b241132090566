import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { History, type HistoryStore } from '../../src/metrics/history.ts';
import { type Level, levelsOf, pointOf, type Row } from '../../src/metrics/levels.ts';
import { Metrics, type MetricsOptions } from '../../src/metrics/metrics.ts';
import type { Stat } from '../../src/metrics/stat.ts';
import { type EpochMillis, epochMillis, type Millis, millis, seconds } from '../../src/units.ts';

/** Rows in memory. */
class MemoryStore implements HistoryStore {
  readonly kept: Map<Level, Row[]> = new Map();
  opened = 0;

  open(): Promise<void> {
    this.opened += 1;
    return Promise.resolve();
  }

  of(level: Level): readonly Row[] {
    return this.kept.get(level) ?? [];
  }

  append(level: Level, row: Row): void {
    this.kept.set(level, [...this.of(level), row]);
  }

  newest(level: Level): EpochMillis | undefined {
    return this.of(level).at(-1)?.at;
  }

  async *rows(level: Level, from: EpochMillis): AsyncGenerator<Row> {
    yield* this.of(level).filter(({ at }) => at >= from);
  }

  async points(level: Level, name: string, from: EpochMillis) {
    if (this.opened === 0) return [];
    return this.of(level).flatMap(({ at, names, values }) => {
      const index = names.indexOf(name);
      return at < from || index < 0 ? [] : (pointOf(level, at, values, index * level.width) ?? []);
    });
  }
}

const START = 1_795_340_003_200;
const LEVELS = levelsOf(seconds(5));
const [HOUR, DAY] = LEVELS;
const SLOT = { group: 'g', process: 'p' };

/** A machine with one program, whose time goes on when the test says so. */
class Rig {
  readonly store: MemoryStore;
  readonly metrics: Metrics;
  wall = START;
  pid = 10;
  /** Ticks that the program has used. */
  ticks = 0;
  passes = 0;
  looked: EpochMillis | undefined;
  timer: { readonly at: number; readonly wake: () => void } | undefined;
  readonly problems: string[] = [];

  constructor(options: Partial<MetricsOptions> = {}, store: MemoryStore = new MemoryStore()) {
    this.store = store;
    this.metrics = new Metrics(
      { mode: 'auto', interval: seconds(5), ...options },
      {
        roots: () => [{ slot: SLOT, pid: this.pid }],
        pidOf: () => this.pid,
        table: () => this.#table(),
        machine: { ticks: 100, page: 4096 },
        history: new History(store, LEVELS),
        looks: {
          looked: () => this.looked,
          rememberLook: (at) => {
            this.looked = at;
          },
        },
        now: () => millis(this.wall),
        wall: () => epochMillis(this.wall),
        after: (delay: Millis, wake) => {
          assert.equal(this.timer, undefined, 'two timers');
          this.timer = { at: this.wall + delay, wake };
          return () => {
            this.timer = undefined;
          };
        },
        onProblem: (text) => this.problems.push(text),
      },
    );
  }

  #table(): Promise<readonly Stat[]> {
    this.passes += 1;
    const { pid, ticks } = this;
    return Promise.resolve([{ pid, ppid: 1, session: pid, startTime: pid, own: ticks, reaped: 0, pages: 2 }]);
  }

  /** Lets all that is under way come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  }

  /** Goes to the time of the timer, unless another one is said. */
  async step(at: number | undefined = this.timer?.at): Promise<void> {
    const timer = this.timer ?? assert.fail('no timer');
    this.timer = undefined;
    this.wall = at ?? timer.at;
    timer.wake();
    await this.settle();
  }
}

suite('Metrics', () => {
  test('reads nothing and sets no timer until somebody looks', async () => {
    const rig = new Rig();
    rig.metrics.resume();
    await rig.settle();
    assert.deepEqual([rig.passes, rig.timer, rig.store.opened], [0, undefined, 0]);
    assert.equal(rig.metrics.usage(SLOT), undefined);
    rig.metrics.look();
    await rig.settle();
    assert.equal(rig.passes, 1);
    assert.ok(rig.timer !== undefined);
  });

  test('has numbers half a second after the first look, and rows at multiples of the interval', async () => {
    const rig = new Rig();
    const fresh = rig.metrics.fresh();
    await rig.settle();
    rig.ticks = 25;
    await rig.step();
    await fresh;
    assert.deepEqual(rig.metrics.usage(SLOT), { cpu: 50, rss: 8192, processes: 1, at: START + 500 });
    for (let step = 0; step < 3; step += 1) await rig.step();
    assert.deepEqual(
      rig.store.of(HOUR).map(({ at }) => at % 5000),
      [0, 0, 0, 0],
    );
    assert.equal(new Set(rig.store.of(HOUR).map(({ at }) => at)).size, 4);
    assert.equal(rig.metrics.recent(SLOT).cpu.length, 4);
  });

  test('says nothing of a child that was not sampled yet', async () => {
    const rig = new Rig();
    rig.metrics.look();
    await rig.settle();
    await rig.step();
    rig.pid = 11;
    assert.equal(rig.metrics.usage(SLOT), undefined);
    await rig.step();
    assert.notEqual(rig.metrics.usage(SLOT), undefined);
  });

  test('ends a day after the last look, and begins again with the next', async () => {
    const rig = new Rig();
    rig.metrics.look();
    await rig.settle();
    await rig.step();
    rig.wall += 86_400_000;
    await rig.step(rig.wall);
    assert.equal(rig.timer, undefined);
    assert.equal(rig.metrics.usage(SLOT), undefined);
    const { passes } = rig;
    rig.metrics.look();
    await rig.settle();
    assert.equal(rig.passes, passes + 1);
    assert.equal(rig.store.opened, 1);
  });

  test('writes down that somebody looked, but not each time', () => {
    const rig = new Rig();
    rig.metrics.look();
    assert.equal(rig.looked, START);
    rig.wall += 1_800_000;
    rig.metrics.look();
    assert.equal(rig.looked, START);
    rig.wall += 1_800_001;
    rig.metrics.look();
    assert.equal(rig.looked, rig.wall);
  });

  test('goes on in the next brain when somebody looked within a day, with the sparklines of the last one', async () => {
    const first = new Rig();
    first.metrics.look();
    await first.settle();
    for (let step = 0; step < 5; step += 1) await first.step();
    first.metrics[Symbol.dispose]();
    assert.equal(first.timer, undefined);
    const second = new Rig({}, first.store);
    second.wall = first.wall + 1000;
    second.looked = first.looked;
    second.metrics.resume();
    await second.settle();
    assert.equal(second.passes, 1);
    assert.equal(second.metrics.recent(SLOT).cpu.length, first.store.of(HOUR).length);
    const late = new Rig({}, first.store);
    late.wall = first.wall + 86_400_001;
    late.looked = first.looked;
    late.metrics.resume();
    await late.settle();
    assert.equal(late.passes, 0);
  });

  test('tells history to the first who asks, long after the last look', async () => {
    const first = new Rig();
    first.metrics.look();
    await first.settle();
    for (let step = 0; step < 5; step += 1) await first.step();
    first.metrics[Symbol.dispose]();
    const second = new Rig({}, Object.assign(new MemoryStore(), { kept: first.store.kept }));
    second.wall = first.wall + 1000;
    second.metrics.resume();
    second.metrics.look();
    const { cpu } = await second.metrics.series(SLOT, { seconds: 60, points: 12 });
    assert.equal(cpu.filter((value) => value !== null).length, first.store.of(HOUR).length);
  });

  test('samples from the start with on, and never with off', async () => {
    const on = new Rig({ mode: 'on' });
    on.metrics.resume();
    await on.settle();
    assert.equal(on.passes, 1);
    assert.equal(on.metrics.problem, undefined);
    const off = new Rig({ mode: 'off' });
    off.metrics.resume();
    off.metrics.look();
    await off.metrics.fresh();
    assert.equal(off.passes, 0);
    assert.match(off.metrics.problem ?? '', /metrics=off/);
  });

  test('lets nobody wait when it is closed, and does nothing any more', async () => {
    const rig = new Rig();
    const fresh = rig.metrics.fresh();
    rig.metrics[Symbol.dispose]();
    await fresh;
    await rig.settle();
    assert.deepEqual([rig.passes, rig.timer], [0, undefined]);
    rig.metrics.look();
    await rig.metrics.fresh();
    assert.equal(rig.passes, 0);
  });

  test('goes on when the clock on the wall jumps back', async () => {
    const rig = new Rig();
    rig.metrics.look();
    await rig.settle();
    for (let step = 0; step < 3; step += 1) await rig.step();
    const rows = rig.store.of(HOUR).length;
    rig.wall -= 3_600_000;
    await rig.step(rig.wall);
    await rig.step();
    assert.ok(rig.store.of(HOUR).length > rows);
    assert.deepEqual(rig.problems, []);
  });
});

suite('History', () => {
  const row = (at: number, cpu: number): Row => ({
    at: epochMillis(at * 1000),
    names: ['g:p'],
    values: Float32Array.from([cpu, 100 * cpu]),
  });

  test('sums up again, after a restart, what the brain before had not summed up', async () => {
    const store = new MemoryStore();
    const before = new History(store, LEVELS);
    await before.open();
    for (let at = 0; at < 125; at += 5) before.add(row(at, at < 60 ? 1 : 3));
    assert.deepEqual(
      store.of(DAY).map(({ at, values }) => [at / 1000, values[0]]),
      [
        [0, 1],
        [60, 3],
      ],
    );
    const after = new History(store, LEVELS);
    await after.open();
    for (let at = 125; at < 185; at += 5) after.add(row(at, 7));
    const [, , third] = store.of(DAY);
    assert.equal(third?.at, 120_000);
    assert.ok(Math.abs((third?.values[0] ?? 0) - (3 + 11 * 7) / 12) < 1e-5);
  });

  test('fills a series of a day from minutes, and its end from samples', async () => {
    const store = new MemoryStore();
    const history = new History(store, LEVELS);
    await history.open();
    for (let at = 0; at < 150; at += 5) history.add(row(at, 2));
    const { start, step, cpu } = await history.series('g:p', { seconds: 86_400, points: 1440 }, epochMillis(150_000));
    assert.equal(step, 60);
    assert.equal(cpu.length, 1440);
    assert.deepEqual(cpu.slice(-4), [null, 2, 2, 2]);
    assert.equal(start + 1440 * 60_000, 180_000);
  });
});
