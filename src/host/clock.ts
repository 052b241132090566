/** Time: the monotonic clock, the clock on the wall, and the one timer of the Loop. */
import type { Clock } from '../supervisor/host.ts';
import { type EpochMillis, epochMillis, type Millis } from '../units.ts';
import { monotonic } from './monotonic.ts';

/** Node fires a longer timer at once; such a wait is split. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class SystemClock implements Clock {
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at: Millis | undefined;

  /** @param wake is called when the time asked for has come */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  now(): Millis {
    return monotonic();
  }

  wall(): EpochMillis {
    return epochMillis(Date.now());
  }

  wakeAt(at: Millis | undefined): void {
    if (at === this.#at && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = at;
    if (at === undefined) return;
    const wait = Math.min(Math.max(0, Math.ceil(at - monotonic())), LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (monotonic() < at) this.wakeAt(at);
      else this.#wake();
    }, wait);
  }
}

/** Calls `wake` once after a delay. @returns what takes that back */
export function after(delay: Millis, wake: () => void): () => void {
  const timer = setTimeout(wake, Math.min(delay, LONGEST_TIMER)).unref();
  return () => clearTimeout(timer);
}
