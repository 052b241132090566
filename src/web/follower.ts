/**
 * Follows a growing log file for `tail -f`: its last bytes first, then whatever is appended, across rotation,
 * truncation and removal. Whoever holds it asks for the next piece; it has no timer.
 */
import type { LogReader, OpenLog } from '../rpc/ports.ts';
import type { EpochMillis } from '../units.ts';
import type { StreamSource } from './exchange.ts';

/** How much of the file is sent at first. @source spec api 1.5 */
const FIRST_BYTES = 1024;
/** The most bytes of one piece. */
const MAX_PIECE = 64 * 1024;
const TRUNCATED = '==> File truncated <==\n';

export interface Followed {
  readonly path: string;
  /** Whether the log still belongs to something. */
  readonly isWanted: () => boolean;
  /** The first byte; by default a little before the end. */
  readonly start?: number;
}

export class LogFollower implements StreamSource {
  readonly #logs: LogReader;
  readonly #path: string;
  /** Whether the log still belongs to something. */
  readonly #isWanted: () => boolean;
  #log: OpenLog;
  #offset: number;

  constructor(logs: LogReader, log: OpenLog, { path, isWanted, start }: Followed) {
    this.#logs = logs;
    this.#path = path;
    this.#isWanted = isWanted;
    this.#log = log;
    this.#offset = start ?? Math.max(0, log.stat().size - FIRST_BYTES);
  }

  get modifiedAt(): EpochMillis {
    return this.#log.stat().modifiedAt;
  }

  next(): Uint8Array | 'end' {
    if (!this.#isWanted()) return 'end';
    const piece = this.#read();
    // Only when the old file is read to its end is it time to look for its successor.
    return piece.length === 0 && this.#reopen() ? this.#read() : piece;
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }

  #read(): Uint8Array {
    const { size } = this.#log.stat();
    if (size < this.#offset) {
      this.#offset = 0;
      return Buffer.from(TRUNCATED);
    }
    const piece = this.#log.read(this.#offset, Math.min(MAX_PIECE, size - this.#offset));
    this.#offset += piece.length;
    return piece;
  }

  /** Takes the file that is at the path now, if it is another; a removed one is followed further. */
  #reopen(): boolean {
    const identity = this.#logs.identity(this.#path);
    if (identity === undefined || identity === this.#log.stat().identity) return false;
    const opened = this.#logs.open(this.#path);
    if (!opened.ok) return false;
    this.#log[Symbol.dispose]();
    this.#log = opened.value;
    this.#offset = 0;
    return true;
  }
}
