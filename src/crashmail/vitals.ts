/**
 * Processor and memory use of the programs that run, over the last minutes: a ring for each, of the program and all its
 * descendants. Pure; who reads /proc gives what it read.
 */
import type { Course } from './report.ts';

/** One process of the machine. */
export interface Reading {
  readonly ppid: number;
  /** Processor time used so far, in ticks. */
  readonly ticks: number;
  readonly rssBytes: number;
}

/** Between two looks. */
export const SAMPLE_SECONDS = 5;
/** Looks that are kept: ten minutes. */
const KEPT = 120;
const TICKS_PER_SECOND = 100;
/** Programs that are watched at most. */
const MAX_PROGRAMS = 2000;

interface Watched {
  pid: number;
  /** Ticks of each process of the tree at the last look. */
  ticks: ReadonlyMap<number, number>;
  readonly cpu: number[];
  readonly rss: number[];
}

function childrenOf(readings: ReadonlyMap<number, Reading>): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const [pid, { ppid }] of readings) {
    const known = children.get(ppid);
    if (known === undefined) children.set(ppid, [pid]);
    else known.push(pid);
  }
  return children;
}

export class Vitals {
  readonly #watched = new Map<string, Watched>();
  #lookedAt: number | undefined;

  get isEmpty(): boolean {
    return this.#watched.size === 0;
  }

  /** A program runs, as this process. What is known of its earlier runs is kept. */
  watch(program: string, pid: number): void {
    const known = this.#watched.get(program);
    if (known === undefined) {
      if (this.#watched.size >= MAX_PROGRAMS) return;
      this.#watched.set(program, { pid, ticks: new Map(), cpu: [], rss: [] });
    } else if (known.pid !== pid) {
      known.pid = pid;
      known.ticks = new Map();
    }
  }

  /** It was stopped, and is of no interest until it runs again. */
  forget(program: string): void {
    this.#watched.delete(program);
  }

  /** The processes of a program at the last look, itself included. */
  treeOf(program: string): readonly number[] {
    const known = this.#watched.get(program);
    return known === undefined ? [] : [known.pid, ...known.ticks.keys()];
  }

  /** @param now monotonic milliseconds */
  look(readings: ReadonlyMap<number, Reading>, now: number): void {
    const seconds = this.#lookedAt === undefined ? 0 : (now - this.#lookedAt) / 1000;
    this.#lookedAt = now;
    const children = childrenOf(readings);
    for (const watched of this.#watched.values()) measure(watched, { readings, children, seconds });
  }

  course(program: string): Course {
    const { cpu = [], rss = [] } = this.#watched.get(program) ?? {};
    return { stepSeconds: SAMPLE_SECONDS, cpuPercent: [...cpu], rssBytes: [...rss] };
  }
}

interface Look {
  readonly readings: ReadonlyMap<number, Reading>;
  readonly children: ReadonlyMap<number, readonly number[]>;
  readonly seconds: number;
}

function measure(watched: Watched, { readings, children, seconds }: Look): void {
  if (!readings.has(watched.pid)) return;
  const tree = [watched.pid];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  const ticks = new Map<number, number>();
  let used = 0;
  let rss = 0;
  for (const pid of tree) {
    const reading = readings.get(pid);
    if (reading === undefined) continue;
    ticks.set(pid, reading.ticks);
    // What a process that is new has used, it has used since the last look.
    if (watched.ticks.size > 0) used += Math.max(0, reading.ticks - (watched.ticks.get(pid) ?? 0));
    rss += reading.rssBytes;
  }
  const isFirst = watched.ticks.size === 0;
  watched.ticks = ticks;
  if (seconds <= 0) return;
  watched.cpu.push(isFirst ? 0 : Math.round((used / TICKS_PER_SECOND / seconds) * 1000) / 10);
  watched.rss.push(rss);
  if (watched.cpu.length > KEPT) {
    watched.cpu.shift();
    watched.rss.shift();
  }
}

const BARS = '▁▂▃▄▅▆▇█';

/** Values as a row of bars, at most `width` of them; each bar is the highest of its values. */
export function sparkline(values: readonly number[], width: number): string {
  const highest = Math.max(1e-9, ...values);
  const step = Math.max(1, Math.ceil(values.length / width));
  let bars = '';
  for (let at = 0; at < values.length; at += step) {
    const value = Math.max(...values.slice(at, at + step));
    bars += BARS[Math.min(BARS.length - 1, Math.max(0, Math.round((value / highest) * (BARS.length - 1))))] ?? '';
  }
  return bars;
}
