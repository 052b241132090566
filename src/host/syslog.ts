/**
 * Sends lines to the system's log through one long-lived `logger`, because Node cannot send datagrams to /dev/log. It is
 * started with the first line, and again some time after it has ended. Never throws; what cannot be sent is dropped.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ok, type Result } from '../errors.ts';
import type { LogSink } from '../logs/sink.ts';
import { SyslogLines } from '../logs/syslog-lines.ts';
import { errnoOf } from './errno.ts';
import { monotonic } from './monotonic.ts';

/** Bytes that may wait for `logger`; lines over it are dropped. */
const MAX_WAITING = 1_048_576;
/** The longest message; `logger` cuts what is longer into several. */
const MAX_MESSAGE = 8192;
/** Milliseconds before an ended `logger` is started again. */
const RESTART_DELAY = 5_000;
/** How much of a complaint of `logger` is passed on. */
const MAX_COMPLAINT = 200;

export interface SyslogOptions {
  /** The program's name in each message. */
  readonly tag: string;
  /** Told once for each time that syslog becomes unavailable. */
  readonly onProblem: (text: string) => void;
  /** undefined: /dev/log. */
  readonly socket?: string;
}

export class Syslog {
  readonly #options: SyslogOptions;
  #logger: ChildProcessByStdio<Writable, null, Readable> | undefined;
  /** Monotonic milliseconds. */
  #restartAt = 0;
  #dropped = 0;
  #isReported = false;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  /** Lines that were not handed over. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sends a text, line by line; line feeds at its end are dropped. @source spec lifecycle 7.1 */
  send(text: string): void {
    const lines = text.replace(/\n+$/, '');
    const logger = this.#logger ?? this.#start();
    if (logger === undefined || logger.stdin.writableLength > MAX_WAITING) {
      this.#dropped += lines.split('\n').length;
      if (logger !== undefined) this.#report('it is too slow');
      return;
    }
    logger.stdin.write(`${lines}\n`);
  }

  /** What was sent is still delivered. */
  close(): void {
    this.#logger?.stdin.end();
    this.#logger = undefined;
    this.#restartAt = Infinity;
  }

  #start(): ChildProcessByStdio<Writable, null, Readable> | undefined {
    if (monotonic() < this.#restartAt) return undefined;
    const { tag, socket } = this.#options;
    const target = socket === undefined ? [] : ['--socket', socket];
    const options = ['--socket-errors=on', '--size', String(MAX_MESSAGE), '--priority', 'user.info', '--tag', tag];
    // Detached: a Ctrl-C meant for a superd in the foreground must not end it before the last line.
    const logger = spawn('logger', [...target, ...options], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    let complaint = '';
    logger.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(0, MAX_COMPLAINT);
    });
    const ended = (why: string): void => {
      if (this.#logger !== logger) return;
      this.#logger = undefined;
      this.#restartAt = monotonic() + RESTART_DELAY;
      this.#report(why);
    };
    logger.stdin.on('error', () => undefined);
    logger.once('error', (cause) => ended(`cannot start logger: ${errnoOf(cause)}`));
    logger.once('close', (code) => ended(complaint.trim() || `logger ended with status ${code}`));
    logger.unref();
    this.#logger = logger;
    return logger;
  }

  #report(why: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.onProblem(`cannot write to syslog: ${why}`);
  }
}

/** The output of one program as lines of a syslog that all programs share. @source spec lifecycle 7.5 */
export class SyslogSink implements LogSink {
  readonly path = '';
  readonly #lines: SyslogLines;

  constructor({ process, syslog }: { readonly process: string; readonly syslog: Pick<Syslog, 'send'> }) {
    this.#lines = new SyslogLines((line) => syslog.send(`${process} ${line}`));
  }

  append(chunk: Uint8Array): void {
    this.#lines.append(chunk);
  }

  /** The process ended: a last line may lack its line feed. */
  end(): void {
    this.#lines.end();
  }

  reopen(): void {}

  clear(): Result<void, string> {
    return ok(undefined);
  }

  close(): void {
    this.#lines.end();
  }
}
