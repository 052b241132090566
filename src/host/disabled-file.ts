/** `disabled.json` in the state directory: the names of the processes that are to stay down. */
import { fail, type Result } from '../errors.ts';
import { type DisabledStore, MAX_DISABLED } from '../supervisor/disabled.ts';
import { readState, writeState } from './state-file.ts';

const VERSION = 1;

export class DisabledFile implements DisabledStore {
  readonly #path: string;
  readonly #onProblem: (text: string) => void;
  /** Why nothing may be written. */
  #refusal: string | undefined;

  constructor(path: string, onProblem: (text: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  load(): ReadonlySet<string> {
    const state = readState(this.#path, VERSION);
    if (state.ok) {
      const names = state.value['disabled'];
      const texts = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
      return new Set(texts.slice(0, MAX_DISABLED));
    }
    if (state.error.kind === 'none') return new Set();
    if (state.error.kind === 'newer') this.#refusal = state.error.text;
    this.#onProblem(`${state.error.text}: no process counts as disabled`);
    return new Set();
  }

  save(names: ReadonlySet<string>): Result<void, string> {
    if (this.#refusal !== undefined) return fail(this.#refusal);
    return writeState(this.#path, { version: VERSION, disabled: [...names].sort() });
  }
}
