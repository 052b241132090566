/** What all programs use now, as an event of the stream; encoded once for everybody who follows it. */
import type { MetricsAccess } from '../../metrics/ports.ts';
import { formatNamespec } from '../../process/namespec.ts';
import type { Control } from '../../supervisor/control.ts';
import { type EpochMillis, epochMillis } from '../../units.ts';
import { jsonText } from './answers.ts';

export interface UsageEvent {
  /** When the newest of it was measured. */
  readonly at: EpochMillis;
  readonly text: string;
}

const NONE: UsageEvent = { at: epochMillis(0), text: '' };
/** It is put together anew this often at most, however many follow. */
const FRESH_MS = 1000;

export class UsageFeed {
  readonly #control: Control;
  readonly #metrics: MetricsAccess;
  #newest: UsageEvent = NONE;
  #madeAt = 0;

  constructor(control: Control, metrics: MetricsAccess) {
    this.#control = control;
    this.#metrics = metrics;
  }

  /** Percent of one processor and bytes of each program that was measured: `{"web:a": [1.5, 20480000]}`. */
  newest(): UsageEvent {
    const now = this.#control.wall();
    if (Math.abs(now - this.#madeAt) < FRESH_MS) return this.#newest;
    this.#madeAt = now;
    this.#metrics.look();
    let at = NONE.at;
    const all: [name: string, usage: readonly number[]][] = [];
    for (const { slot } of this.#control.groups().flatMap(({ processes }) => processes)) {
      const usage = this.#metrics.usage(slot);
      if (usage === undefined) continue;
      if (usage.at > at) at = usage.at;
      all.push([formatNamespec(slot.group, slot.process), [Math.round(usage.cpu * 10) / 10, usage.rss]]);
    }
    // Not put into an object one by one: a program may be called __proto__.
    if (at > this.#newest.at) {
      this.#newest = { at, text: `event: usage\ndata: ${jsonText(Object.fromEntries(all))}\n\n` };
    }
    return this.#newest;
  }
}
