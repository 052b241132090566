/**
 * The ports: everything that the supervisor wants of the machine. Adapters are in `src/host/`; a fake host in
 * `test/support/` refuses any call that it was not told to expect.
 */
import type { GroupConfig, LogLevel, ProcessConfig } from '../config/model.ts';
import type { Result } from '../errors.ts';
import type { CommandProblem } from '../process/command.ts';
import type { ExitStatus } from '../process/state.ts';
import type { EpochMillis, Millis, Pid, Signal } from '../units.ts';

export interface Clock {
  /** Monotonic. */
  now(): Millis;
  wall(): EpochMillis;
  /** Calls `wake` once at `at`, or a little later; replaces the earlier request. undefined: none. */
  wakeAt(at: Millis | undefined): void;
}

/** The main log. */
export interface MainLog {
  log(level: LogLevel, message: string): void;
}

/** The place of one process in one group; it outlives the processes that run in it. */
export interface Slot {
  readonly group: string;
  readonly process: string;
}

/** What is spawned: everything the host needs, resolved. */
export interface SpawnRequest {
  readonly slot: Slot;
  readonly config: ProcessConfig;
  /** Which spawn of this slot; the answers carry it. */
  readonly serial: number;
}

/** What the host reports of children. `at` is when it happened. */
export type ChildEvent =
  | {
      readonly kind: 'spawned';
      readonly slot: Slot;
      readonly serial: number;
      readonly pid: Pid;
      /** When the kernel started it, in its own count. */
      readonly startTime: string;
      readonly at: Millis;
    }
  | { readonly kind: 'spawn-failed'; readonly slot: Slot; readonly serial: number; readonly reason: string }
  | {
      readonly kind: 'exited';
      readonly slot: Slot;
      readonly pid: Pid;
      readonly status: ExitStatus;
      readonly at: Millis;
    };

/** Whom a signal is for. Of signals of one purpose a child gets one, even if a brain dies and the next asks again. */
export interface SignalTarget {
  readonly whom: 'process' | 'group';
  /** undefined: it stands for itself. */
  readonly purpose: string | undefined;
}

/** Spawns, signals and reaps. Answers arrive as ChildEvents, never from inside the call. */
export interface Children {
  /** Looks the command up as a spawn would, without starting anything. */
  check(config: ProcessConfig): CommandProblem | undefined;
  spawn(request: SpawnRequest): void;
  /** @returns the errno's name when the signal could not be sent; `ESRCH` when nobody is there. */
  signal(pid: Pid, signal: Signal, target: SignalTarget): Result<void, string>;
  /** Writes to the standard input of the live child of a slot. */
  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'>;
}

/** Where the output of slots goes. */
export interface Outputs {
  /** Opens and closes the listening sockets of a group, to see early that they can be. @returns why they cannot */
  obstacle(group: GroupConfig): Promise<string | undefined>;
  /** Begins to make the named pipes of slots, for open() to find them; nothing waits for it, and it never rejects. */
  makeAhead(slots: readonly { readonly slot: Slot; readonly config: ProcessConfig }[]): Promise<void>;
  /** Makes the named pipes, AUTO log files and pumps of new slots. */
  open(slots: readonly { readonly slot: Slot; readonly config: ProcessConfig }[]): void;
  close(slot: Slot): void;
  /** A slot that was used before this brain: its logs are opened, and what is written to its pipes is read. */
  attach(slot: Slot): void;
  /** Reads what is left in the pipes of a child that is gone, and ends its streams. */
  drain(slot: Slot): void;
  /** Paths of the current logs, '' where there is none. */
  paths(slot: Slot): { readonly stdout: string; readonly stderr: string };
  /** Empties the logs; never touches what is not a regular file. */
  clear(slot: Slot): Result<void, string>;
  /** After an outside rotation: close and open again. */
  reopen(): void;
}
