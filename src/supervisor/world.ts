/**
 * What the supervisor knows: groups, their processes, and each process's state and history. Records are read-only and
 * replaced whole; the world itself is a map that only `Supervisor` changes.
 */
import type { GroupConfig, ProcessConfig } from '../config/model.ts';
import { pidOf } from '../process/machine.ts';
import type { ProcessState, StateName } from '../process/state.ts';
import type { EpochMillis } from '../units.ts';
import type { LastExit, ProcessInfo } from './control.ts';
import type { Slot } from './host.ts';

/** One process in one group. */
export interface ProcessRecord {
  readonly slot: Slot;
  readonly config: ProcessConfig;
  readonly state: ProcessState;
  /** Counts the spawns of the slot; answers to an older spawn are ignored. */
  readonly spawns: number;
  readonly startedAt: EpochMillis | undefined;
  readonly stoppedAt: EpochMillis | undefined;
  /** '' when there is none. */
  readonly spawnError: string;
  /** The exit code; -1 for a signal; 0 while running, after too quick an exit, or when it never ran. */
  readonly exitStatus: number;
  /** When the kernel started the live child, in its own count; '' when there is none. With the pid, its identity. */
  readonly startTime: string;
  /** An operator wants it to stay down: it neither starts nor restarts by itself. */
  readonly isDisabled: boolean;
  /** It is to be started as soon as it is at rest: at boot, or because it was stopped only to be started again. */
  readonly isDue: boolean;
  /** How the last child that ended did so. */
  readonly lastExit: LastExit | undefined;
}

export interface GroupRecord {
  readonly config: GroupConfig;
  /** By process name, in the stored order of spec lifecycle 5.1. */
  readonly processes: Map<string, ProcessRecord>;
}

/** Active groups by name, in the order of activation. */
export type World = Map<string, GroupRecord>;

export const newProcess = (group: string, config: ProcessConfig): ProcessRecord => ({
  slot: { group, process: config.name },
  config,
  state: { name: 'STOPPED' },
  spawns: 0,
  startedAt: undefined,
  stoppedAt: undefined,
  spawnError: '',
  exitStatus: 0,
  startTime: '',
  isDisabled: false,
  isDue: false,
  lastExit: undefined,
});

/** @param due the names of those that are to be started */
export const newGroup = (config: GroupConfig, due: readonly string[] = []): GroupRecord => ({
  config,
  processes: new Map(
    config.processes.map((process) => [
      process.name,
      { ...newProcess(config.name, process), isDue: due.includes(process.name) },
    ]),
  ),
});

/** Every process, group by group. */
export function* allProcesses(world: World): Generator<ProcessRecord> {
  for (const group of world.values()) yield* group.processes.values();
}

/** What the API shows of a process; `state` may be one that it just passed. */
export const describeProcess = (
  record: ProcessRecord,
  logs: { readonly stdout: string; readonly stderr: string },
  state: StateName = record.state.name,
): ProcessInfo => ({
  slot: record.slot,
  config: record.config,
  state,
  pid: pidOf(record.state) ?? 0,
  startedAt: record.startedAt,
  stoppedAt: record.stoppedAt,
  spawnError: record.spawnError,
  exitStatus: record.exitStatus,
  isDisabled: record.isDisabled,
  stdoutLog: logs.stdout,
  stderrLog: logs.stderr,
});
