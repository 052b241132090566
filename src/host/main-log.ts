/**
 * The main log: formatted lines to a rotated file or to syslog, and in the foreground to the standard output too, but
 * never twice to the same place. A failing log is told on the standard error and never stops superd.
 */
import { writeSync } from 'node:fs';
import type { LogLevel } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { formatLine, isLogged } from '../logs/main-log.ts';
import type { RotationPolicy } from '../logs/rotation.ts';
import type { MainLog } from '../supervisor/host.ts';
import { bytes, type EpochMillis } from '../units.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { Syslog } from './syslog.ts';

export interface MainLogOptions extends RotationPolicy {
  /** A path, or `syslog`. */
  readonly logfile: string;
  readonly level: LogLevel;
  /** In the foreground and not silent: every line goes to the standard output as well. */
  readonly echo: boolean;
  readonly wall: () => EpochMillis;
  /** The program's name in syslog. */
  readonly tag: string;
}

type Target = { readonly kind: 'file'; readonly file: LogFile } | { readonly kind: 'syslog'; readonly syslog: Syslog };

/** There is nowhere else to say it. */
function complain(text: string): void {
  try {
    writeSync(2, `superd: ${text}\n`);
  } catch {
    // The standard error is gone too.
  }
}

export class MainLogWriter implements MainLog {
  readonly #options: MainLogOptions;
  readonly #target: Target;
  readonly #echo: LogFile | undefined;

  constructor(options: MainLogOptions, target: Target, echo: LogFile | undefined) {
    this.#options = options;
    this.#target = target;
    this.#echo = echo;
  }

  /** undefined with syslog. */
  get path(): string | undefined {
    return this.#target.kind === 'file' ? this.#target.file.path : undefined;
  }

  log(level: LogLevel, message: string): void {
    const { level: threshold, wall } = this.#options;
    if (!isLogged(level, threshold)) return;
    const line = formatLine(wall(), level, message);
    const data = Buffer.from(line);
    if (!this.#isSamePlace()) this.#echo?.append(data);
    if (this.#target.kind === 'file') this.#target.file.append(data);
    else this.#target.syslog.send(line);
  }

  /** After an outside rotation. @source spec lifecycle 6.2 */
  reopen(): void {
    this.log('info', 'supervisord logreopen');
    if (this.#target.kind === 'file') this.#target.file.reopen();
  }

  /** Empties the file; as in supervisord, the note about it is seen only where it is echoed. */
  clear(): Result<void, string> {
    if (this.#target.kind === 'syslog') return ok(undefined);
    this.log('info', 'reopening log file');
    if (this.#echo !== undefined) this.log('info', 'reopening log file');
    return this.#target.file.clear();
  }

  close(): void {
    this.#echo?.close();
    if (this.#target.kind === 'file') this.#target.file.close();
    else this.#target.syslog.close();
  }

  #isSamePlace(): boolean {
    return this.#target.kind === 'file' && this.#target.file.identity === this.#echo?.identity;
  }
}

/** Opens the main log; the error is an errno's name. */
export function openMainLog(options: MainLogOptions): Result<MainLogWriter, string> {
  const { logfile, maxbytes, backups } = options;
  const stdout = { path: '/dev/stdout', maxbytes: bytes(0), backups: 0, onProblem: complain };
  const echoed = options.echo ? openLogFile(stdout) : undefined;
  // Started with a closed standard output, superd runs all the same.
  const echo = echoed?.ok === true ? echoed.value : undefined;
  if (logfile === 'syslog') {
    const syslog = new Syslog({ tag: options.tag, onProblem: complain });
    return ok(new MainLogWriter(options, { kind: 'syslog', syslog }, echo));
  }
  const file = openLogFile({ path: logfile, maxbytes, backups, onProblem: complain });
  return file.ok ? ok(new MainLogWriter(options, { kind: 'file', file: file.value }, echo)) : fail(file.error);
}
