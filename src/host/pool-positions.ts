/** `pools/<name>.json` in the state directory: up to which record of the journal each pool has answered. */
import { join } from 'node:path';
import type { Positions } from '../supervisor/replay.ts';
import { readState, writeState } from './state-file.ts';

const VERSION = 1;
/** Longer names would be no file names. */
const MAX_NAME = 200;
/** A busy pool answers often; its position is written this long after the first change, with all that came meanwhile. */
const BATCH_MS = 250;

export class PoolPositions implements Positions, Disposable {
  readonly #directory: string;
  readonly #onProblem: (text: string) => void;
  readonly #changed = new Map<string, number>();
  /** Whose files a later superd wrote. */
  readonly #left = new Set<string>();
  #lastProblem = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, onProblem: (text: string) => void) {
    this.#directory = directory;
    this.#onProblem = onProblem;
  }

  load(pool: string): number | undefined {
    const state = readState(this.#path(pool), VERSION);
    if (state.ok) {
      const { answered } = state.value;
      return typeof answered === 'number' && Number.isSafeInteger(answered) && answered >= 0 ? answered : undefined;
    }
    if (state.error.kind === 'none') return undefined;
    if (state.error.kind === 'newer') this.#left.add(pool);
    this.#onProblem(`${state.error.text}: pool ${pool} begins with what happens from now on`);
    return undefined;
  }

  save(pool: string, serial: number): void {
    if (this.#left.has(pool)) return;
    this.#changed.set(pool, serial);
    this.#timer ??= setTimeout(() => this.#write(), BATCH_MS).unref();
  }

  [Symbol.dispose](): void {
    this.#write();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [pool, answered] of this.#changed) {
      const written = writeState(this.#path(pool), { version: VERSION, answered });
      const problem = written.ok ? '' : written.error;
      if (problem !== '' && problem !== this.#lastProblem) this.#onProblem(problem);
      this.#lastProblem = problem;
    }
    this.#changed.clear();
  }

  /** Names of pools may hold anything. */
  #path(pool: string): string {
    return join(this.#directory, `${encodeURIComponent(pool).replaceAll('.', '%2E').slice(0, MAX_NAME)}.json`);
  }
}
