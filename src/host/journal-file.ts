/**
 * The journal as files in the state directory: append-only segments, written synchronously, so that a record is with the
 * kernel before its effect can be seen. Nothing is synced: a killed daemon loses nothing, a power cut the last seconds.
 * A full disk costs records, which are counted, and never more.
 */
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeBatch, decodeHeader, encodeHeader, encodeRecord } from '../journal/codec.ts';
import type { Entry, JournalRecord } from '../journal/record.ts';
import { parseSegmentName, type Segment, segmentLimit, segmentName, superfluous } from '../journal/segments.ts';
import type { JournalAccess } from '../supervisor/journal.ts';
import { type Bytes, bytes, type EpochMillis, type Millis } from '../units.ts';
import { errnoOf } from './errno.ts';
import { JournalCursor } from './journal-cursor.ts';

export interface JournalOptions {
  readonly directory: string;
  /** All segments together. */
  readonly maxbytes: number;
  wall(): EpochMillis;
  /** Something is wrong with the files; it is in the journal too, if that can be written. */
  onProblem(text: string): void;
}

/** Who waits for the next record at the same time; others are told at once that there is none. */
const MAX_WAITERS = 256;
/** Appending: what is cut off again leaves no hole. */
const NEW_SEGMENT = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;
const PRIVATE = { directory: 0o700, file: 0o600 } as const;

interface LastSegment extends Segment {
  readonly lastSerial: number;
  readonly nextEvent: number;
  /** Bytes behind the last sound line. */
  readonly torn: number;
  readonly damaged: number;
}

/** Looks at the segment that is to be continued. */
function examine(path: string, first: number): LastSegment {
  const content = readFileSync(path);
  const { records, sound, damaged } = decodeBatch(content);
  const header = decodeHeader(content.subarray(0, Math.max(0, content.indexOf(0x0a))));
  const told = records.flatMap((record) => ('event' in record && record.event !== undefined ? [record.event + 1] : []));
  return {
    first,
    size: sound,
    lastSerial: records.at(-1)?.serial ?? first - 1,
    nextEvent: told.at(-1) ?? (header.ok ? header.value.nextEvent : 0),
    torn: content.length - sound,
    // Damaged lines behind the last sound one count as torn.
    damaged: damaged - decodeBatch(content.subarray(sound)).damaged,
  };
}

/** More than a header ever has. */
const HEADER_BYTES = 512;

/** The version of a segment that a later superd wrote. */
function newerVersion(path: string): number | undefined {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(HEADER_BYTES);
    const content = buffer.subarray(0, readSync(fd, buffer, 0, HEADER_BYTES, 0));
    const header = decodeHeader(content.subarray(0, Math.max(0, content.indexOf(0x0a))));
    return !header.ok && header.error.kind === 'newer' ? header.error.version : undefined;
  } finally {
    closeSync(fd);
  }
}

export class JournalFile implements JournalAccess {
  readonly #options: JournalOptions;
  /** In ascending order; the last is being written. */
  #segments: Segment[] = [];
  #fd: number | undefined;
  #last = 0;
  #nextEvent = 0;
  #dropped = 0;
  /** The last write left a piece of a line that could not be cut off. */
  #isTorn = false;
  #waiters: (() => void)[] = [];
  readonly #watchers = new Set<() => void>();
  /** Why nothing is recorded. */
  #problem: string | undefined = 'the journal is not open';

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Continues the journal of the directory, or begins one. What cannot be used is left untouched, and is no more said. */
  open(): void {
    try {
      this.#problem = this.#continue();
    } catch (cause) {
      this.#problem = `cannot use the journal in ${this.#options.directory}: ${errnoOf(cause)}`;
    }
    if (this.#problem !== undefined) this.#options.onProblem(this.#problem);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get last(): number {
    return this.#last;
  }

  /** The number that the next event for listeners would get, if numbers went on from run to run. */
  get nextEvent(): number {
    return this.#nextEvent;
  }

  /** Of all that is kept. */
  get bytes(): Bytes {
    return bytes(this.#segments.reduce((sum, { size }) => sum + size, 0));
  }

  starts(): readonly number[] {
    return this.#segments.map(({ first }) => first);
  }

  /** @returns the serial, or undefined when the record could not be kept */
  append(entry: Entry): number | undefined {
    if (this.#problem !== undefined) return undefined;
    const kept = this.#dropped === 0 ? this.#keep([entry]) : this.#resume(entry);
    if (kept === undefined) {
      this.#last += 1;
      this.#dropped += 1;
    }
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
    for (const wake of this.#watchers) wake();
    return kept;
  }

  cursor(after: number): JournalCursor {
    return new JournalCursor(this.#options.directory, () => this.starts(), after);
  }

  async *after(serial: number): AsyncGenerator<readonly JournalRecord[]> {
    const cursor = this.cursor(serial);
    for (let batch = cursor.next(); batch.length > 0; batch = cursor.next()) {
      yield batch;
      await nextTurn();
    }
  }

  /** Resolves when there is a record after `serial`, or when `timeout` has passed. */
  changed(serial: number, timeout: Millis): Promise<void> {
    if (this.#problem !== undefined || this.#last > serial || timeout <= 0 || this.#waiters.length >= MAX_WAITERS)
      return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => wake(), timeout).unref();
    const wake = (): void => {
      clearTimeout(timer);
      this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
      resolve();
    };
    this.#waiters.push(wake);
    return promise;
  }

  watch(wake: () => void): Disposable {
    this.#watchers.add(wake);
    return { [Symbol.dispose]: () => void this.#watchers.delete(wake) };
  }

  [Symbol.dispose](): void {
    this.#problem = 'the journal is closed';
    for (const wake of [...this.#waiters, ...this.#watchers]) wake();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #path(first: number): string {
    return join(this.#options.directory, segmentName(first));
  }

  /** @returns why the journal must be left alone */
  #continue(): string | undefined {
    const { directory } = this.#options;
    mkdirSync(directory, { recursive: true, mode: PRIVATE.directory });
    const starts = readdirSync(directory)
      .flatMap((name) => parseSegmentName(name) ?? [])
      .sort((a, b) => a - b);
    for (const first of starts) {
      const version = newerVersion(this.#path(first));
      if (version === undefined) continue;
      return `cannot use the journal in ${directory}: a later superd wrote it (version ${version}); it is left untouched, and nothing is recorded`;
    }
    const first = starts.pop();
    if (first === undefined) return undefined;
    const { size, lastSerial, nextEvent, torn, damaged } = examine(this.#path(first), first);
    this.#last = Math.max(lastSerial, first - 1);
    this.#nextEvent = nextEvent;
    this.#segments = [
      ...starts.map((start) => ({ first: start, size: statSync(this.#path(start)).size })),
      { first, size },
    ];
    this.#fd = openSync(this.#path(first), 'a', PRIVATE.file);
    if (torn > 0) ftruncateSync(this.#fd, size);
    if (size === 0) this.#write(encodeHeader({ first, nextEvent }));
    this.#problem = undefined;
    if (torn > 0) this.#report(`the journal ended in ${torn} bytes that are no record; they were cut off`);
    if (damaged > 0) this.#report(`the journal holds ${damaged} damaged records, which are passed over`);
    return undefined;
  }

  #report(text: string): void {
    this.#options.onProblem(text);
    this.append({ kind: 'problem', text });
  }

  /** Together with the next record that can be kept goes how many could not. */
  #resume(entry: Entry): number | undefined {
    const text = `${this.#dropped} records could not be written to the journal and are lost`;
    const kept = this.#keep([{ kind: 'problem', text }, entry]);
    if (kept === undefined) return undefined;
    this.#dropped = 0;
    this.#options.onProblem(`${text}; it is written again`);
    return kept;
  }

  /** Keeps all or none. @returns the serial of the last */
  #keep(entries: readonly Entry[]): number | undefined {
    const first = this.#last + 1;
    const at = this.#options.wall();
    const lines = Buffer.concat(entries.map((entry, index) => encodeRecord({ serial: first + index, at, ...entry })));
    const current = this.#segments.at(-1);
    try {
      const limit = segmentLimit(this.#options.maxbytes);
      if (current === undefined || current.size + lines.length > limit || this.#fd === undefined) this.#rotate(first);
      this.#write(lines);
    } catch (cause) {
      if (this.#dropped === 0) this.#options.onProblem(`cannot write to the journal: ${errnoOf(cause)}`);
      return undefined;
    }
    this.#last += entries.length;
    for (const entry of entries) if ('event' in entry && entry.event !== undefined) this.#nextEvent = entry.event + 1;
    return this.#last;
  }

  /** Begins a new segment, and lets go of the oldest. */
  #rotate(first: number): void {
    const fd = openSync(this.#path(first), NEW_SEGMENT, PRIVATE.file);
    const old = { fd: this.#fd, segments: this.#segments };
    this.#fd = fd;
    this.#segments = [...old.segments.filter((segment) => segment.first !== first), { first, size: 0 }];
    try {
      this.#write(encodeHeader({ first, nextEvent: this.#nextEvent }));
    } catch (cause) {
      closeSync(fd);
      rmSync(this.#path(first), { force: true });
      this.#fd = old.fd;
      this.#segments = old.segments;
      throw cause;
    }
    if (old.fd !== undefined) closeSync(old.fd);
    this.#isTorn = false;
    const gone = superfluous(this.#segments, this.#options.maxbytes);
    for (const segment of gone) rmSync(this.#path(segment.first), { force: true });
    this.#segments = this.#segments.filter((segment) => !gone.includes(segment));
  }

  /** Writes lines whole, or nothing. @throws the system error */
  #write(lines: Uint8Array): void {
    const segment = this.#segments.pop();
    const fd = this.#fd;
    if (segment === undefined || fd === undefined) throw new Error('no segment');
    // Ends what an earlier write left behind, so that it spoils only itself.
    const data = this.#isTorn ? Buffer.concat([Buffer.from('\n'), lines]) : lines;
    try {
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
      this.#segments.push({ ...segment, size: segment.size + data.length });
      this.#isTorn = false;
    } catch (cause) {
      this.#segments.push(segment);
      this.#isTorn = !cut(fd, segment.size);
      throw cause;
    }
  }
}

function cut(fd: number, size: number): boolean {
  try {
    ftruncateSync(fd, size);
    return true;
  } catch {
    return false;
  }
}
