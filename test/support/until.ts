/** Waiting for a condition, never for a time. */
import { setTimeout as pause } from 'node:timers/promises';

/** Far more than anything waited for takes on a busy machine: reaching it means that it will not happen. */
const PATIENCE_MS = 60_000;
const INTERVAL_MS = 25;

/**
 * Asks `probe` again and again until it answers something other than undefined or false.
 * @param what names the condition in the error, and what is known when it never comes true.
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  patience: number = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      throw new Error(`waited ${patience} ms in vain: ${typeof what === 'string' ? what : what()}`);
    }
    await pause(INTERVAL_MS);
  }
}
