/** Waiting for some time, or until told to stop waiting. */
import type { Millis } from '../units.ts';

/** Node fires a longer timer at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Resolves after `time`, or at once when `abort` is aborted; it may be early for waits of more than 24 days. */
export function pause(time: Millis, abort: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(time, LONGEST_TIMER));
  const stop = (): void => {
    clearTimeout(timer);
    resolve();
  };
  if (abort.aborted) stop();
  abort.addEventListener('abort', stop, { once: true });
  return promise.finally(() => abort.removeEventListener('abort', stop));
}
