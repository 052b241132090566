/** Reads the journal's files forwards, piece by piece, while they may still grow or be removed. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBatch, MAX_LINE } from '../journal/codec.ts';
import type { JournalRecord } from '../journal/record.ts';
import { segmentName, startOf } from '../journal/segments.ts';

/** What is read, and held in memory, at once; more only for a longer line. */
const CHUNK = 128 * 1024;

/** Up to `length` bytes of a file from `offset`; undefined when it is gone. */
function readPiece(path: string, offset: number, length: number): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(fd, buffer, 0, length, offset));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

export class JournalCursor {
  readonly #directory: string;
  readonly #starts: () => readonly number[];
  /** The segment being read; undefined: to be looked for. */
  #segment: number | undefined;
  #offset = 0;
  #last: number;

  /** @param after the serial of the record before the first that is wanted */
  constructor(directory: string, starts: () => readonly number[], after: number) {
    this.#directory = directory;
    this.#starts = starts;
    this.#last = after;
  }

  /** The next records; none at the end of what is there now. */
  next(): readonly JournalRecord[] {
    for (;;) {
      this.#segment ??= startOf(this.#starts(), this.#last + 1);
      if (this.#segment === undefined) return [];
      const records = this.#read(this.#segment);
      if (records === undefined) {
        if (!this.#skipSegment(this.#segment)) return [];
      } else if (records.length > 0) return records;
    }
  }

  /** undefined: there is nothing more in this segment. */
  #read(segment: number): readonly JournalRecord[] | undefined {
    const path = join(this.#directory, segmentName(segment));
    let chunk = readPiece(path, this.#offset, CHUNK);
    if (chunk?.length === CHUNK && !chunk.includes(0x0a)) chunk = readPiece(path, this.#offset, MAX_LINE);
    if (chunk === undefined || chunk.length === 0) return undefined;
    const { records, consumed } = decodeBatch(chunk);
    // No line is that long: these bytes are damaged, the next line feed ends them.
    if (consumed === 0 && chunk.length < MAX_LINE) return undefined;
    this.#offset += consumed === 0 ? chunk.length : consumed;
    const wanted = records.filter(({ serial }) => serial > this.#last);
    this.#last = wanted.at(-1)?.serial ?? this.#last;
    return wanted;
  }

  /** On to the next segment, if there is one. */
  #skipSegment(segment: number): boolean {
    const next = this.#starts().find((first) => first > segment);
    if (next === undefined) return false;
    this.#segment = next;
    this.#offset = 0;
    return true;
  }
}
