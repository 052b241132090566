/** The newest samples of each process, for sparklines. */
import type { Row } from './levels.ts';
import type { Reading } from './meter.ts';
import type { Recent } from './ports.ts';
import { hundredths } from './series.ts';

const LENGTH = 60;
const NONE: Recent = { cpu: [], rss: [] };

interface Kept {
  readonly cpu: number[];
  readonly rss: number[];
}

export class Recents {
  static readonly length: number = LENGTH;
  #kept = new Map<string, Kept>();

  of(name: string): Recent {
    return this.#kept.get(name) ?? NONE;
  }

  /** @param names of all that are configured; what does not run uses nothing, and who is not named is forgotten */
  add(names: readonly string[], readings: ReadonlyMap<string, Reading>): void {
    const kept = new Map<string, Kept>();
    for (const name of names) {
      const reading = readings.get(name);
      const before = this.#kept.get(name);
      if (before === undefined && reading?.cpu === undefined) continue;
      kept.set(name, extended(before, reading?.cpu ?? 0, reading?.rss ?? 0));
    }
    this.#kept = kept;
  }

  /** A row of the history. */
  addRow({ names, values }: Row): void {
    const inRow = new Set(names);
    for (const [name, before] of this.#kept) if (!inRow.has(name)) extended(before, 0, 0);
    for (const [index, name] of names.entries()) {
      const [cpu = 0, rss = 0] = [...values.subarray(2 * index, 2 * index + 2)].map((value) => value || 0);
      this.#kept.set(name, extended(this.#kept.get(name), cpu, rss));
    }
  }

  clear(): void {
    this.#kept.clear();
  }
}

function extended(kept: Kept = { cpu: [], rss: [] }, cpu: number, rss: number): Kept {
  kept.cpu.push(hundredths(cpu));
  kept.rss.push(rss);
  if (kept.cpu.length > LENGTH) {
    kept.cpu.shift();
    kept.rss.shift();
  }
  return kept;
}
