/** What the server tells, as the page keeps it. Times are milliseconds since 1970 by the server's clock; 0: never. */

export const STATES = ['RUNNING', 'STARTING', 'BACKOFF', 'STOPPING', 'EXITED', 'FATAL', 'STOPPED', 'UNKNOWN'] as const;
export type State = (typeof STATES)[number];

export interface Process {
  readonly group: string;
  readonly name: string;
  /** `group:name`, or only the name where both are the same. */
  readonly namespec: string;
  readonly state: State;
  readonly pid: number;
  readonly started: number;
  readonly stopped: number;
  readonly restarts: number;
  /** In words; '' when it has not ended yet. */
  readonly lastExit: string;
  readonly description: string;
  readonly isDisabled: boolean;
  readonly kind: string;
  /** Percent of one core, of the whole process tree; undefined: not measured. */
  readonly cpu: number | undefined;
  /** Bytes of the whole process tree. */
  readonly rss: number | undefined;
  /** Processes in the tree. */
  readonly processes: number;
  /** Newest last. */
  readonly cpuSpark: readonly number[];
  readonly rssSpark: readonly number[];
}

export type Role = 'viewer' | 'operator' | 'admin';

export interface Overview {
  readonly identifier: string;
  readonly version: string;
  readonly mood: string;
  readonly host: string;
  /** The server's clock when it answered. */
  readonly now: number;
  /** The newest record of the journal. */
  readonly serial: number;
  readonly role: Role;
  readonly user: string;
  readonly processes: readonly Process[];
}

/** A record of the journal, as far as the page reads it. */
export interface JournalRecord {
  readonly serial: number;
  readonly at: number;
  readonly kind: string;
  readonly group?: string;
  readonly process?: string;
  /** In the words of the server. */
  readonly text?: string;
  readonly [member: string]: unknown;
}

export const isState = (value: unknown): value is State => STATES.some((state) => state === value);
export const isAlive = (state: State): boolean => state === 'RUNNING' || state === 'STARTING' || state === 'STOPPING';
/** supervisord's "running" set: a start is refused, a stop is accepted. */
export const isWanted = (state: State): boolean => state === 'RUNNING' || state === 'STARTING' || state === 'BACKOFF';
/** What somebody should look at. */
export const isTrouble = (state: State): boolean => state === 'FATAL' || state === 'BACKOFF' || state === 'UNKNOWN';

export const namespecOf = (group: string, name: string): string => (group === name ? name : `${group}:${name}`);
