/** What the API wants beside the supervisor itself. Adapters are in `src/host/`, fakes in `test/support/`. */
import type { Written } from '../config/settings.ts';
import type { MailRow } from '../crashmail/archive.ts';
import type { Result } from '../errors.ts';
import type { Caller } from '../journal/record.ts';
import type { MetricsAccess } from '../metrics/ports.ts';
import type { Control } from '../supervisor/control.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { JournalAccess } from '../supervisor/journal.ts';
import type { EpochMillis, Pid } from '../units.ts';
import type { Method } from './method.ts';
import type { Role } from './roles.ts';

export interface LogStat {
  /** 0 for what is not a regular file. */
  readonly size: number;
  readonly modifiedAt: EpochMillis;
  /** Device and inode: differs after a rotation. */
  readonly identity: string;
}

/** A log file that is held open; it stays readable after a rotation or removal. */
export interface OpenLog extends Disposable {
  stat(): LogStat;
  /** Up to `length` bytes; fewer at the end of the file. @throws HostError */
  read(offset: number, length: number): Uint8Array;
}

export interface LogReader {
  open(path: string): Result<OpenLog, 'missing' | 'failed'>;
  /** The identity of what is at a path now. */
  identity(path: string): string | undefined;
}

/** The daemon's own log file. */
export interface MainLogFile {
  /** The file that is being written; undefined when there is none, as with syslog. */
  readonly path: string | undefined;
  /** Empties it. */
  clear(): Result<void, string>;
}

/** The process that answers, which can be replaced while programs run. */
export interface BrainAccess {
  readonly pid: Pid;
  /** Brains of the same keeper before this one. */
  readonly served: number;
  /** How the one before ended, in words; '' for the first. */
  readonly lastEnd: string;
  /** Ends this brain soon, so that the keeper starts the code now on disk. The error says why that cannot work. */
  replace(): Promise<Result<void, string>>;
}

/** What crashmail has on disk, newest first. */
export interface MailQueue {
  /** Reports that are in no mail yet. */
  readonly collected: readonly MailRow[];
  readonly waiting: readonly MailRow[];
  readonly failed: readonly MailRow[];
  readonly sent: readonly MailRow[];
}

/** The outboxes of the crashmail listeners of this superd, to look at. */
export interface MailAccess {
  queue(): Promise<MailQueue>;
  /** A mail or a crash report as text; undefined: there is none of that id. */
  text(id: string): Promise<string | undefined>;
}

export interface RpcPorts {
  /** What clients may call, by its full name. */
  readonly published: ReadonlyMap<string, Method>;
  readonly control: Control;
  readonly brain: BrainAccess;
  readonly logs: LogReader;
  readonly mainLogFile: MainLogFile;
  readonly log: MainLog;
  readonly journal: JournalAccess;
  /** The name of the machine. */
  readonly host: string;
  readonly metrics: MetricsAccess;
  readonly mails: MailAccess;
  /** The configuration files as they are now. */
  readonly written: () => Written;
  /** Who asks. */
  readonly caller: Caller;
  /** What they may call. */
  readonly role: Role;
}
