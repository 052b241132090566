/** What the events told about each program before it died; by the time crashmail asks, it may run again. */
import type { EpochMillis } from '../units.ts';
import { namespecOf, type StateEvent } from './incident.ts';

/** The current or last run of a program. */
export interface Run {
  readonly startedAt: EpochMillis | undefined;
  /** 0 until RUNNING told. */
  readonly pid: number;
  /** How often it was started again by itself since this listener started. */
  readonly restarts: number;
}

/** Programs remembered at most; the longest unheard-of is forgotten first. */
const MAX_PROGRAMS = 10_000;
const UNKNOWN_RUN: Run = { startedAt: undefined, pid: 0, restarts: 0 };

function during(run: Run, event: StateEvent, at: EpochMillis): Run {
  switch (event.state) {
    case 'STARTING': {
      const again = event.fromState === 'EXITED' || event.fromState === 'BACKOFF';
      return { startedAt: at, pid: 0, restarts: again ? run.restarts + 1 : run.restarts };
    }
    case 'RUNNING':
      return { ...run, startedAt: run.startedAt ?? at, pid: event.pid };
    default:
      return run;
  }
}

const isOver = (state: string): boolean => state === 'EXITED' || state === 'STOPPED' || state === 'FATAL';

export class History {
  readonly #runs = new Map<string, Run>();

  /** Takes note of an event, and tells about the run that it belongs to. */
  note(event: StateEvent, at: EpochMillis): Run {
    const name = namespecOf(event);
    const run = during(this.#runs.get(name) ?? UNKNOWN_RUN, event, at);
    this.#runs.delete(name);
    this.#runs.set(name, isOver(event.state) ? { ...UNKNOWN_RUN, restarts: run.restarts } : run);
    if (this.#runs.size > MAX_PROGRAMS) this.#forgetOldest();
    return run;
  }

  #forgetOldest(): void {
    const [oldest] = this.#runs.keys();
    if (oldest !== undefined) this.#runs.delete(oldest);
  }
}
