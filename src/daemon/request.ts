/** What a run of the daemon is given, and what becomes of it. */
import type { Config } from '../config/model.ts';
import type { Result } from '../errors.ts';
import type { Bus } from '../events/bus.ts';
import type { Hello, KeeperLink } from '../host/keeper-link.ts';
import type { WorldFile } from '../host/world-file.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { SavedWorld } from '../supervisor/saved.ts';

/** Why a run could not begin. */
export interface StartProblem {
  readonly status: number;
  readonly text: string;
}

/** How a run ends; at a `replace` everything stays as it is for the next brain. */
export type Outcome = 'shutdown' | 'restart' | 'replace';

/** A run that has begun. */
export interface Run {
  readonly log: MainLog;
  signal(name: string): void;
}

export interface RunRequest {
  readonly config: Config;
  /** Kept over runs, so that serial numbers go on. */
  readonly bus: Bus;
  /** What happened before there was a log. */
  readonly messages: readonly { readonly level: 'critical' | 'warn' | 'info'; readonly message: string }[];
  /** Goes into the background, where that was asked for; called when the sockets are open. @returns what it has to tell */
  background(): Promise<RunRequest['messages']>;
  readonly inForeground: boolean;
  readonly link: KeeperLink;
  readonly hello: Hello;
  readonly worldFile: WorldFile;
  /** What an earlier brain left; undefined: everything begins. */
  readonly world: SavedWorld | undefined;
  /** Says something to whoever started the daemon. */
  notice(text: string): void;
  load(): Result<Config, string>;
  /** The first programs are about to be started: it may be told of signals, and what goes wrong is for its log. */
  begins(run: Run): void;
}
