/**
 * The typed, read-only configuration that the rest of superd sees. Text became values in `schema.ts`; every relative
 * path that the specification makes absolute is absolute here, every expansion is done.
 */
import type { ConfigProblem, Place } from '../errors.ts';
import type { Bytes, Millis, Signal } from '../units.ts';

/** A user as found in passwd; `gids` holds the primary group first, then every supplementary group. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gids: readonly number[];
}

/** Where a stream is logged: nowhere, into a generated file below `childlogdir`, or into a named file. */
export type LogTarget =
  | { readonly kind: 'none' /** Said by an empty value: the API shows that. */; readonly isEmpty?: true }
  | { readonly kind: 'auto' }
  | { readonly kind: 'file'; readonly path: string };

/** What happens to one output stream of a program. */
export interface StreamConfig {
  readonly logfile: LogTarget;
  /** 0: no rotation. */
  readonly maxbytes: Bytes;
  readonly backups: number;
  /** 0: capture mode off. */
  readonly captureMaxbytes: Bytes;
  readonly eventsEnabled: boolean;
  readonly syslog: boolean;
  /** The program writes to the log file itself: superd does not see the output. */
  readonly isDirect: boolean;
}

/** One process: a `[program:x]` section after expansion for one `process_num`. */
export interface ProcessConfig {
  readonly name: string;
  /** The text after the colon of its section. */
  readonly program: string;
  readonly command: string;
  readonly directory: string | undefined;
  readonly umask: number | undefined;
  readonly priority: number;
  readonly autostart: boolean;
  readonly autorestart: 'always' | 'unexpected' | 'never';
  readonly startsecs: Millis;
  readonly startretries: number;
  readonly stopsignal: Signal;
  readonly stopwaitsecs: Millis;
  readonly stopasgroup: boolean;
  readonly killasgroup: boolean;
  readonly exitcodes: readonly number[];
  readonly redirectStderr: boolean;
  readonly user: User | undefined;
  /** `[supervisord] environment` with the program's own `environment` over it. */
  readonly environment: Readonly<Record<string, string>>;
  /** 'auto': the first server's URL; '' : the variable is not set. */
  readonly serverurl: string;
  readonly stdout: StreamConfig;
  readonly stderr: StreamConfig;
  /** Of an fcgi-program, also when it is listed in a `[group:x]`: the socket that its processes share as fd 0. */
  readonly socket?: FcgiSocket;
  /** It is told of events. */
  readonly isListener?: boolean;
  /** superd's own: who gets its crash mails. */
  readonly mailto?: readonly string[];
  /** The section header that made it. */
  readonly place: Place;
}

interface GroupCommon {
  readonly name: string;
  readonly priority: number;
  /** In the stored order of spec lifecycle 5.1. */
  readonly processes: readonly ProcessConfig[];
  /** superd's own: who gets the crash mails about its processes. */
  readonly mailto?: readonly string[];
  readonly place: Place;
}

/** `[program:x]` on its own, or `[group:x]`. */
export interface ProgramGroup extends GroupCommon {
  readonly kind: 'program' | 'group';
}

/** `[eventlistener:x]`. */
export interface ListenerGroup extends GroupCommon {
  readonly kind: 'eventlistener';
  /** Upper-case event type names as written, abstract ones included. */
  readonly events: readonly string[];
  readonly bufferSize: number;
  readonly resultHandler: string;
  /** superd's own: what the buffer cannot hold is sent from the journal. */
  readonly replay: boolean;
}

/** The listening socket of an fcgi-program. */
export type FcgiSocket =
  | {
      readonly kind: 'unix';
      readonly path: string;
      /** gid -1: unchanged. */
      readonly owner: { readonly uid: number; readonly gid: number } | undefined;
      readonly mode: number;
      readonly backlog: number | undefined;
      readonly url: string;
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly backlog: number | undefined;
      readonly url: string;
    };

/** `[fcgi-program:x]`. */
export interface FcgiGroup extends GroupCommon {
  readonly kind: 'fcgi-program';
  readonly socket: FcgiSocket;
}

export type GroupConfig = ProgramGroup | ListenerGroup | FcgiGroup;

interface ServerCommon {
  /** The whole section name, such as `unix_http_server` or `inet_http_server:b`. */
  readonly section: string;
  readonly username: string | undefined;
  /** Plain text, or `{SHA}` and 40 hexadecimal digits. */
  readonly password: string | undefined;
  /** superd's own: the file of its users, absolute; it is read again whenever it has changed. */
  readonly users?: string;
  readonly place: Place;
}

export interface UnixServer extends ServerCommon {
  readonly kind: 'unix';
  readonly file: string;
  readonly chmod: number;
  /** gid -1: unchanged. */
  readonly chown: { readonly uid: number; readonly gid: number } | undefined;
}

export interface InetServer extends ServerCommon {
  readonly kind: 'inet';
  /** '' means all interfaces; an IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  /** superd's own: absolute paths of a certificate and its key, both in PEM; undefined: plain HTTP. */
  readonly tls?: { readonly certfile: string; readonly keyfile: string };
  /** superd's own: it is opened though others reach it and nothing protects it. */
  readonly allowAnonymous?: boolean;
}

export type ServerConfig = UnixServer | InetServer;

export type LogLevel = 'critical' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'blather';

/** `[supervisord]` with the command line over it. */
export interface DaemonConfig {
  /** Absolute path, or 'syslog'. */
  readonly logfile: string;
  readonly logfileMaxbytes: Bytes;
  readonly logfileBackups: number;
  readonly loglevel: LogLevel;
  readonly pidfile: string;
  readonly umask: number;
  readonly nodaemon: boolean;
  readonly silent: boolean;
  readonly minfds: number;
  readonly minprocs: number;
  readonly nocleanup: boolean;
  readonly childlogdir: string;
  readonly user: User | undefined;
  readonly directory: string | undefined;
  readonly stripAnsi: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly identifier: string;
  /** superd's own: where named pipes, records and queues live; absolute; default `<pidfile without .pid>.state`. */
  readonly statedir: string;
  /** superd's own: how large the journal in `statedir` may become. */
  readonly journalMaxbytes: Bytes;
  /** superd's own: whether processor and memory use is sampled; `auto`: from a look on, for a day. */
  readonly metrics: 'auto' | 'on' | 'off';
  /** superd's own: between two samples. */
  readonly metricsInterval: Millis;
  /** superd's own: how large the history of samples in `statedir` may become; 0: none is kept. */
  readonly metricsMaxbytes: Bytes;
  /** superd's own: watch the files and apply valid changes like `update`. */
  readonly watch: boolean;
}

/** `[rpcinterface:x]`: the built-in factory is kept, a foreign one is skipped with a warning. */
export interface RpcInterface {
  readonly namespace: string;
  readonly factory: string;
  readonly place: Place;
}

/** How grave something is that crashmail reports. */
export type MailSeverity = 'info' | 'warning' | 'critical';

/** Minutes since midnight, local time; `until` may be before `from`. */
export interface QuietHours {
  readonly from: number;
  readonly until: number;
}

/** `[crashmail]`: superd's own, read by the listener of that name. */
export interface CrashmailConfig {
  readonly to: readonly string[];
  /** '' for `superd@<host>`. */
  readonly from: string;
  readonly prefix: string;
  readonly smtp: string | undefined;
  readonly smtpUser: string | undefined;
  readonly smtpPasswordFile: string | undefined;
  readonly smtpTls: 'auto' | 'require' | 'off';
  readonly sendmail: string | undefined;
  readonly maildir: string | undefined;
  readonly webhook: string | undefined;
  readonly webhookTokenFile: string | undefined;
  readonly queue: string | undefined;
  /** Empty: every program. */
  readonly programs: readonly string[];
  readonly fatal: boolean;
  readonly severity: MailSeverity;
  readonly lines: number;
  readonly window: Millis;
  readonly windowMax: Millis;
  readonly burst: number;
  /** 0: never said. */
  readonly recovered: Millis;
  /** 0: the first crash is mailed at once. */
  readonly batch: Millis;
  readonly quietHours: QuietHours | undefined;
  readonly quietSeverity: MailSeverity;
  readonly place: Place;
}

export interface Config {
  /** The main file, absolute. */
  readonly file: string;
  /** Main and included files, absolute, in the order read; what `watch` looks at. */
  readonly files: readonly string[];
  /** The absolute include patterns, for `watch` to see files that appear. */
  readonly includes: readonly string[];
  readonly daemon: DaemonConfig;
  readonly servers: readonly ServerConfig[];
  readonly rpcinterfaces: readonly RpcInterface[];
  /** Sorted by (priority, name). */
  readonly groups: readonly GroupConfig[];
  /** undefined: there is no such section. */
  readonly crashmail?: CrashmailConfig;
  /** INFO texts to log at start, such as `Included extra file "…" during parsing`. */
  readonly notices: readonly string[];
  readonly warnings: readonly ConfigProblem[];
}

/** `[supervisorctl]`, read on its own: includes are not followed. */
export interface CtlConfig {
  readonly serverurl: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** superd's own: absolute; the certificate authorities that https is checked against, in the place of the system's. */
  readonly cacert: string | undefined;
  /** superd's own: https without a check of who answers. */
  readonly insecure: boolean;
  readonly prompt: string;
  readonly historyFile: string | undefined;
}
