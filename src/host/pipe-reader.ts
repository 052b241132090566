/**
 * Reads the named pipes of programs. Many chatty programs are read in larger pieces, many at once take turns, and one that
 * writes flat out is read as fast as it comes.
 */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from './errno.ts';
import { monotonic } from './monotonic.ts';

/** One buffer for all readers: a chunk is used up before the next is read. */
const CHUNK = Buffer.allocUnsafeSlow(64 * 1024);
/** A second buffer, as a drain may happen while a chunk is being handled. */
const DRAIN_CHUNK = Buffer.allocUnsafeSlow(64 * 1024);
/** At a program's end at most this much is read at once: the largest pipe an unprivileged program can make. */
const DRAIN_LIMIT = 2 ** 20;
/** A stream is read at most once in this time, and those that are due are seen to in slices … */
const REST_MS = 50;
const SLICE_MS = 10;
/**
 * … unless it brings so much in that time: then it is read as fast as it comes, until it brought less in a while. What
 * came since the last read tells, not the size of a read: on a busy machine a chatty stream is read late, and much at once.
 */
const BULK_BYTES = 32 * 1024;
const BULK_RATE = BULK_BYTES / REST_MS;
const HOT_MS = 200;
/** Of those that wait for a turn of the event loop, so many go on in one; after so many bytes whoever reads more has to wait. */
const TURN_READERS = 32;
const TURN_BYTES = 8 * 2 ** 20;

/** Readers that rest, and until when; the first ends first, as all rest equally long. */
const resting = new Map<PipeReader, number>();
/** Readers that have had their share of this turn of the event loop. */
const waiting = new Set<PipeReader>();
/** Set only while there are any. */
let restTimer: NodeJS.Timeout | undefined;
let nextTurn: NodeJS.Immediate | undefined;
/** Bytes that were read since the last turn that was waited for. */
let spent = 0;

function rest(reader: PipeReader): void {
  // One that was released in the middle of its rest begins anew, behind all others.
  resting.delete(reader);
  resting.set(reader, monotonic() + REST_MS);
  restTimer ??= setTimeout(endRests, REST_MS);
}

function endRests(): void {
  const now = monotonic();
  for (const [reader, until] of resting) {
    if (until > now) break;
    resting.delete(reader);
    waitForTurn(reader);
  }
  const [next] = resting.values();
  restTimer = next === undefined ? undefined : setTimeout(endRests, Math.max(SLICE_MS, next - now));
}

function waitForTurn(reader: PipeReader): void {
  waiting.add(reader);
  nextTurn ??= setImmediate(takeTurn);
}

/** A few readers at a time: other work, such as a call of the API, does not wait for the output of all programs. */
function takeTurn(): void {
  spent = 0;
  let left = TURN_READERS;
  for (const reader of waiting) {
    if (left === 0) break;
    left -= 1;
    waiting.delete(reader);
    reader.resume();
  }
  nextTurn = waiting.size === 0 ? undefined : setImmediate(takeTurn);
}

/**
 * Reads one pipe for as long as its slot exists. Many chatty programs are read in larger pieces: after a small read the
 * stream rests for REST_MS (measured 5 to 10 times cheaper than a read per line, with the latency bounded by the rest).
 */
export class PipeReader {
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #take: (chunk: Uint8Array) => void;
  #isHot = false;
  /** When it was read last; while it is hot, when it was last looked whether it still is, and what has come since. */
  #since = 0;
  #bytes = 0;
  #isHeld = false;

  /** @param isPrompt for a dialogue: every byte is wanted at once */
  constructor(fd: number, isPrompt: boolean, take: (chunk: Uint8Array) => void) {
    this.#fd = fd;
    this.#take = take;
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: false,
      onread: {
        buffer: CHUNK,
        callback: (count, buffer) => {
          take(buffer.subarray(0, count));
          return isPrompt || this.#mayGoOn(count);
        },
      },
    });
    // A pipe that fails is reported by the program's next spawn; there is nothing to be done here.
    this.#socket.on('error', () => {});
    this.#socket.resume();
  }

  resume(): void {
    if (!this.#isHeld && !this.#socket.destroyed) this.#socket.resume();
  }

  /** What a new child writes waits in the pipe, until it is known whose output it is. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.resume();
  }

  /** Reads what is there now, without waiting. */
  drain(): void {
    if (!this.#socket.destroyed) readAll(this.#fd, this.#take);
  }

  close(): void {
    resting.delete(this);
    waiting.delete(this);
    this.#socket.destroy();
  }

  #mayGoOn(count: number): boolean {
    spent += count;
    this.#judge(count, monotonic());
    if (!this.#isHot) rest(this);
    else if (spent < TURN_BYTES) return true;
    else waitForTurn(this);
    return false;
  }

  /** Who has filled the pipe is waiting, however long that took. */
  #judge(count: number, now: number): void {
    this.#bytes += count;
    const elapsed = now - this.#since;
    if (this.#isHot && elapsed < HOT_MS) return;
    const isBulk = this.#bytes >= BULK_BYTES && this.#bytes >= BULK_RATE * elapsed;
    this.#isHot = isBulk || (!this.#isHot && count === CHUNK.length);
    this.#since = now;
    this.#bytes = 0;
  }
}

/** Reads what is there, within DRAIN_LIMIT. */
export function readAll(fd: number, take: (chunk: Uint8Array) => void): void {
  for (let total = 0; total < DRAIN_LIMIT; ) {
    let count: number;
    try {
      count = readSync(fd, DRAIN_CHUNK, 0, DRAIN_CHUNK.length, null);
    } catch (cause) {
      if (errnoOf(cause) === 'EAGAIN') return;
      throw cause;
    }
    if (count === 0) return;
    total += count;
    take(DRAIN_CHUNK.subarray(0, count));
  }
}
