/** A crash report: plain data, as it stands in the outbox. Mails, and whatever comes later, are made of it. */
import type { Incident } from './incident.ts';

/** How the program ended, as far as anybody could tell. */
export type Ending =
  | { readonly kind: 'code'; readonly code: number }
  /** `signal` is '' when only "by a signal" is known. */
  | { readonly kind: 'signal'; readonly signal: string; readonly coreDumped: boolean }
  | { readonly kind: 'unknown' };

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

/** What was found out beyond the event itself. Times are seconds since the epoch, 0 for unknown. */
export interface Facts {
  readonly ending: Ending;
  readonly started: number;
  readonly stopped: number;
  readonly restarts: number;
  /** supervisord's spawnerr. */
  readonly reason: string;
  readonly aftermath: Aftermath;
  readonly stdout: LogTail;
  readonly stderr: LogTail;
}

export interface Report {
  /** The same for the same incident, however often it is told. */
  readonly id: string;
  /** When crashmail heard of it, milliseconds since the epoch. */
  readonly at: number;
  readonly host: string;
  /** The daemon's `identifier`. */
  readonly server: string;
  readonly incident: Incident;
  readonly facts: Facts;
}
