/**
 * What a command of superctl is, and the ports through which it meets the world. A test gives it a session over a fake
 * server; src/superctl.ts gives it the real one.
 */
import type { ScryptHash } from '../config/users.ts';
import type { ConfigProblem, Result } from '../errors.ts';
import type { RpcClient, Transport } from '../rpc/client.ts';

/** The exit codes of supervisorctl, which follow the conventions of init scripts. @source spec api 5.2 */
export const EXIT = {
  OK: 0,
  GENERIC: 1,
  INVALID_ARGUMENTS: 2,
  UNIMPLEMENTED: 3,
  INSUFFICIENT_PRIVILEGES: 4,
  NOT_INSTALLED: 5,
  NOT_RUNNING: 7,
  STATUS_NOT_RUNNING: 3,
  STATUS_UNKNOWN: 4,
} as const;

/** The server that commands speak to. */
export interface Server {
  readonly url: string;
  readonly rpc: RpcClient;
  readonly tail: Transport['tail'];
  /** On this machine, so that pids mean something here. */
  readonly isLocal: boolean;
}

/** What a process and its descendants use. */
export interface Usage {
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly processes: number;
}

/** What was found in a configuration file. */
export interface CheckReport {
  /** What was read, for the reader. */
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
}

/** A terminal that is drawn on, until it is given back. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  show(lines: readonly string[]): void;
  /** The next key; undefined when none comes within so many milliseconds, or when something else calls for a new look. */
  key(timeout: number): Promise<string | undefined>;
}

export interface Session {
  readonly server: Server;
  /** A person is there to be asked. */
  readonly interactive: boolean;
  /** Standard input is a terminal. */
  readonly atTerminal: boolean;
  /** Switches to another server, with the credentials at hand. */
  open(url: string): void;
  authenticate(username: string, password: string): void;
  out(data: string | Uint8Array): void;
  err(text: string): void;
  /** For people only: dropped where standard error is not a terminal. */
  hint(text: string): void;
  /** A command from the person, with completion and history; undefined at the end of input. */
  askCommand(prompt: string): Promise<string | undefined>;
  /** An answer to a question; undefined at the end of input. */
  ask(prompt: string): Promise<string | undefined>;
  askSecret(prompt: string): Promise<string | undefined>;
  /** Lines of standard input until its end or until aborted. */
  lines(abort: AbortSignal): AsyncIterable<string>;
  /** Runs something that Ctrl-C aborts instead of ending the program. */
  untilInterrupt<T>(run: (abort: AbortSignal) => Promise<T>): Promise<T>;
  /** Takes the terminal over; undefined: there is none. */
  openScreen(): Promise<Screen | undefined>;
  /** Lets a moment pass, in milliseconds. */
  wait(duration: number): Promise<void>;
  /** Splits words into arguments and the flags that the command knows; the error is for the user. */
  parseFlags(command: Command, words: readonly string[]): Promise<Result<Invocation, string>>;
  /** Processor and memory use of processes of this machine, with all their descendants. */
  sample(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>>;
  /** Reads a configuration file as superd would; undefined: the default one. */
  check(file: string | undefined): Promise<Result<CheckReport, string>>;
  /** The text of a users file; '' where there is none yet. */
  readUsers(file: string): Result<string, string>;
  /** Replaces a users file whole. */
  writeUsers(file: string, text: string): Result<void, string>;
  hashPassword(password: string): Promise<ScryptHash>;
  /** A script that teaches the user's shell to complete superctl's commands. */
  completionScript(): Promise<string>;
}

export interface Flag {
  readonly name: 'json' | 'verbose' | 'persist' | 'follow' | 'since' | 'sort' | 'role' | 'delete';
  readonly short: string | undefined;
  readonly help: string;
  /** What its value is, for the help; undefined: it has none. */
  readonly takes?: string;
}

export interface Invocation {
  /** The arguments as one text, as typed. */
  readonly rest: string;
  readonly args: readonly string[];
  readonly flags: ReadonlySet<Flag['name']>;
  /** Of flags that take one. */
  readonly values?: ReadonlyMap<Flag['name'], string>;
}

/** How many arguments a command takes; the messages are supervisorctl's. */
export interface Arity {
  readonly least: number;
  readonly most: number;
  readonly tooFew: string;
  readonly tooMany: string;
  readonly exit: number;
}

/** A row of the table of commands. */
export interface Command {
  readonly name: string;
  /** What follows the name, and what it does: one pair a line of the help. */
  readonly usage: readonly (readonly [form: string, meaning: string])[];
  /** Further lines of the help. */
  readonly notes: readonly string[];
  readonly arity: Arity;
  /** Asks the server for its API version first. */
  readonly upcheck: boolean;
  /** The exit code when that fails, where it does not follow from the reason. */
  readonly exitWhenDown: number | undefined;
  /** Not a command of supervisorctl. */
  readonly own: boolean;
  readonly flags: readonly Flag[];
  /** What `--json` prints, for the reference; undefined: it has no such flag. */
  readonly json: string | undefined;
  /** What its arguments are, for completion. */
  readonly completes: 'processes' | 'groups' | 'actions' | 'files' | 'nothing';
  /** Works without a server, and so without a usable `[supervisorctl]`. */
  readonly offline: boolean;
  /** Ends the interactive shell. */
  readonly leaves: boolean;
  /** @returns the exit code. @throws CallError */
  run(session: Session, invocation: Invocation): Promise<number>;
}
