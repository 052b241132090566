/**
 * The named pipes between superd and its programs: one per stream and slot, made once, kept over restarts of the program.
 * superd holds an end of its own that is open for reading and writing, so neither side ever sees the other go away.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { User } from '../config/model.ts';
import { errnoOf } from './errno.ts';
import { monotonic } from './monotonic.ts';
import { keepReserve } from './reserve.ts';

const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** One buffer for all readers: a chunk is used up before the next is read. */
const CHUNK = Buffer.allocUnsafeSlow(64 * 1024);
/** A second buffer, as a drain may happen while a chunk is being handled. */
const DRAIN_CHUNK = Buffer.allocUnsafeSlow(64 * 1024);
/** At a program's end at most this much is read at once: the largest pipe an unprivileged program can make. */
const DRAIN_LIMIT = 2 ** 20;
/** A stream is read at most once in this time, and those that are due are seen to in slices … */
const REST_MS = 50;
const SLICE_MS = 10;
/** … unless a read brought this much: then it is read as fast as it comes, for a while. */
const BULK_BYTES = 32 * 1024;
const HOT_MS = 200;
/** Of those that wait for a turn of the event loop, so many go on in one; after so many bytes whoever reads more has to wait. */
const TURN_READERS = 32;
const TURN_BYTES = 2 * 2 ** 20;
/** mkfifo gets names of so many bytes at once: with the environment, the least that any system takes (ARG_MAX). */
const MKFIFO_BYTES = 96 * 1024;
const MKFIFO_ARGS = ['-m', '600', '--'] as const;
/** File names end at 255 bytes. */
const LONGEST_NAME = 200;

/** A file name for any text: readable where possible, never a path, never too long. */
export function safeName(text: string): string {
  const encoded = encodeURIComponent(text).replaceAll('*', '%2A').replace(/^\./, '%2E');
  if (encoded.length <= LONGEST_NAME) return encoded;
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return `${encoded.slice(0, LONGEST_NAME - 17)}-${hash.toString(16).padStart(16, '0')}`;
}

export interface NewPipe {
  readonly name: string;
  readonly user: User | undefined;
}

/** The folder of named pipes below the state directory. */
export class PipeFolder {
  readonly path: string;
  /** Made ahead, and not asked for since. */
  readonly #ahead = new Set<string>();

  constructor(statedir: string) {
    this.path = join(statedir, 'pipes');
  }

  pathOf(name: string): string {
    return join(this.path, safeName(name));
  }

  has(name: string): boolean {
    return lstatSync(this.pathOf(name), { throwIfNoEntry: false })?.isFIFO() === true;
  }

  /**
   * Makes pipes; those that exist are kept, anything else of that name is replaced. A program that changes its user must
   * be able to open `/dev/stdout` again, so its pipes are that user's.
   */
  make(pipes: readonly NewPipe[]): void {
    const paths = pipes.map(({ name }) => this.pathOf(name));
    const found = this.#missing(paths.filter((path) => !this.#ahead.has(path)));
    for (const some of batches(found)) execFileSync('mkfifo', [...MKFIFO_ARGS, ...some], { stdio: 'pipe' });
    const made = new Set([...found, ...paths.filter((path) => this.#ahead.delete(path))]);
    if (process.getuid?.() !== 0) return;
    for (const [index, path] of paths.entries()) {
      const user = pipes[index]?.user;
      // A new one is ours as it is.
      if (user !== undefined || !made.has(path)) giveTo(path, user);
    }
  }

  /** Makes pipes while others are at work; make() need not wait then. What goes wrong is left to make(). */
  async makeAhead(pipes: readonly NewPipe[]): Promise<void> {
    try {
      for (const some of batches(this.#missing(pipes.map(({ name }) => this.pathOf(name))))) {
        await run('mkfifo', [...MKFIFO_ARGS, ...some]);
        for (const path of some) this.#ahead.add(path);
      }
    } catch {
      // It is tried again, and said.
    }
  }

  #missing(paths: readonly string[]): readonly string[] {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    return [...new Set(paths)].filter((path) => !isFifo(path));
  }

  /** A descriptor for a child: blocking, and of its own, so that nothing that the child sets on it is inherited. */
  openForChild(name: string): number {
    return openSync(this.pathOf(name), O_RDWR);
  }

  /** @throws EMFILE while there are still some descriptors left for whoever wants to know what is wrong */
  openForReading(name: string): number {
    return keepReserve(openSync(this.pathOf(name), O_RDWR | O_NONBLOCK));
  }

  /** @throws ENXIO when nobody has the pipe open. */
  openForWriting(name: string): number {
    return openSync(this.pathOf(name), O_WRONLY | O_NONBLOCK);
  }

  /** Throws away what nobody read: a new program must not get what was meant for the one before. */
  empty(name: string): void {
    const fd = openSync(this.pathOf(name), O_RDONLY | O_NONBLOCK);
    try {
      readAll(fd, () => {});
    } finally {
      closeSync(fd);
    }
  }

  unlink(name: string): void {
    rmSync(this.pathOf(name), { force: true });
  }

  /** At a clean end nothing is left. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** @throws when it cannot be run, or fails */
function run(file: string, args: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile(file, args, (failure) => (failure === null ? resolve() : reject(failure)));
  return promise;
}

function giveTo(path: string, user: User | undefined): void {
  chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
  chmodSync(path, 0o600);
}

/** As many in one batch as a command takes. */
function batches(paths: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let left = 0;
  for (const path of paths) {
    // And its place in the list of arguments.
    const size = Buffer.byteLength(path) + 9;
    if (size > left) {
      all.push([]);
      left = MKFIFO_BYTES;
    }
    left -= size;
    all.at(-1)?.push(path);
  }
  return all;
}

function isFifo(path: string): boolean {
  try {
    if (lstatSync(path).isFIFO()) return true;
    unlinkSync(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
  return false;
}

/** Reads what is there, within DRAIN_LIMIT. */
function readAll(fd: number, take: (chunk: Uint8Array) => void): void {
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
  #hotUntil = 0;
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
    const now = monotonic();
    if (count >= BULK_BYTES) this.#hotUntil = now + HOT_MS;
    if (now >= this.#hotUntil) rest(this);
    else if (spent < TURN_BYTES) return true;
    else waitForTurn(this);
    return false;
  }
}
