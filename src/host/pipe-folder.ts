/**
 * The named pipes between superd and its programs: one per stream and slot, made once, kept over restarts of the program.
 * superd holds an end of its own that is open for reading and writing, so neither side ever sees the other go away.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, lstatSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { User } from '../config/model.ts';
import { errnoOf } from './errno.ts';
import { makeFolder, removeFolder } from './memory-folder.ts';
import { readAll } from './pipe-reader.ts';
import { keepReserve } from './reserve.ts';

const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

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

/** The folder of named pipes below the state directory; in memory, where that can be. */
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
    for (const some of batches(found)) makeAll(some);
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
    makeFolder(this.path);
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
    removeFolder(this.path);
  }
}

/** It may fail because a brain that died has left its own at work: then all are there in the end. */
function makeAll(paths: readonly string[]): void {
  try {
    execFileSync('mkfifo', [...MKFIFO_ARGS, ...paths], { stdio: 'pipe' });
  } catch (cause) {
    if (!paths.every(isFifo)) throw cause;
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
