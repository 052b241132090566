/** From tables of processes, one after the other, to what each program used meanwhile. */
import { type Bytes, bytes, type Millis } from '../units.ts';
import type { Stat } from './stat.ts';
import { treesOf } from './tree.ts';

export interface Machine {
  /** Ticks of the kernel's clock in a second. */
  readonly ticks: number;
  /** Bytes of a page of memory. */
  readonly page: number;
}

/** What a program and all below it use. */
export interface Reading {
  /** Percent of one core since the table before; undefined: there was none. */
  readonly cpu: number | undefined;
  /** Used so far, as far as it was seen; never falls while the program is the same. */
  readonly cpuSeconds: number;
  readonly rss: Bytes;
  readonly processes: number;
}

interface Seen {
  readonly startTime: number;
  readonly own: number;
}

interface Tree {
  readonly pid: number;
  readonly startTime: number;
  /** Ticks of all that live and of all that were waited for. */
  readonly total: number;
  readonly cpuTicks: number;
}

const totalOf = (stats: readonly Stat[]): number => stats.reduce((sum, { own, reaped }) => sum + own + reaped, 0);

export class Meter {
  readonly #machine: Machine;
  #seen: ReadonlyMap<number, Seen> = new Map();
  #trees: ReadonlyMap<string, Tree> = new Map();
  /** The start of the youngest process of the last table: who is younger did not live then. */
  #youngest = Number.POSITIVE_INFINITY;
  #at: Millis | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * @param roots the pid of each program to its name
   * @param at when the table was read
   */
  read(table: readonly Stat[], roots: ReadonlyMap<number, string>, at: Millis): ReadonlyMap<string, Reading> {
    const before = this.#at;
    const seen = new Map<number, Seen>();
    const trees = new Map<string, Tree>();
    const readings = new Map<string, Reading>();
    const sorted = treesOf(table, roots);
    for (const [pid, name] of roots) {
      const stats = sorted.get(name) ?? [];
      const root = stats.find((stat) => stat.pid === pid);
      if (root === undefined) continue;
      const { used, tree } = this.#grown(name, root, stats);
      trees.set(name, tree);
      for (const { pid: of, startTime, own } of stats) seen.set(of, { startTime, own });
      const span = before === undefined ? 0 : (at - before) / 1000;
      readings.set(name, {
        cpu: span > 0 ? (100 * used) / this.#machine.ticks / span : undefined,
        cpuSeconds: tree.cpuTicks / this.#machine.ticks,
        rss: bytes(stats.reduce((sum, { pages }) => sum + pages, 0) * this.#machine.page),
        processes: stats.length,
      });
    }
    this.#seen = seen;
    this.#trees = trees;
    this.#youngest = table.reduce((last, { startTime }) => Math.max(last, startTime), 0);
    this.#at = at;
    return readings;
  }

  /** What was used before is no more compared with. */
  reset(): void {
    this.#seen = new Map();
    this.#trees = new Map();
    this.#youngest = Number.POSITIVE_INFINITY;
    this.#at = undefined;
  }

  /** What a process had used when it was last seen. One that was overlooked then counts from now. */
  #before({ pid, startTime, own }: Stat): number {
    const old = this.#seen.get(pid);
    if (old?.startTime === startTime) return old.own;
    return startTime < this.#youngest ? own : 0;
  }

  /**
   * The ticks that a tree used since it was last seen. The sum over the tree knows also those who came and went in
   * between, but falls when somebody leaves it without being waited for; what the living used never does. Both are at
   * most what was really used, so the greater one is nearer.
   */
  #grown(name: string, root: Stat, stats: readonly Stat[]): { readonly used: number; readonly tree: Tree } {
    const total = totalOf(stats);
    const { pid, startTime } = root;
    const known = this.#trees.get(name);
    const last = known?.pid === pid && known.startTime === startTime ? known : undefined;
    const totalBefore = last?.total ?? (startTime < this.#youngest ? total : 0);
    const living = stats.reduce((sum, stat) => sum + Math.max(0, stat.own - this.#before(stat)), 0);
    const used = Math.max(total - totalBefore, living);
    // What was used before it was first looked at is known too, but not when.
    const cpuTicks = last === undefined ? total : last.cpuTicks + used;
    return { used, tree: { pid, startTime, total, cpuTicks } };
  }
}
