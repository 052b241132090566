/** The states of one process. A variant carries only what exists in that state. */
import type { Millis, Pid } from '../units.ts';

/** How a process ended. */
export type ExitStatus =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly coreDumped: boolean }
  /** An adopted process that ended while it was not our child. */
  | { readonly kind: 'unknown' };

export type ProcessState =
  | { readonly name: 'STOPPED' }
  | {
      readonly name: 'STARTING';
      /** undefined until the host has reported the spawn. */
      readonly pid: Pid | undefined;
      readonly since: Millis;
      readonly runningAt: Millis;
      /** Start attempts that failed before this one. */
      readonly failures: number;
      /** Runs before this one that lasted less than a second, in a row. */
      readonly quickRuns: number;
    }
  /** `since` is the time of the start, not of becoming RUNNING. */
  | { readonly name: 'RUNNING'; readonly pid: Pid; readonly since: Millis; readonly quickRuns: number }
  | { readonly name: 'BACKOFF'; readonly retryAt: Millis; readonly failures: number; readonly reason: string }
  | {
      readonly name: 'STOPPING';
      readonly pid: Pid | undefined;
      readonly killAt: Millis;
      /** How often SIGKILL was sent. */
      readonly kills: number;
    }
  | {
      readonly name: 'EXITED';
      readonly status: ExitStatus;
      readonly expected: boolean;
      /** When autorestart starts it again; undefined: it stays. */
      readonly restartAt: Millis | undefined;
      readonly quickRuns: number;
    }
  | { readonly name: 'FATAL'; readonly reason: string };

export type StateName = ProcessState['name'] | 'UNKNOWN';

/** The numbers of the API. @source spec api 0 */
export const STATE_CODES: Readonly<Record<StateName, number>> = {
  STOPPED: 0,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
  UNKNOWN: 1000,
};

/** Nothing of the process is left and nothing will happen by itself, but for a pending automatic restart. */
export const isStopped = (name: StateName): boolean =>
  name === 'STOPPED' || name === 'EXITED' || name === 'FATAL' || name === 'UNKNOWN';
/** supervisord's "running" set: a start is refused, a stop is accepted. */
export const isRunning = (name: StateName): boolean => name === 'STARTING' || name === 'RUNNING' || name === 'BACKOFF';
export const isSignallable = (name: StateName): boolean =>
  name === 'STARTING' || name === 'RUNNING' || name === 'STOPPING';

/** `exit status 3`, `terminated by SIGKILL`, … @source spec lifecycle 4.8 */
export function exitText(status: ExitStatus): string {
  switch (status.kind) {
    case 'code':
      return `exit status ${status.code}`;
    case 'signal':
      return `terminated by ${status.signal}${status.coreDumped ? ' (core dumped)' : ''}`;
    case 'unknown':
      return 'exit status unknown';
  }
}

/** So many SIGKILLs, with a pause after each, end whatever can be ended. */
const FUTILE_KILLS = 2;

/** It survives SIGKILL, as a process does that hangs in the kernel. */
export const isUnkillable = (state: ProcessState): boolean => state.name === 'STOPPING' && state.kills >= FUTILE_KILLS;
