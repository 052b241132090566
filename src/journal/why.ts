/**
 * Why is a process in the state that it is in? A few sentences, made from its records and from what is configured: what
 * happened, who wanted it, what comes next. Pure; times are those of the place where it runs.
 */
import { formatNamespec } from '../process/namespec.ts';
import { exitText, type StateName } from '../process/state.ts';
import type { EpochMillis } from '../units.ts';
import type { JournalRecord } from './record.ts';
import { formatCaller, formatClock, formatDay } from './text.ts';

/** What is known of the process beside its records. */
export interface Subject {
  readonly group: string;
  readonly process: string;
  readonly state: StateName;
  readonly pid: number;
  readonly isDisabled: boolean;
  readonly autostart: boolean;
  readonly autorestart: 'always' | 'unexpected' | 'never';
}

/** How many records the story needs at most. */
export const WHY_RECORDS = 500;

type Of<K extends JournalRecord['kind']> = Extract<JournalRecord, { readonly kind: K }>;
type StateRecord = Of<'process-state'>;
type Operator = Of<'operator'>;

const isState = (record: JournalRecord): record is StateRecord => record.kind === 'process-state';
const isOperator = (record: JournalRecord): record is Operator => record.kind === 'operator';
const isDaemon = (record: JournalRecord): record is Of<'daemon'> => record.kind === 'daemon';

/** Calls that do nothing but start. */
const ASKS = /\.start(Process|All)/;
const STARTS = /\.(start(Process|All)|addProcessGroup)|^update$/;
const STOPS = /\.(stop(Process|All)|shutdown|restart$)|^update$/;
/** A process in BACKOFF is stopped by being disabled. */
const GIVES_UP = /\.(stop(Process|All)|disable|shutdown|restart$)|^update$/;

/** Time in words: `at 12:01:03`, with the day when it is another one. */
function when(time: EpochMillis, now: EpochMillis): string {
  const day = formatDay(time) === formatDay(now) ? '' : `${formatDay(time)} `;
  return `${day}${formatClock(time)}`;
}

/** `0.2 s`, `42 s`, `5 min`, `3 h`, `2 d`. */
function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** The records of one process, and questions to them. */
class Story {
  readonly states: readonly StateRecord[];
  readonly #records: readonly JournalRecord[];
  readonly #now: EpochMillis;

  constructor(subject: Subject, records: readonly JournalRecord[], now: EpochMillis) {
    const { group, process } = subject;
    const ofIt = (record: { group: string; process: string }): boolean =>
      record.group === group && record.process === process;
    this.#records = records.filter((record) => !('process' in record) || ofIt(record));
    this.states = this.#records.filter(isState);
    this.#now = now;
  }

  at(time: EpochMillis): string {
    return when(time, this.#now);
  }

  /** The last change to one of these states. */
  last(...to: readonly StateName[]): StateRecord | undefined {
    return this.states.findLast((record) => to.includes(record.to));
  }

  before(record: JournalRecord): StateRecord | undefined {
    return this.states.findLast(({ serial }) => serial < record.serial);
  }

  /** Who asked for a change of state: a call between it and the one before, in which nothing else can have come of it. */
  cause(change: StateRecord, what: RegExp): Operator | undefined {
    const after = this.before(change)?.serial ?? 0;
    return this.#records
      .filter(isOperator)
      .findLast(({ action, serial }) => serial > after && serial < change.serial && what.test(action));
  }

  /** The last change to one of these states that somebody asked for. */
  lastAsked(what: RegExp, ...to: readonly StateName[]): Operator | undefined {
    const changes = this.states.filter((record) => to.includes(record.to));
    return changes.map((change) => this.cause(change, what)).findLast((asked) => asked !== undefined);
  }

  /** A start that was asked for after all that happened to it: it was refused, since it changed nothing. */
  refusedStart(): Operator | undefined {
    const after = Math.max(this.states.at(-1)?.serial ?? 0, this.daemonStarted()?.serial ?? 0);
    return this.#records.filter(isOperator).findLast(({ action, serial }) => serial > after && ASKS.test(action));
  }

  daemonStarted(): Of<'daemon'> | undefined {
    return this.#records.filter(isDaemon).findLast(({ what }) => what === 'started');
  }

  /** Did its stop take too long? */
  wasKilled(after: number): Of<'signal'> | undefined {
    return this.#records
      .filter((record) => record.kind === 'signal')
      .findLast(({ why, serial }) => why === 'kill' && serial > after);
  }

  spawnError(): Of<'spawn-error'> | undefined {
    return this.#records.filter((record) => record.kind === 'spawn-error').at(-1);
  }

  disabled(): JournalRecord | undefined {
    return this.#records.findLast(({ kind }) => kind === 'disabled');
  }

  /** `by operator bob via unix_http_server (supervisor.stopProcess) at 12:01:03` */
  who(asked: Operator): string {
    return `by ${formatCaller(asked.by)} (${asked.action}) at ${this.at(asked.at)}`;
  }
}

/** What led to the start that is the last one. */
function startText(story: Story): string {
  const started = story.last('STARTING');
  if (started === undefined) return 'Its start is no longer in the journal.';
  const at = story.at(started.at);
  const previous = story.before(started);
  const asked = story.cause(started, STARTS);
  if (started.from === 'BACKOFF') return `The start at ${at} followed ${started.tries ?? 0} that failed.`;
  if (asked !== undefined) return `It was started ${story.who(asked)}.`;
  if (started.from === 'EXITED' && previous !== undefined) {
    return `It was started again by itself at ${at}, after it ended at ${story.at(previous.at)}${endText(previous)}.`;
  }
  return `It was started at ${at}, as autostart says.`;
}

function endText({ exit, expected, reason }: StateRecord): string {
  const facts = [
    ...(exit === undefined ? [] : [exitText(exit)]),
    ...(expected === undefined ? [] : [expected ? 'expected' : 'not expected']),
    ...(exit === undefined && reason !== undefined ? [reason] : []),
  ];
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}

/** Who or what stopped it, and whether it had to be killed. */
function stopText(story: Story): readonly string[] {
  const stopping = story.last('STOPPING');
  if (stopping === undefined) return [];
  const asked = story.cause(stopping, STOPS);
  const cause =
    asked === undefined ? `It was asked to stop at ${story.at(stopping.at)}.` : `It was stopped ${story.who(asked)}.`;
  const killed = story.wasKilled(stopping.serial);
  const kill = `It did not end in time, so it got SIGKILL at ${killed === undefined ? '' : story.at(killed.at)}.`;
  return killed === undefined ? [cause] : [cause, kill];
}

/** The failed starts before the last change, how they failed, and how fast. */
function failures(story: Story): string {
  const last = story.states.findLastIndex(({ to }) => to === 'BACKOFF');
  const failed: StateRecord[] = [];
  const lengths: number[] = [];
  for (let at = last; at >= 1; at -= 2) {
    const [end, start] = [story.states[at], story.states[at - 1]];
    if (end?.to !== 'BACKOFF' || start?.to !== 'STARTING') break;
    failed.unshift(end);
    lengths.push(end.at - start.at);
    if (start.from !== 'BACKOFF') break;
  }
  const newest = failed.at(-1);
  if (newest === undefined) return 'its start failed';
  const reasons = new Set(failed.map(({ exit, reason = '' }) => (exit === undefined ? reason : exitText(exit))));
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const after = newest.exit === undefined ? '' : ` after ${duration(average)}${failed.length > 1 ? ' each' : ''}`;
  const count = Math.max(failed.length, newest.tries ?? 0);
  const what = count === 1 ? '1 start failed' : `${count} starts in a row failed`;
  return `${what} (${[...reasons].join('; ')}${after}), the last at ${story.at(newest.at)}`;
}

const startHint = (subject: Subject): string => {
  const name = formatNamespec(subject.group, subject.process);
  return subject.isDisabled
    ? `Next: nothing until superctl enable ${name} and superctl start ${name}.`
    : `Next: nothing until superctl start ${name}.`;
};

function stopped(subject: Subject, story: Story): readonly string[] {
  const last = story.states.at(-1);
  const daemon = story.daemonStarted();
  if (last === undefined || (daemon !== undefined && last.serial < daemon.serial)) {
    const since = daemon === undefined ? '' : ` since superd started at ${story.at(daemon.at)}`;
    const cause = subject.isDisabled ? 'it is disabled' : 'its autostart is false';
    const why = subject.isDisabled || !subject.autostart ? `: ${cause}` : '';
    return [`It was not started${since}${why}.`];
  }
  if (last.from === 'BACKOFF') {
    const asked = story.cause(last, GIVES_UP);
    const who = asked === undefined ? `at ${story.at(last.at)}` : story.who(asked);
    return [`It was stopped ${who}, while it waited for its next start.`];
  }
  const lasted = last.exit === undefined ? '' : ` It ended at ${story.at(last.at)}${endText(last)}.`;
  const [cause = 'It was stopped.', ...rest] = stopText(story);
  return [`${cause}${lasted}`, ...rest];
}

function exited(subject: Subject, story: Story): readonly string[] {
  const end = story.last('EXITED');
  const start = story.last('STARTING');
  if (end === undefined) return ['How it ended is no longer in the journal.', startHint(subject)];
  const ran = start === undefined ? '' : ` after ${duration(end.at - start.at)}`;
  const again = subject.autorestart === 'always' || (subject.autorestart === 'unexpected' && end.expected !== true);
  const next = again && !subject.isDisabled ? 'Next: it is started again by itself.' : startHint(subject);
  return [`It ended by itself at ${story.at(end.at)}${ran}${endText(end)}.`, next];
}

function sentences(subject: Subject, story: Story): readonly string[] {
  switch (subject.state) {
    case 'STARTING':
      return [startText(story), 'Next: it is RUNNING when it has stayed up for startsecs.'];
    case 'RUNNING':
      return [startText(story)];
    case 'BACKOFF':
      return [`${capital(failures(story))}.`, 'Next: it is started again by itself, a little later each time.'];
    case 'STOPPING':
      return [...stopText(story), 'Next: SIGKILL, if it does not end within stopwaitsecs.'];
    case 'STOPPED':
      return [...stopped(subject, story), startHint(subject)];
    case 'EXITED':
      return exited(subject, story);
    case 'FATAL':
      return [`${capital(failures(story))}: that was one more than startretries allows.`, startHint(subject)];
    case 'UNKNOWN':
      return ['superd could not find out what became of it.', startHint(subject)];
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const REST: readonly StateName[] = ['STOPPED', 'EXITED', 'FATAL'];

/** The last things that somebody did, where they are not told already. */
function lastActions({ state }: Subject, story: Story): readonly string[] {
  const start = story.lastAsked(STARTS, 'STARTING');
  const stop = story.lastAsked(STOPS, 'STOPPING', 'STOPPED');
  const isToldStart = state === 'RUNNING' || state === 'STARTING';
  const refused = REST.includes(state) ? story.refusedStart() : undefined;
  const isToldStop = state === 'STOPPED' || state === 'STOPPING';
  return [
    ...(refused === undefined ? [] : [`A start was asked for ${story.who(refused)}, and refused.`]),
    ...(start === undefined || isToldStart ? [] : [`Last started ${story.who(start)}.`]),
    ...(stop === undefined || isToldStop ? [] : [`Last stopped ${story.who(stop)}.`]),
  ];
}

/**
 * Explains, one sentence a line.
 * @param records those that concern the process, oldest first
 */
export function explain(subject: Subject, records: readonly JournalRecord[], now: EpochMillis): readonly string[] {
  const { group, process, state, pid } = subject;
  const story = new Story(subject, records, now);
  const daemon = story.daemonStarted();
  const change = story.last(state);
  // An earlier daemon knew of it; this one has begun anew.
  const last = state === 'STOPPED' && (daemon?.serial ?? 0) > (change?.serial ?? 0) ? undefined : change;
  const ago = last === undefined ? '' : ` since ${story.at(last.at)}, for ${duration(now - last.at)}`;
  const who = pid > 0 ? ` with pid ${pid}` : '';
  const disabled = story.disabled();
  return [
    `${formatNamespec(group, process)} is ${state}${who}${ago}.`,
    ...sentences(subject, story),
    ...(subject.isDisabled
      ? [`It is disabled${disabled === undefined ? '' : ` since ${story.at(disabled.at)}`}.`]
      : []),
    ...lastActions(subject, story),
  ];
}
