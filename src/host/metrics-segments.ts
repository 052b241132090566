/**
 * One level of the history on disk: segments that are appended to, and go when they are too old or too large. Every row
 * is one write. A full disk costs rows and nothing more.
 */
import {
  closeSync,
  promises as files,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  arrange,
  BYTES,
  CHUNK_HEADER,
  decodeValues,
  encodeNames,
  encodeValues,
  isNewer,
  type RowPlace,
  scan,
} from '../metrics/codec.ts';
import { type Level, type Point, pointOf, type Row } from '../metrics/levels.ts';
import type { EpochMillis } from '../units.ts';
import { errnoOf } from './errno.ts';

/** A level is so many segments, so the oldest eighth goes at a time. */
const SEGMENTS = 8;
/** Clocks that jump begin new segments; no more than so many are kept. */
const MAX_SEGMENTS = 64;
const PRIVATE_FILE = 0o600;

/** Loaded when first used: most superds keep no history. */
const crc32 = (data: Uint8Array): number => process.getBuiltinModule('node:zlib').crc32(data);

export interface SegmentsOptions {
  readonly directory: string;
  readonly level: Level;
  /** Of all segments together. */
  readonly maxbytes: number;
  readonly onProblem: (text: string) => void;
}

interface Segment {
  readonly path: string;
  /** The column of each name. */
  readonly columns: Map<string, number>;
  readonly rows: RowPlace[];
  size: number;
}

/** A later superd wrote it: it is to be left alone. */
export class NewerFormat extends Error {
  constructor(path: string) {
    super(`cannot use ${path}: a later superd wrote it; it is left untouched`);
  }
}

/** There is no room for the history of so many. */
class TooSmall extends Error {
  constructor(count: number) {
    super(`metrics_maxbytes is too small for ${count} processes`);
  }
}

const lastOf = ({ rows }: Segment): number => rows.at(-1)?.at ?? 0;

export class Segments {
  readonly #options: SegmentsOptions;
  readonly #name: RegExp;
  /** In ascending order; the last is written to when there is a descriptor. */
  #segments: Segment[] = [];
  #fd: number | undefined;
  #isTroubled = false;

  constructor(options: SegmentsOptions) {
    this.#options = options;
    this.#name = new RegExp(`^${options.level.name}-[0-9]{15}$`);
  }

  /** Reads what is there. @throws the system error */
  async open(): Promise<void> {
    const { directory, onProblem } = this.#options;
    const names = readdirSync(directory).filter((name) => this.#name.test(name));
    for (const name of names.sort()) {
      const path = join(directory, name);
      const segment = await this.#examine(path).catch((cause: unknown) => {
        if (cause instanceof NewerFormat) throw cause;
        onProblem(`cannot read the history of use in ${path}: ${errnoOf(cause)}`);
        return undefined;
      });
      if (segment !== undefined) this.#segments.push(segment);
      await nextTurn();
    }
    this.#segments.sort((a, b) => lastOf(a) - lastOf(b));
  }

  get newest(): EpochMillis | undefined {
    return this.#segments.findLast(({ rows }) => rows.length > 0)?.rows.at(-1)?.at;
  }

  append(row: Row): void {
    const { directory, onProblem } = this.#options;
    try {
      this.#keep(row);
      if (this.#isTroubled) onProblem('the history of use is written again');
      this.#isTroubled = false;
    } catch (cause) {
      const why = cause instanceof TooSmall ? cause.message : errnoOf(cause);
      if (!this.#isTroubled) onProblem(`cannot write the history of use to ${directory}: ${why}`);
      this.#isTroubled = true;
    }
  }

  async *rows(from: EpochMillis): AsyncGenerator<Row> {
    for (const segment of this.#from(from)) {
      const names = [...segment.columns.keys()];
      const places = segment.rows.filter(({ at }) => at >= from);
      for (const { at, offset, columns } of places) {
        const [values] = this.#read(segment, [{ at, offset, columns }], columns);
        if (values !== undefined) yield { at, names: names.slice(0, columns), values };
        await nextTurn();
      }
    }
  }

  async points(name: string, from: EpochMillis): Promise<readonly Point[]> {
    const { width } = this.#options.level;
    const points: Point[] = [];
    for (const segment of this.#from(from)) {
      const column = segment.columns.get(name);
      if (column === undefined) continue;
      const places = segment.rows
        .filter(({ at, columns }) => at >= from && column < columns)
        .map((place) => ({ ...place, offset: place.offset + column * width * BYTES }));
      const cells = this.#read(segment, places, 1);
      points.push(...places.flatMap(({ at }, index) => this.#point(at, cells[index]) ?? []));
      await nextTurn();
    }
    return points;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #point(at: EpochMillis, cell: Float32Array | undefined): Point | undefined {
    return cell === undefined ? undefined : pointOf(this.#options.level, at, cell);
  }

  #from(from: EpochMillis): readonly Segment[] {
    return this.#segments.filter((segment) => lastOf(segment) >= from);
  }

  /** The numbers of so many columns at each place; none when the segment is gone. */
  #read({ path }: Segment, places: readonly RowPlace[], columns: number): readonly Float32Array[] {
    const length = columns * this.#options.level.width;
    const bytes = Buffer.alloc(places.length * length * BYTES);
    try {
      const fd = openSync(path, 'r');
      try {
        for (const [index, { offset }] of places.entries()) {
          readSync(fd, bytes, index * length * BYTES, length * BYTES, offset);
        }
      } finally {
        closeSync(fd);
      }
    } catch {
      return [];
    }
    const values = decodeValues(bytes);
    return places.map((_place, index) => values.subarray(index * length, (index + 1) * length));
  }

  /** What is whole in a segment; a torn end is cut off, and what is no segment at all begun anew. */
  async #examine(path: string): Promise<Segment | undefined> {
    const { level, onProblem } = this.#options;
    const content = await files.readFile(path);
    if (isNewer(content)) throw new NewerFormat(path);
    const { names, rows, sound, damaged } = scan(content, level, crc32);
    const lost = content.length - sound + damaged;
    if (lost > 0) onProblem(`the history of use in ${path} is damaged: ${lost} bytes are passed over`);
    if (rows.length === 0) {
      rmSync(path, { force: true });
      return undefined;
    }
    if (sound < content.length) truncateSync(path, sound);
    return { path, columns: new Map(names.map((name, column) => [name, column])), rows: [...rows], size: sound };
  }

  /** Writes to the last segment, or to a new one when that is full, or too old, or of a time to come. */
  #keep(row: Row): void {
    const { level, maxbytes } = this.#options;
    const last = this.#segments.at(-1);
    const age = last === undefined ? 0 : row.at - (last.rows[0]?.at ?? row.at);
    if (last !== undefined && row.at > lastOf(last) && age < level.keep / SEGMENTS) {
      const addition = additionTo(last, row, level);
      if (last.size + addition.bytes.length <= maxbytes / SEGMENTS) {
        this.#fd ??= openSync(last.path, 'r+');
        return this.#write(last, addition);
      }
    }
    const path = join(this.#options.directory, `${level.name}-${String(row.at).padStart(15, '0')}`);
    const segment: Segment = { path, columns: new Map(), rows: [], size: 0 };
    const addition = additionTo(segment, row, level);
    if (addition.bytes.length > maxbytes / SEGMENTS) throw new TooSmall(row.names.length);
    this.close();
    this.#expire(row.at);
    this.#fd = openSync(path, 'w', PRIVATE_FILE);
    this.#segments = [...this.#segments.filter((old) => old.path !== path), segment];
    this.#write(segment, addition);
  }

  /** Lets go of what is too old, and of the oldest until a new segment has room. */
  #expire(now: EpochMillis): void {
    const { level, maxbytes } = this.#options;
    const most = maxbytes - maxbytes / SEGMENTS;
    let size = this.#segments.reduce((sum, segment) => sum + segment.size, 0);
    const kept = [...this.#segments];
    for (const segment of this.#segments) {
      if (lastOf(segment) >= now - level.keep && size <= most && kept.length < MAX_SEGMENTS) break;
      rmSync(segment.path, { force: true });
      kept.shift();
      size -= segment.size;
    }
    this.#segments = kept;
  }

  /** Writes everything or nothing. @throws the system error */
  #write(segment: Segment, { bytes, names, place }: Addition): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error('no segment is open');
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(fd, bytes, done, bytes.length - done, segment.size + done);
      }
    } catch (cause) {
      cut(fd, segment.size);
      throw cause;
    }
    for (const name of names) segment.columns.set(name, segment.columns.size);
    segment.rows.push(place);
    segment.size += bytes.length;
  }
}

/** What a row adds to a segment. */
interface Addition {
  readonly bytes: Buffer;
  /** That have no column yet. */
  readonly names: readonly string[];
  readonly place: RowPlace;
}

function additionTo({ columns, size }: Segment, row: Row, { width }: Level): Addition {
  const names = row.names.filter((name) => !columns.has(name));
  const from = columns.size;
  const all = new Map([...columns, ...names.map((name, index) => [name, from + index] as const)]);
  const values = encodeValues(arrange(row, all, width), row.at, crc32);
  const bytes = Buffer.concat(names.length === 0 ? [values] : [encodeNames({ from, names }, row.at, crc32), values]);
  const offset = size + bytes.length - values.length + CHUNK_HEADER;
  return { bytes, names, place: { at: row.at, offset, columns: all.size } };
}

/** What is left of a write that failed does no harm either: the next one goes over it. */
function cut(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch {
    // The next row is written to the same place.
  }
}
