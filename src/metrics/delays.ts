/** A histogram of delays, as Prometheus wants one: each bucket counts also what is in the smaller ones. */
import type { Millis } from '../units.ts';

/** Upper bounds in seconds; above the last there is one more. */
export const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

export class Delays {
  readonly #counts: number[] = BOUNDS.map(() => 0);
  #count = 0;
  #sum = 0;

  add(delay: Millis): void {
    const inSeconds = Math.max(0, delay) / 1000;
    this.#count += 1;
    this.#sum += inSeconds;
    for (const [index, bound] of BOUNDS.entries()) {
      if (inSeconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  /** Cumulative, in the order of the bounds. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  get count(): number {
    return this.#count;
  }

  /** In seconds. */
  get sum(): number {
    return this.#sum;
  }
}
