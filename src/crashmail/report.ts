/** A crash report: plain data, as it stands in the outbox. Mails, and whatever comes later, are made of it. */
import type { Incident } from './incident.ts';

/** How the program ended, as far as anybody could tell. */
export type Ending =
  | { readonly kind: 'code'; readonly code: number }
  /** `signal` is '' when only "by a signal" is known. */
  | { readonly kind: 'signal'; readonly signal: string; readonly coreDumped: boolean }
  | { readonly kind: 'unknown' };

/** What the kernel says about memory: `possibly` is a coincidence, the others are evidence. */
export interface MemoryVerdict {
  readonly kind: 'none' | 'possibly' | 'killed' | 'limit';
  /** The evidence, in a few words; '' for none. */
  readonly evidence: string;
}

/** What the program's state was after the incident; `state` is '' when nobody answered. */
export interface Aftermath {
  readonly state: string;
  readonly pid: number;
}

/** The end of one log. */
export interface LogTail {
  readonly lines: readonly string[];
  /** Why there are none; '' when there are, or when the log is empty. */
  readonly problem: string;
}

/** Something that happened to the program; `at` in milliseconds since the epoch. */
export interface Moment {
  readonly at: number;
  readonly text: string;
}

/** What the configuration says of the program; '' for what is not known. */
export interface Settings {
  readonly command: string;
  readonly user: string;
  readonly directory: string;
  /** `file:line` */
  readonly place: string;
}

/** Processor and memory use of the program and its descendants, oldest first, one number for each step. */
export interface Course {
  readonly stepSeconds: number;
  /** In percent of one processor. */
  readonly cpuPercent: readonly number[];
  readonly rssBytes: readonly number[];
}

/** What was found out beyond the event itself. Times are seconds since the epoch, 0 for unknown. */
export interface Facts {
  readonly ending: Ending;
  readonly memory: MemoryVerdict;
  readonly started: number;
  readonly stopped: number;
  readonly restarts: number;
  readonly restartsHour: number;
  readonly restartsDay: number;
  /** Failed starts in a row; 0 for unknown. */
  readonly tries: number;
  /** supervisord's spawnerr. */
  readonly reason: string;
  readonly aftermath: Aftermath;
  readonly settings: Settings;
  readonly timeline: readonly Moment[];
  /** superd's own account of why the program is in its state. */
  readonly why: readonly string[];
  readonly course: Course;
  readonly stdout: LogTail;
  readonly stderr: LogTail;
}

export const NO_SETTINGS: Settings = { command: '', user: '', directory: '', place: '' };
export const NO_COURSE: Course = { stepSeconds: 0, cpuPercent: [], rssBytes: [] };
export const NO_VERDICT: MemoryVerdict = { kind: 'none', evidence: '' };
const LEFT_OUT: LogTail = { lines: [], problem: 'left out' };

export const NO_FACTS: Facts = {
  ending: { kind: 'unknown' },
  memory: NO_VERDICT,
  started: 0,
  stopped: 0,
  restarts: 0,
  restartsHour: 0,
  restartsDay: 0,
  tries: 0,
  reason: '',
  aftermath: { state: '', pid: 0 },
  settings: NO_SETTINGS,
  timeline: [],
  why: [],
  course: NO_COURSE,
  stdout: LEFT_OUT,
  stderr: LEFT_OUT,
};

export interface Report {
  /** The same for the same incident, however often it is told. */
  readonly id: string;
  /** When crashmail heard of it, milliseconds since the epoch. */
  readonly at: number;
  /** The numbers of the events: one, or more where the queue was full and events were added up. */
  readonly serials: readonly number[];
  /** How many events it stands for. */
  readonly count: number;
  readonly host: string;
  /** The daemon's `identifier`. */
  readonly server: string;
  readonly incident: Incident;
  /** `event`: only the event itself is known yet; `brief`: the cause, but no logs; `full`: everything. */
  readonly detail: 'event' | 'brief' | 'full';
  readonly facts: Facts;
}

/** Drops what takes room. */
export const abridged = (report: Report): Report =>
  report.detail === 'full'
    ? {
        ...report,
        detail: 'brief',
        facts: { ...report.facts, course: NO_COURSE, timeline: [], why: [], stdout: LEFT_OUT, stderr: LEFT_OUT },
      }
    : report;
