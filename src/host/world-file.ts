/**
 * The world on disk: one line a change, each with its checksum, appended before the change has an effect. It is written
 * for a brain that dies, not for a power cut: after a boot no child is left that it could speak of, and it is forgotten.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { openLine, sealLine } from '../journal/line.ts';
import type { SavedChange } from '../supervisor/saved.ts';
import type { Store } from '../supervisor/store.ts';
import { millis } from '../units.ts';
import { after } from './clock.ts';
import { errnoOf } from './errno.ts';

/** Grows when a line comes to mean something else. A newer file is left alone. */
export const WORLD_VERSION = 1;
/** The file is written anew, without what was overtaken, when it has grown by so much. */
const COMPACT_BYTES = 4 * 2 ** 20;
/** When it could not be written, it is tried so often. */
const RETRY = millis(1000);
const LF = 0x0a;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

interface Header {
  readonly version: number;
  /** The boot in which it was written. */
  readonly boot: string;
  /** Begins the cookie of every child of this state directory. */
  readonly mark: string;
}

/** What a file says. */
export interface WorldText {
  readonly header: Header;
  readonly changes: readonly SavedChange[];
  /** Bytes up to and including the last whole line. */
  readonly wholeBytes: number;
  /** Something after them was cut off, or spoilt. */
  readonly isTorn: boolean;
}

/** Reads up to the first line that is not whole. @returns undefined when there is not even a header */
export function readWorld(content: Uint8Array): WorldText | undefined {
  const changes: SavedChange[] = [];
  let header: Header | undefined;
  let wholeBytes = 0;
  for (let end = content.indexOf(LF); end >= 0; end = content.indexOf(LF, wholeBytes)) {
    const json = openLine(content.subarray(wholeBytes, end));
    if (json === undefined) break;
    if (header === undefined) header = JSON.parse(json);
    else changes.push(JSON.parse(json));
    wholeBytes = end + 1;
  }
  return header === undefined ? undefined : { header, changes, wholeBytes, isTorn: wholeBytes < content.length };
}

export interface OpenedWorld {
  readonly file: WorldFile;
  /** What an earlier brain of this boot left. */
  readonly changes: readonly SavedChange[];
}

export class WorldFile implements Store {
  readonly mark: string;
  readonly #path: string;
  readonly #boot: string;
  readonly #onProblem: (text: string) => void;
  #fd: number;
  /** Bytes since it was written anew. */
  #grown: number;
  /** A change could not be written. */
  #isBehind = false;
  #isForgotten = false;
  /** All of the world, for a file that is written anew. */
  snapshot: (() => readonly SavedChange[]) | undefined;

  /**
   * Opens the file of a state directory, or begins one.
   * @returns an error when it was written by a newer superd: it is left untouched
   */
  static open(statedir: string, boot: string, onProblem: (text: string) => void): Result<OpenedWorld, string> {
    const path = join(statedir, 'world');
    mkdirSync(statedir, { recursive: true, mode: PRIVATE_FOLDER });
    const found = readWorld(readIfThere(path));
    if (found !== undefined && found.header.version > WORLD_VERSION) {
      return fail(`cannot use ${path}: it was written by a newer superd (version ${found.header.version})`);
    }
    if (found === undefined || found.header.boot !== boot) {
      const header = { version: WORLD_VERSION, boot, mark: found?.header.mark ?? newMark() };
      return ok({ file: new WorldFile(path, header, { onProblem, keep: undefined }), changes: [] });
    }
    if (found.isTorn) onProblem(`${path}: the last record was not written whole, and is cut off`);
    const file = new WorldFile(path, found.header, { onProblem, keep: found.wholeBytes });
    return ok({ file, changes: found.changes });
  }

  private constructor(
    path: string,
    { mark, boot, version }: Header,
    { onProblem, keep }: { readonly onProblem: (text: string) => void; readonly keep: number | undefined },
  ) {
    this.mark = mark;
    this.#path = path;
    this.#boot = boot;
    this.#onProblem = onProblem;
    const { O_WRONLY, O_APPEND, O_CREAT } = constants;
    this.#fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT, PRIVATE_FILE);
    ftruncateSync(this.#fd, keep ?? 0);
    this.#grown = keep ?? 0;
    if (keep === undefined) this.#append({ version, boot, mark });
  }

  save(change: SavedChange): void {
    this.#append(change);
    if (this.#grown > COMPACT_BYTES) this.rewrite();
  }

  /** Leaves out what was overtaken. */
  rewrite(): void {
    if (this.snapshot === undefined || this.#isBehind) return;
    const problem = this.#compact();
    if (problem !== undefined) this.#onProblem(`cannot rewrite ${this.#path}: ${problem}`);
  }

  /** Everything is stopped: there is nothing to go on with. */
  forget(): void {
    this.#isForgotten = true;
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }

  /** After a change that could not be kept only all of the world makes a good file again. */
  #append(value: SavedChange | Header): void {
    if (this.#isBehind) return;
    try {
      this.#grown += writeWhole(this.#fd, sealLine(value));
    } catch (cause) {
      this.#isBehind = true;
      this.#onProblem(`cannot write ${this.#path}: ${errnoOf(cause)}; a brain that dies now forgets what changes`);
      this.#catchUpLater();
    }
  }

  #catchUpLater(): void {
    after(RETRY, () => {
      if (this.#isForgotten) return;
      if (this.#compact() !== undefined) return this.#catchUpLater();
      this.#isBehind = false;
      this.#onProblem(`${this.#path} is written again`);
    });
  }

  /** @returns the errno's name of a failure: the file is as it was */
  #compact(): string | undefined {
    const world = this.snapshot?.() ?? [];
    const header = { version: WORLD_VERSION, boot: this.#boot, mark: this.mark };
    const fresh = `${this.#path}.new`;
    this.#grown = 0;
    let fd: number | undefined;
    try {
      const { O_WRONLY, O_APPEND, O_CREAT, O_TRUNC } = constants;
      fd = openSync(fresh, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC, PRIVATE_FILE);
      for (const value of [header, ...world]) writeWhole(fd, sealLine(value));
      renameSync(fresh, this.#path);
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      removeQuietly(fresh);
      return errnoOf(cause);
    }
    closeSync(this.#fd);
    this.#fd = fd;
    return undefined;
  }
}

/** Writes a line whole, or cuts off what came of it. @returns its length @throws the system error */
function writeWhole(fd: number, data: Uint8Array): number {
  let done = 0;
  try {
    while (done < data.length) done += writeSync(fd, data, done);
    return done;
  } catch (cause) {
    if (done > 0) ftruncateSync(fd, fstatSync(fd).size - done);
    throw cause;
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next attempt truncates it.
  }
}

function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return new Uint8Array();
    throw cause;
  }
}

/** Random enough to tell two state directories apart. */
const newMark = (): string => readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
