/** `sessions.json` in the state directory: who is logged in, so that a new brain logs nobody out. */

import { epochMillis } from '../units.ts';
import type { Session, SessionStore } from '../web/sessions.ts';
import { readState, writeState } from './state-file.ts';

const VERSION = 1;

function sessionOf(value: unknown): readonly Session[] {
  if (typeof value !== 'object' || value === null) return [];
  const { id, section, user, print, began, used }: Readonly<Record<string, unknown>> = { ...value };
  if (typeof id !== 'string' || typeof section !== 'string' || typeof user !== 'string') return [];
  if (typeof print !== 'string' || typeof began !== 'number' || typeof used !== 'number') return [];
  return [{ id, section, user, print, began: epochMillis(began), used: epochMillis(used) }];
}

export class SessionFile implements SessionStore {
  readonly #path: string;
  readonly #onProblem: (text: string) => void;
  #problem = '';

  constructor(path: string, onProblem: (text: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  load(): readonly Session[] {
    const state = readState(this.#path, VERSION);
    if (state.ok) {
      const { sessions } = state.value;
      return Array.isArray(sessions) ? sessions.flatMap(sessionOf) : [];
    }
    if (state.error.kind !== 'none') this.#tell(`${state.error.text}: everybody has to log in again`);
    return [];
  }

  save(sessions: readonly Session[]): void {
    const written = writeState(this.#path, { version: VERSION, sessions });
    this.#tell(written.ok ? '' : `${written.error}: sessions end with this superd`);
  }

  /** Once as long as it does not change. */
  #tell(problem: string): void {
    if (problem !== '' && problem !== this.#problem) this.#onProblem(problem);
    this.#problem = problem;
  }
}
