/**
 * Processor and memory use of every program: sampled for those who look, and remembered. Nothing is read and no timer
 * runs until somebody looks; from then on it goes on for a day, so that who looks daily sees all of it.
 */
import type { Slot } from '../supervisor/host.ts';
import { type EpochMillis, epochMillis, type Millis, millis, seconds } from '../units.ts';
import { Delays } from './delays.ts';
import type { History } from './history.ts';
import type { Row } from './levels.ts';
import { type Machine, Meter, type Reading } from './meter.ts';
import type { MetricsAccess, Recent, Series, Span, Usage } from './ports.ts';
import { Recents } from './recents.ts';
import { hundredths } from './series.ts';
import type { Stat } from './stat.ts';

/** Reads every process of the machine, without holding others up. */
export type ProcessTable = () => Promise<readonly Stat[]>;

export interface MetricsOptions {
  readonly mode: 'auto' | 'on' | 'off';
  readonly interval: Millis;
}

export interface MetricsPorts {
  /** Every active process; pid 0 for one that does not run. */
  roots(): readonly { readonly slot: Slot; readonly pid: number }[];
  /** 0 when it does not run. */
  pidOf(slot: Slot): number;
  readonly table: ProcessTable;
  readonly machine: Machine;
  readonly history: History;
  /** When somebody last looked, over restarts. */
  readonly looks: { looked(): EpochMillis | undefined; rememberLook(at: EpochMillis): void };
  /** Monotonic. */
  now(): Millis;
  wall(): EpochMillis;
  /** Calls `wake` once after a delay. @returns what takes that back */
  after(delay: Millis, wake: () => void): () => void;
  onProblem(text: string): void;
}

/** With `metrics=auto` sampling ends so long after the last look. */
const LOOK_LASTS = seconds(86_400);
/** A look is written down at most so often. */
const LOOK_NOTED = seconds(3600);
/** Between the first two samples: soon there are numbers. */
const FIRST_GAP = millis(500);
/** Samples are taken a little behind their time: a clock that is being adjusted must not bring them before it. */
const BEHIND = 20;

export const nameOf = ({ group, process }: Slot): string => `${group}:${process}`;

export interface Sample {
  readonly at: EpochMillis;
  /** How long it took to make, mostly waiting. */
  readonly took: Millis;
  readonly readings: ReadonlyMap<string, Reading>;
}

export class Metrics implements MetricsAccess, Disposable {
  readonly #options: MetricsOptions;
  readonly #ports: MetricsPorts;
  readonly #meter: Meter;
  readonly #recents = new Recents();
  /** How late the sampler's timer was: the delay of everything that waits for the event loop. */
  readonly delays: Delays = new Delays();
  #state: 'idle' | 'opening' | 'sampling' | 'closed' = 'idle';
  #opening: Promise<void> | undefined;
  #looked: EpochMillis | undefined;
  #noted: EpochMillis | undefined;
  #sample: Sample | undefined;
  /** The pid behind each reading: another child of the same name has not been sampled yet. */
  #pids: ReadonlyMap<string, number> = new Map();
  /** The time of the last row of the history. */
  #row: EpochMillis | undefined;
  #cancel: () => void = () => undefined;
  #waiters: (() => void)[] = [];

  constructor(options: MetricsOptions, ports: MetricsPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#meter = new Meter(ports.machine);
  }

  get problem(): string | undefined {
    return this.#options.mode === 'off' ? 'metrics=off in [supervisord]: nothing is sampled' : undefined;
  }

  get interval(): Millis {
    return this.#options.interval;
  }

  /** The newest sample; undefined while nothing is sampled. */
  get sample(): Sample | undefined {
    return this.#sample;
  }

  /** At the start of a brain: goes on if somebody looked within the last day. */
  resume(): void {
    if (this.#options.mode === 'off') return;
    if (this.#options.mode === 'auto') {
      this.#looked = this.#ports.looks.looked();
      this.#noted = this.#looked;
      if (!this.#isLookedAt()) return;
    }
    this.#start();
  }

  look(): void {
    if (this.#options.mode === 'off' || this.#state === 'closed') return;
    const now = this.#ports.wall();
    this.#looked = now;
    if (this.#options.mode === 'auto' && (this.#noted === undefined || Math.abs(now - this.#noted) > LOOK_NOTED)) {
      this.#noted = now;
      this.#ports.looks.rememberLook(now);
    }
    this.#start();
  }

  fresh(): Promise<void> {
    this.look();
    const isFresh = this.#sample !== undefined && this.#state === 'sampling';
    if (isFresh || this.#state === 'closed' || this.problem !== undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    return promise;
  }

  usage(slot: Slot): Usage | undefined {
    const name = nameOf(slot);
    const reading = this.#sample?.readings.get(name);
    if (this.#sample === undefined || reading?.cpu === undefined) return undefined;
    if (this.#pids.get(name) !== this.#ports.pidOf(slot)) return undefined;
    const { cpu, rss, processes } = reading;
    return { cpu: hundredths(cpu), rss, processes, at: this.#sample.at };
  }

  recent(slot: Slot): Recent {
    return this.#recents.of(nameOf(slot));
  }

  async series(slot: Slot, span: Span): Promise<Series> {
    if (this.problem === undefined) await this.#open();
    return this.#ports.history.series(nameOf(slot), span, this.#ports.wall());
  }

  [Symbol.dispose](): void {
    this.#state = 'closed';
    this.#cancel();
    this.#wakeAll();
  }

  #isLookedAt(): boolean {
    if (this.#options.mode === 'on') return true;
    return this.#looked !== undefined && Math.abs(this.#ports.wall() - this.#looked) < LOOK_LASTS;
  }

  #start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'opening';
    this.#begin().catch((cause: unknown) => this.#fail(cause));
  }

  async #begin(): Promise<void> {
    await this.#open();
    if (this.#isClosed()) return;
    this.#state = 'sampling';
    this.#meter.reset();
    await this.#pass();
    this.#wait(FIRST_GAP);
  }

  /** Reads what is remembered, once. */
  #open(): Promise<void> {
    const { history } = this.#ports;
    this.#opening ??= history
      .open()
      .then(() => history.newest(Recents.length))
      .then((rows) => this.#seed(rows));
    return this.#opening;
  }

  /** Sparklines go on where an earlier brain left them, unless that is long ago. */
  #seed(rows: readonly Row[]): void {
    const oldest = this.#ports.wall() - Recents.length * this.#options.interval;
    for (const row of rows) if (row.at >= oldest) this.#recents.addRow(row);
    this.#row = rows.at(-1)?.at;
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #wait(delay: Millis): void {
    if (this.#isClosed()) return;
    const due = this.#ports.now() + delay;
    this.#cancel = this.#ports.after(delay, () => {
      this.delays.add(millis(this.#ports.now() - due));
      this.#next().catch((cause: unknown) => this.#fail(cause));
    });
  }

  async #next(): Promise<void> {
    await this.#pass();
    if (this.#isClosed()) return;
    if (this.#isLookedAt()) return this.#wait(this.#untilNext());
    this.#state = 'idle';
    this.#sample = undefined;
    this.#recents.clear();
  }

  /** Samples are taken at multiples of the interval: rows of the history then have one distance, however long a pass is. */
  #untilNext(): Millis {
    const { interval } = this.#options;
    return millis(interval - (this.#ports.wall() % interval) + BEHIND);
  }

  async #pass(): Promise<void> {
    const ports = this.#ports;
    const roots = ports.roots();
    const [at, begun] = [ports.wall(), ports.now()];
    const table = await ports.table();
    if (this.#isClosed()) return;
    const running = roots.filter(({ pid }) => pid > 0);
    const pids = new Map(running.map(({ slot, pid }) => [pid, nameOf(slot)]));
    const readings = this.#meter.read(table, pids, begun);
    this.#pids = new Map(running.map(({ slot, pid }) => [nameOf(slot), pid]));
    const isMeasured = this.#sample !== undefined || [...readings.values()].some(({ cpu }) => cpu !== undefined);
    if (!isMeasured && readings.size > 0) return;
    this.#sample = { at, took: millis(ports.now() - begun), readings };
    this.#recents.add(
      roots.map(({ slot }) => nameOf(slot)),
      readings,
    );
    this.#remember(at, readings);
    this.#wakeAll();
  }

  #remember(at: EpochMillis, readings: Sample['readings']): void {
    const { interval } = this.#options;
    const time = epochMillis(Math.floor(at / interval) * interval);
    if (time === this.#row) return;
    const known = [...readings].flatMap(([name, { cpu, rss }]) => (cpu === undefined ? [] : [{ name, cpu, rss }]));
    if (known.length === 0) return;
    this.#row = time;
    const values = Float32Array.from(known.flatMap(({ cpu, rss }) => [cpu, rss]));
    this.#ports.history.add({ at: time, names: known.map(({ name }) => name), values });
  }

  #wakeAll(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #fail(cause: unknown): void {
    this.#state = 'closed';
    this.#ports.onProblem(`bug: sampling ended: ${cause instanceof Error ? cause.stack : String(cause)}`);
    this.#wakeAll();
  }
}
