/**
 * What is left of a program whose main process has ended: found by the cookie in its environment, or by its session. What
 * was stopped as a group counts as stopped when nothing is left; of any other, what is left is told in the main log.
 */
import type { ProcessConfig } from '../config/model.ts';
import type { MainLog } from '../supervisor/host.ts';
import { millis } from '../units.ts';
import { after } from './clock.ts';
import { commandOf, findMarked, type Marked, startTimeOf } from './identity.ts';
import { monotonic } from './monotonic.ts';

/** How soon it is looked again, doubled each time up to LONGEST_PAUSE_MS. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;
/** What is still there after this long is named in the log. */
const PATIENCE_MS = 500;
/** What survives SIGKILL for so long is not waited for any longer. */
const KILL_PATIENCE_MS = 5000;
/** The rest of a program that ended by itself may be on its way out too. */
const NOTE_AFTER_MS = 1000;
/** So many processes are named in one line. */
const MAX_NAMED = 10;
const MAX_COMMAND = 60;

/** A main process that has ended. */
export interface Ended {
  /** `group:process`. */
  readonly id: string;
  readonly serial: number;
  readonly pid: number;
  readonly config: ProcessConfig;
}

interface Ending extends Ended {
  readonly since: number;
  readonly done: () => void;
  /** Who has been sent the stop signal, by pid and start time. */
  readonly asked: Set<string>;
  pause: number;
  nextLook: number;
  killedAt: number | undefined;
  isNamed: boolean;
}

interface Note extends Ended {
  readonly due: number;
  readonly wasStopped: boolean;
}

const keyOf = ({ pid, startTime }: Marked): string => `${pid}.${startTime}`;

/** A signal for exactly this process; one that is gone needs none. */
function send({ pid, startTime }: Marked, signal: number): void {
  if (startTimeOf(pid) !== startTime) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ends at this very moment, or may not be signalled; then it is found again, and named.
  }
}

export class Leftovers {
  readonly #prefix: string;
  readonly #log: MainLog;
  readonly #endings = new Map<string, Ending>();
  readonly #notes = new Map<string, Note>();
  /** Notes wait for each other: however many programs end, it is looked once in NOTE_AFTER_MS on their account. */
  #nextNotes = 0;
  /** What was told of each slot, so that it is told once. */
  readonly #told = new Map<string, ReadonlySet<string>>();
  #timer: { readonly at: number } | undefined;

  /** @param mark begins the cookie of every child of this state directory */
  constructor(mark: string, log: MainLog) {
    this.#prefix = `${mark}:`;
    this.#log = log;
  }

  /**
   * The rest of a program that is stopped as a group gets the stop signal too, as far as it has not had it.
   * @param mode 'kill': its time is over already
   * @param done is called once: when nothing is left, or what is left survives SIGKILL
   */
  end(ended: Ended, mode: 'polite' | 'kill', done: () => void): void {
    const since = monotonic();
    this.#endings.set(ended.id, {
      ...ended,
      since,
      done,
      asked: new Set(),
      pause: FIRST_PAUSE_MS,
      nextLook: since,
      killedAt: mode === 'kill' ? since : undefined,
      isNamed: false,
    });
    this.#arm();
  }

  /** The time to stop is over. @returns whether this main process has ended and something of it is waited for */
  kill(pid: number): boolean {
    const ending = [...this.#endings.values()].find((one) => one.pid === pid);
    if (ending === undefined) return false;
    ending.killedAt ??= monotonic();
    ending.nextLook = 0;
    ending.pause = FIRST_PAUSE_MS;
    this.#arm();
    return true;
  }

  /** What is left of any other program is told a little later. */
  note(ended: Ended, wasStopped: boolean): void {
    this.#notes.set(ended.id, { ...ended, wasStopped, due: monotonic() + NOTE_AFTER_MS });
    this.#arm();
  }

  /** What was to be told later is told now. */
  close(): void {
    if (this.#notes.size > 0) this.#tellNotes(this.#look([]), Number.POSITIVE_INFINITY);
    this.#endings.clear();
  }

  #arm(): void {
    let at = Number.POSITIVE_INFINITY;
    for (const { due } of this.#notes.values()) at = Math.min(at, Math.max(due, this.#nextNotes));
    for (const { nextLook } of this.#endings.values()) at = Math.min(at, nextLook);
    if (!Number.isFinite(at) || (this.#timer !== undefined && this.#timer.at <= at)) return;
    const timer = { at };
    this.#timer = timer;
    after(millis(Math.max(0, Math.ceil(at - monotonic()))), () => {
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      this.#turn();
    });
  }

  /** One look at the processes serves everybody whose turn it is. */
  #turn(): void {
    const now = monotonic();
    const endings = [...this.#endings.values()].filter(({ nextLook }) => nextLook <= now);
    const found = this.#look(endings);
    for (const ending of endings) this.#goOn(ending, now, leftOf(ending, found, this.#prefix));
    this.#tellNotes(found, now);
    this.#arm();
  }

  #look(endings: readonly Ending[]): readonly Marked[] {
    return findMarked(this.#prefix, new Set([...endings, ...this.#notes.values()].map(({ pid }) => pid)));
  }

  #goOn(ending: Ending, now: number, left: readonly Marked[]): void {
    if (left.length === 0) return this.#done(ending);
    const { config, killedAt, asked } = ending;
    if (killedAt === undefined) {
      for (const one of left) {
        if (asked.has(keyOf(one))) continue;
        asked.add(keyOf(one));
        if (!config.stopasgroup || one.group !== ending.pid) send(one, config.stopsignal);
      }
    } else {
      if (now - killedAt > KILL_PATIENCE_MS) {
        this.#log.log('critical', `stopped ${config.name}, but SIGKILL did not end ${named(left)}`);
        return this.#done(ending);
      }
      for (const one of left) send(one, 9);
    }
    if (!ending.isNamed && now - ending.since > PATIENCE_MS) {
      ending.isNamed = true;
      this.#log.log('info', `waiting for what is left of ${config.name}: ${named(left)}`);
    }
    ending.nextLook = now + ending.pause;
    ending.pause = Math.min(LONGEST_PAUSE_MS, ending.pause * 2);
  }

  #done(ending: Ending): void {
    this.#endings.delete(ending.id);
    ending.done();
  }

  #tellNotes(found: readonly Marked[], now: number): void {
    const due = [...this.#notes.values()].filter((note) => note.due <= now);
    if (due.length > 0) this.#nextNotes = now + NOTE_AFTER_MS;
    for (const note of due) {
      this.#notes.delete(note.id);
      const left = leftOf(note, found, this.#prefix);
      const told = this.#told.get(note.id);
      if (left.length === 0) this.#told.delete(note.id);
      else this.#told.set(note.id, new Set(left.map(keyOf)));
      if (left.some((one) => told?.has(keyOf(one)) !== true)) this.#tell(note, left);
    }
  }

  #tell({ config, wasStopped }: Note, left: readonly Marked[]): void {
    if (wasStopped) {
      return this.#log.log('info', `stopped ${config.name} lives on in part, as it has no killasgroup: ${named(left)}`);
    }
    this.#log.log(
      'warn',
      `${config.name} ended, but lives on in part: ${named(left)}; a program that puts itself into the background cannot be supervised`,
    );
  }
}

/** What belongs to the runs of a slot up to the one that ended. */
function leftOf({ id, serial, pid }: Ended, found: readonly Marked[], prefix: string): readonly Marked[] {
  return found.filter(({ cookie, session, group }) => {
    if (cookie === '') return session === pid || group === pid;
    const [, number, of] = /^(\d+):(.*)$/s.exec(cookie.slice(prefix.length)) ?? [];
    return of === id && Number(number) <= serial;
  });
}

function named(left: readonly Marked[]): string {
  const shown = left.slice(0, MAX_NAMED).map(({ pid }) => `${pid} (${commandOf(pid, MAX_COMMAND)})`);
  const more = left.length > MAX_NAMED ? `, and ${left.length - MAX_NAMED} more` : '';
  return `${left.length === 1 ? 'process' : 'processes'} ${shown.join(', ')}${more}`;
}
