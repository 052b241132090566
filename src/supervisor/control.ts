/**
 * What the control plane (XML-RPC, web pages, signals, the watcher) may ask of the supervisor. Names are looked up by
 * the caller; every method that changes something does so at once and reports what became of it.
 */
import type { Config, GroupConfig, ProcessConfig } from '../config/model.ts';
import type { Plan } from '../config/plan.ts';
import type { Result } from '../errors.ts';
import type { CommandProblem } from '../process/command.ts';
import type { ExitStatus, StateName } from '../process/state.ts';
import type { EpochMillis, Pid, Signal } from '../units.ts';
import type { Slot } from './host.ts';

export type Mood = 'RUNNING' | 'RESTARTING' | 'SHUTDOWN';

/** A process as the API shows it; a snapshot. */
export interface ProcessInfo {
  readonly slot: Slot;
  readonly config: ProcessConfig;
  readonly state: StateName;
  /** 0 when there is none. */
  readonly pid: Pid | 0;
  readonly startedAt: EpochMillis | undefined;
  readonly stoppedAt: EpochMillis | undefined;
  /** '' when there is none. */
  readonly spawnError: string;
  /** The exit code; -1 for a signal; 0 while running or when it never ran. */
  readonly exitStatus: number;
  /** An operator wants it to stay down. */
  readonly isDisabled: boolean;
  /** Paths of the current logs, '' where there is none. */
  readonly stdoutLog: string;
  readonly stderrLog: string;
}

export interface GroupInfo {
  readonly config: GroupConfig;
  /** In the stored order of spec lifecycle 5.1. */
  readonly processes: readonly ProcessInfo[];
}

/** The three lists of `reread`. */
export interface Rereading {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface LastExit {
  readonly pid: Pid;
  readonly status: ExitStatus;
  readonly startedAt: EpochMillis | undefined;
  readonly stoppedAt: EpochMillis;
}

/** What happened to a process since its group became active. */
export interface History {
  readonly lastExit: LastExit | undefined;
  /** Start attempts, the first included. */
  readonly starts: number;
}

export interface Control {
  readonly mood: Mood;
  readonly pid: Pid;
  readonly identifier: string;
  /** The configuration last read (its groups are those that addGroup accepts). */
  readonly config: Config;
  wall(): EpochMillis;
  /** Active groups, in the order of activation. */
  groups(): readonly GroupInfo[];
  group(name: string): GroupInfo | undefined;
  process(slot: Slot): ProcessInfo | undefined;

  history(slot: Slot): History | undefined;

  /** Would the command be found? */
  check(slot: Slot): CommandProblem | undefined;
  /** Starts a stopped process, and resolves once its spawn has succeeded or failed. */
  start(slot: Slot): Promise<'spawned' | 'failed'>;
  /** Asks a running process to stop; the error is supervisord's text for an OS failure. */
  stop(slot: Slot): Result<void, string>;
  signal(slot: Slot, signal: Signal): Result<void, string>;
  /**
   * From now on, and over restarts of the daemon, the process does not start by itself and a start is refused. One that
   * runs goes on until it ends. The error says why this cannot be remembered; then nothing has changed.
   */
  disable(slot: Slot): Result<void, string>;
  /** Undoes `disable`; starts nothing. */
  enable(slot: Slot): Result<void, string>;
  /** Resolves with the first snapshot whose state satisfies `until`, now or later; undefined if the slot is removed. */
  settled(slot: Slot, until: (state: StateName) => boolean): Promise<ProcessInfo | undefined>;
  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'>;
  clearLogs(slot: Slot): Result<void, string>;

  /** Reads the files again; changes nothing that runs. The error is the text of fault CANT_REREAD. */
  reread(): Result<Rereading, string>;
  /** What an update would do with the files as they are now; changes nothing, not even what was last read. */
  plan(): Result<Plan, string>;
  addGroup(name: string): Result<void, 'bad-name' | 'already-added'>;
  removeGroup(name: string): Result<void, 'bad-name' | 'still-running'>;
  shutdown(): void;
  /** Starts the daemon afresh, unless the configuration on disk is broken: then nothing changes, and the error says why. */
  restart(): Result<void, string>;
  emitRemoteCommunication(type: string, data: string): void;
}
