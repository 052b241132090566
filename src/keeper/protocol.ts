/**
 * What the brain and the keeper say to each other: one JSON text a line, over a stream. Pure. The keeper understands only
 * this; everything that needs judgement was decided by the brain before.
 */
import type { FcgiSocket } from '../config/model.ts';
import type { ExitStatus } from '../process/state.ts';

/** Changes when either side could misunderstand the other. A keeper outlives the brain that an upgrade replaces. */
export const PROTOCOL_VERSION = 2;
/** A longer line ends the connection. */
export const MAX_LINE: number = 64 * 2 ** 20;

/** Where a program's output goes: a named pipe, opened for reading and writing, or a log file, opened for appending. */
export interface OutputEnd {
  readonly kind: 'pipe' | 'file';
  readonly path: string;
}

/** Everything that a spawn needs, resolved: the keeper looks nothing up. */
export interface LaunchPlan {
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly umask: number | undefined;
  /** The path of a named pipe, or the URL of a listening socket that the keeper holds. */
  readonly stdin: { readonly kind: 'pipe'; readonly path: string } | { readonly kind: 'socket'; readonly url: string };
  readonly stdout: OutputEnd;
  readonly stderr: OutputEnd;
}

/** A child by what cannot be mistaken: its slot, which spawn it is, its pid and when the kernel started it. */
export interface Identity {
  /** `group:process`. */
  readonly id: string;
  readonly serial: number;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** A live child, as the keeper knows it. `at` is when it was spawned, on the machine's monotonic clock. */
export interface LiveChild extends Identity {
  readonly at: number;
}

/** A soft and a hard limit; undefined: unlimited. */
export interface Limit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** What the keeper makes of itself before anything is spawned: the children inherit it. */
export interface Become {
  readonly nofile: Limit | undefined;
  readonly nproc: Limit | undefined;
  readonly user: { readonly uid: number; readonly gid: number; readonly gids: readonly number[] } | undefined;
  readonly umask: number | undefined;
  readonly directory: string | undefined;
}

export type ToKeeper =
  | { readonly op: 'spawn'; readonly id: string; readonly serial: number; readonly plan: LaunchPlan }
  /** A signal is sent once for each token, however often it is asked for. */
  | {
      readonly op: 'signal';
      readonly token: string;
      readonly pid: number;
      readonly signal: number;
      readonly target: 'process' | 'group';
    }
  /** A child of an earlier keeper: watch it. */
  | ({ readonly op: 'adopt' } & LiveChild)
  /** The brain has recorded this end. */
  | { readonly op: 'ack'; readonly seq: number }
  /** The brain has done what this signal means. */
  | { readonly op: 'signal-done'; readonly seq: number }
  | ({ readonly op: 'become' } & Become)
  /** Opens a listening socket, unless one of that URL is held already. */
  | { readonly op: 'listen'; readonly socket: FcgiSocket }
  /** `path`: the file of a socket that an earlier keeper opened, and this one does not hold; '' when there is none. */
  | { readonly op: 'unlisten'; readonly url: string; readonly path: string }
  /** Opens a listening socket and closes it again, to see whether it can be. */
  | { readonly op: 'try-listen'; readonly socket: FcgiSocket }
  /** For whoever started superd: its standard error, even when superd itself has none. */
  | { readonly op: 'say'; readonly text: string }
  /**
   * The brain serves. `logfile` is for the keeper's own last word, should it come to that ('' when there is none);
   * `statedir` is where the next brain finds the world; `copy` is code to go back to when that on disk does not work
   * ('' when there is none).
   */
  | { readonly op: 'ready'; readonly logfile: string; readonly statedir: string; readonly copy: string }
  /** The next end of the brain is meant, and what is to follow it. */
  | { readonly op: 'leaving'; readonly next: 'exit' | 'daemonize' | 'replace'; readonly status: number };

export type ToBrain =
  | {
      readonly op: 'hello';
      readonly version: number;
      readonly pid: number;
      readonly children: readonly LiveChild[];
      /** How many brains of this keeper have served before this one. */
      readonly served: number;
      /** The state directory of the brain before this one; '' for the first. */
      readonly statedir: string;
      /** How the brain before this one ended, in words; '' for the first. */
      readonly lastEnd: string;
      /** The code on disk, which an upgrade would start. */
      readonly main: string;
    }
  | ({ readonly op: 'spawned' } & LiveChild)
  | {
      readonly op: 'failed';
      readonly id: string;
      readonly serial: number;
      /** An errno's name. */
      readonly code: string;
      readonly step: 'pipes' | 'socket' | 'exec';
    }
  | ({ readonly op: 'exited'; readonly seq: number; readonly status: ExitStatus; readonly at: number } & Identity)
  | { readonly op: 'signalled'; readonly token: string; readonly error: string }
  /** The first step of `become` that failed; '' when none did. */
  | { readonly op: 'became'; readonly failed: '' | 'nofile' | 'nproc' | 'user' | 'directory'; readonly why: string }
  | { readonly op: 'tried'; readonly url: string; readonly error: string }
  | { readonly op: 'os-signal'; readonly seq: number; readonly name: NodeJS.Signals };

export const encode = (message: ToKeeper | ToBrain): string => `${JSON.stringify(message)}\n`;

/** Cuts a stream into messages. The two sides trust each other: they are one program; a broken line is a bug. */
export class LineReader<T> {
  readonly #take: (message: T) => void;
  #pending = '';

  constructor(take: (message: T) => void) {
    this.#take = take;
  }

  /** @throws when a line is no JSON or too long */
  push(text: string): void {
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > MAX_LINE) throw new Error(`a message of more than ${MAX_LINE} characters`);
    for (const line of lines) if (line !== '') this.#take(JSON.parse(line));
  }
}
