/** What the events told about each program before it died; by the time crashmail asks, it may run again. */
import type { EpochMillis } from '../units.ts';
import { namespecOf, type StateEvent } from './incident.ts';
import type { Moment } from './report.ts';

/** The current or last run of a program, and what came before it. */
export interface Run {
  readonly startedAt: EpochMillis | undefined;
  /** 0 until RUNNING told. */
  readonly pid: number;
  /** How often it was started again by itself since this listener started. */
  readonly restarts: number;
  readonly restartsHour: number;
  readonly restartsDay: number;
  /** Failed starts in a row. */
  readonly tries: number;
  /** The last events, oldest first. */
  readonly timeline: readonly Moment[];
}

/** Programs remembered at most; the longest unheard-of is forgotten first. */
const MAX_PROGRAMS = 10_000;
/** Events of a program that are remembered. */
const MAX_MOMENTS = 12;
/** Restarts of a program whose times are remembered. */
const MAX_RESTARTS = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Past {
  readonly startedAt: EpochMillis | undefined;
  readonly pid: number;
  readonly tries: number;
  readonly restarts: number;
  readonly restartTimes: readonly number[];
  readonly timeline: readonly Moment[];
}
const NO_PAST: Past = { startedAt: undefined, pid: 0, tries: 0, restarts: 0, restartTimes: [], timeline: [] };

function during(past: Past, event: StateEvent, at: EpochMillis): Past {
  switch (event.state) {
    case 'STARTING': {
      const again = event.fromState === 'EXITED' || event.fromState === 'BACKOFF';
      const restartTimes = again ? [...past.restartTimes.slice(1 - MAX_RESTARTS), at] : past.restartTimes;
      return { ...past, startedAt: at, pid: 0, restarts: past.restarts + (again ? 1 : 0), restartTimes };
    }
    case 'RUNNING':
      return { ...past, startedAt: past.startedAt ?? at, pid: event.pid, tries: 0 };
    case 'BACKOFF':
      return { ...past, tries: event.tries };
    default:
      return past;
  }
}

const isOver = (state: string): boolean => state === 'EXITED' || state === 'STOPPED' || state === 'FATAL';

function momentText({ state, pid, expected, tries }: StateEvent): string {
  const facts = [
    ...(pid === 0 ? [] : [`pid ${pid}`]),
    ...(state === 'EXITED' ? [expected ? 'expected' : 'not expected'] : []),
    ...(state === 'BACKOFF' && tries > 0 ? [`${tries} ${tries === 1 ? 'start' : 'starts'} failed`] : []),
  ];
  return facts.length === 0 ? state : `${state} (${facts.join(', ')})`;
}

const since = (times: readonly number[], start: number): number => times.filter((time) => time >= start).length;

export class History {
  readonly #pasts = new Map<string, Past>();

  /** Takes note of an event, and tells about the run that it belongs to. */
  note(event: StateEvent, at: EpochMillis): Run {
    const name = namespecOf(event);
    const before = during(this.#pasts.get(name) ?? NO_PAST, event, at);
    const timeline = [...before.timeline.slice(1 - MAX_MOMENTS), { at, text: momentText(event) }];
    const past = { ...before, timeline };
    this.#pasts.delete(name);
    this.#pasts.set(name, isOver(event.state) ? { ...past, startedAt: undefined, pid: 0 } : past);
    if (this.#pasts.size > MAX_PROGRAMS) this.#forgetOldest();
    return runOf(past, at);
  }

  /** What is known now, for a report that was written before. */
  recall(program: string, at: EpochMillis): Run {
    return runOf(this.#pasts.get(program) ?? NO_PAST, at);
  }

  #forgetOldest(): void {
    const [oldest] = this.#pasts.keys();
    if (oldest !== undefined) this.#pasts.delete(oldest);
  }
}

const runOf = ({ startedAt, pid, tries, restarts, restartTimes, timeline }: Past, at: number): Run => ({
  startedAt,
  pid,
  tries,
  restarts,
  restartsHour: since(restartTimes, at - HOUR),
  restartsDay: since(restartTimes, at - DAY),
  timeline,
});
