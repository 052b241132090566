/**
 * A log on disk or on a descriptor: bytes are written before `append` returns, rotated when a regular file has grown, and
 * held back within a limit while the target takes none. It never throws and never touches what is not a regular file.
 */
import { fstatSync, ftruncateSync, lstatSync, readdirSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { Backlog } from '../logs/backlog.ts';
import { backupNumbers, planRotation, type RotationPolicy, rotationThreshold } from '../logs/rotation.ts';
import type { LogSink } from '../logs/sink.ts';
import { type Millis, millis } from '../units.ts';
import { after } from './clock.ts';
import { errnoOf } from './errno.ts';
import { closeTarget, isDeleted, isElsewhere, isSpecial, type LogTarget, openTarget } from './log-target.ts';
import { monotonic } from './monotonic.ts';

/** When a full pipe or terminal is tried again, and when a target that failed is. */
const FULL_RETRY: Millis = millis(50);
const FAILED_RETRY: Millis = millis(1000);
/** While something is written, it is looked so often whether the path still leads to this file … */
const CHECK_MS = 1000;
/** … and a file that was renamed is written to for so long: whoever renamed it will most likely send SIGUSR2. */
const RENAMED_MS = 10_000;

export interface LogFileOptions extends RotationPolicy {
  readonly path: string;
  /** The mode of a new file, before the umask; 0666 when absent. */
  readonly mode?: number;
  /** Told in a sentence what goes wrong, once for each trouble, and how it ended. */
  readonly onProblem: (text: string) => void;
  /** Told how many bytes were lost, as soon as they are. */
  readonly onLost?: (count: number) => void;
}

export class LogFile implements LogSink {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #backlog = new Backlog();
  #target: LogTarget;
  #size = 0;
  /** The size at which the file is rotated. */
  #threshold = Infinity;
  #nextCheck = 0;
  #renamedSince: number | undefined;
  /** The errno's name of the last failed write. */
  #failure = '';
  #isReported = false;
  #isRetrying = false;
  #isClosed = false;

  constructor(options: LogFileOptions, target: LogTarget) {
    this.path = options.path;
    this.#options = options;
    this.#target = target;
    this.#adopt(target);
  }

  /** Device and inode of what is written to. */
  get identity(): string {
    return this.#target.identity;
  }

  append(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    this.#followPath();
    // A target that fails, unlike one that is full, is left alone until its next turn.
    if (this.#failure === 'EAGAIN') this.#catchUp();
    const written = this.#backlog.length === 0 ? this.#write(chunk) : 0;
    if (written < chunk.length) this.#holdBack(chunk.subarray(written));
    if (this.#size >= this.#threshold) this.#rotate();
  }

  reopen(): void {
    const problem = this.#openAgain();
    if (problem !== undefined) this.#options.onProblem(`cannot reopen ${this.path}: ${problem}`);
  }

  /** Deletes and makes anew, as those who follow the file expect (spec api 2.5); a link's target is emptied. */
  clear(): Result<void, string> {
    const problem = this.#openAgain();
    if (problem !== undefined) return fail(problem);
    if (this.#target.kind !== 'regular') return ok(undefined);
    try {
      if (lstatSync(this.path).isSymbolicLink()) this.#truncate();
      else {
        unlinkSync(this.path);
        const again = this.#openAgain();
        if (again !== undefined) return fail(again);
      }
      return ok(undefined);
    } catch (cause) {
      return fail(errnoOf(cause));
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#catchUp();
    this.#isClosed = true;
    const lost = this.#backlog.dropped + this.#backlog.length;
    if (lost > 0) this.#options.onProblem(`cannot write ${this.path}: ${this.#failure}; ${lost} bytes were lost`);
    if (this.#backlog.length > 0) this.#options.onLost?.(this.#backlog.length);
    closeTarget(this.#target);
  }

  /** A log that somebody deleted, or renamed for good, is made anew; supervisord goes on in the old one until SIGUSR2. */
  #followPath(): void {
    const now = monotonic();
    if (now < this.#nextCheck) return;
    this.#nextCheck = now + CHECK_MS;
    if (this.#target.kind !== 'regular' || !isElsewhere(this.path, this.#target)) {
      this.#renamedSince = undefined;
      return;
    }
    this.#renamedSince ??= now;
    if (now - this.#renamedSince >= RENAMED_MS || isDeleted(this.#target)) this.#openAgain();
  }

  /** @returns the number of bytes written, fewer than given after a failure */
  #write(data: Uint8Array): number {
    let written = 0;
    try {
      while (written < data.length) {
        const count = writeSync(this.#target.fd, data, written);
        written += count;
        this.#size += count;
      }
    } catch (cause) {
      this.#failure = errnoOf(cause);
    }
    return written;
  }

  #holdBack(rest: Uint8Array): void {
    const before = this.#backlog.dropped;
    this.#backlog.add(rest);
    if (this.#backlog.dropped > before) this.#options.onLost?.(this.#backlog.dropped - before);
    if (!this.#isReported && (this.#failure !== 'EAGAIN' || this.#backlog.dropped > 0)) {
      this.#isReported = true;
      this.#options.onProblem(`cannot write ${this.path}: ${this.#failure}`);
    }
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    after(this.#failure === 'EAGAIN' ? FULL_RETRY : FAILED_RETRY, () => {
      this.#isRetrying = false;
      if (!this.#isClosed) this.#catchUp();
    });
  }

  #catchUp(): void {
    if (this.#backlog.length === 0) return;
    this.#backlog.drain((data) => this.#write(data));
    if (this.#backlog.length > 0) {
      this.#retryLater();
      return;
    }
    const { dropped } = this.#backlog;
    this.#backlog.clear();
    if (this.#isReported) this.#options.onProblem(`can write ${this.path} again; ${dropped} bytes were lost`);
    this.#isReported = false;
  }

  #adopt(target: LogTarget): void {
    this.#target = target;
    this.#size = target.size;
    this.#nextCheck = monotonic() + CHECK_MS;
    this.#renamedSince = undefined;
    this.#threshold = target.kind === 'regular' ? rotationThreshold(this.#options) : Infinity;
  }

  /** @returns the errno's name if the old target had to be kept */
  #openAgain(): string | undefined {
    if (this.#isClosed) return undefined;
    try {
      const old = this.#target;
      this.#adopt(openTarget(this.path, this.#options.mode ?? 0o666));
      closeTarget(old);
      return undefined;
    } catch (cause) {
      return errnoOf(cause);
    }
  }

  #truncate(): void {
    ftruncateSync(this.#target.fd);
    this.#size = 0;
  }

  /** @source spec lifecycle 7.4 */
  #rotate(): void {
    try {
      // Somebody else may have emptied the file.
      this.#size = fstatSync(this.#target.fd).size;
      if (this.#size >= this.#threshold) this.#shift();
    } catch (cause) {
      this.#postponeRotation(errnoOf(cause));
    }
  }

  #shift(): void {
    const taken = backupNumbers(basename(this.path), readdirSync(dirname(this.path)));
    const renames = planRotation(this.path, this.#options, taken);
    const special = [this.path, ...renames.flatMap(({ from, to }) => [from, to])].find(isSpecial);
    if (special !== undefined) {
      this.#postponeRotation(`${special} is not a regular file`);
      return;
    }
    for (const { from, to } of renames) renameIfThere(from, to);
    const problem = this.#openAgain();
    if (problem !== undefined) this.#postponeRotation(problem);
    else if (renames.length === 0 && this.#target.kind === 'regular') this.#truncate();
  }

  /** Goes on in the same file; the next attempt is when it has grown as much again. */
  #postponeRotation(why: string): void {
    this.#options.onProblem(`cannot rotate ${this.path}: ${why}`);
    this.#threshold = this.#size + rotationThreshold(this.#options);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
}

/** Opens a log; the error is an errno's name. Nothing stays open after a failure. */
export function openLogFile(options: LogFileOptions): Result<LogFile, string> {
  try {
    return ok(new LogFile(options, openTarget(options.path, options.mode ?? 0o666)));
  } catch (cause) {
    return fail(errnoOf(cause));
  }
}
