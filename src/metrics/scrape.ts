/** What `/metrics` wants to know beside what the API knows: a port. */
import type { Bytes, EpochMillis } from '../units.ts';
import type { Delays } from './delays.ts';
import type { Exits } from './exits.ts';
import type { Sample } from './metrics.ts';

/** One of superd's own processes. */
export interface Part {
  readonly name: 'brain' | 'keeper';
  readonly rss: Bytes;
  readonly cpuSeconds: number;
}

/** The outboxes of crashmail, all together. */
export interface MailQueue {
  /** Reports that are in no mail yet. */
  readonly reports: number;
  /** Mails that some channel has not taken yet. */
  readonly waiting: number;
  /** Mails that were given up. */
  readonly failed: number;
  /** The time of the oldest report or mail that waits. */
  readonly oldest: EpochMillis | undefined;
}

export interface Pool {
  readonly group: string;
  readonly buffered: number;
  readonly discarded: number;
}

/** How superd itself is. */
export interface Vitals {
  readonly parts: readonly Part[];
  /** When this brain began. */
  readonly startedAt: EpochMillis;
  /** Seconds that the event loop of the brain was at work. */
  readonly busySeconds: number;
  readonly journalBytes: Bytes;
  /** Of the output of programs: what no log took. */
  readonly lostLogBytes: Bytes;
  readonly mail: MailQueue;
  readonly pools: readonly Pool[];
}

export interface ScrapeAccess {
  /** The newest sample, which is made first when there is none; undefined with `metrics=off`. */
  sample(): Promise<Sample | undefined>;
  readonly delays: Delays;
  /** How children of `group:process` ended since this brain began. */
  exits(name: string): Exits;
  vitals(): Promise<Vitals>;
  /** Lets others run: a long answer is made piece by piece. */
  turn(): Promise<void>;
}
