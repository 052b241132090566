/**
 * The history on disk as bytes. A segment is a sequence of chunks, each with a check sum: names, which give the columns
 * their meaning, and rows of numbers, one column a program. Names only join, so a column keeps its place in a segment.
 */
import { type EpochMillis, epochMillis } from '../units.ts';
import type { Level, Row } from './levels.ts';

/** `sdm` and the version of this format. */
const MAGIC = Buffer.from([0x73, 0x64, 0x6d, 1]);
/** magic, kind, length of the payload, check sum of all that follows, time. */
const AT = { kind: 4, length: 8, sum: 12, time: 16 } as const;
export const CHUNK_HEADER = 24;
const KIND = { names: 1, rows: 2 } as const;
/** Of a number. */
export const BYTES = 4;
/** No chunk is larger. */
const MAX_PAYLOAD = 8 * 1024 * 1024;

/** CRC-32; `before` is that of what precedes. */
export type CheckSum = (data: Uint8Array, before?: number) => number;

function chunk(kind: number, at: EpochMillis, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(CHUNK_HEADER + payload.length);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(kind, AT.kind);
  bytes.writeUInt32LE(payload.length, AT.length);
  bytes.writeDoubleLE(at, AT.time);
  bytes.set(payload, CHUNK_HEADER);
  return bytes;
}

/** Of everything but the magic and itself. */
const sumOf = (bytes: Buffer, sum: CheckSum): number =>
  sum(bytes.subarray(AT.time), sum(bytes.subarray(AT.kind, AT.sum)));

function sealed(bytes: Buffer, sum: CheckSum): Buffer {
  bytes.writeUInt32LE(sumOf(bytes, sum), AT.sum);
  return bytes;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The same numbers; in a file the lowest byte comes first, whatever the machine. */
function swapped(bytes: Buffer): Buffer {
  return LITTLE_ENDIAN ? bytes : bytes.swap32();
}

export interface Names {
  /** The column of the first. */
  readonly from: number;
  readonly names: readonly string[];
}

export const encodeNames = (names: Names, at: EpochMillis, sum: CheckSum): Buffer =>
  sealed(chunk(KIND.names, at, Buffer.from(JSON.stringify(names))), sum);

export function encodeValues(values: Float32Array, at: EpochMillis, sum: CheckSum): Buffer {
  const payload = swapped(Buffer.from(values.slice().buffer));
  return sealed(chunk(KIND.rows, at, payload), sum);
}

/** The numbers of a row, or a part of it, as they stand in the file. */
export function decodeValues(payload: Uint8Array): Float32Array {
  const copy = swapped(Buffer.from(payload));
  return new Float32Array(copy.buffer.slice(copy.byteOffset, copy.byteOffset + (copy.length & ~3)));
}

/** Where a row stands in its segment. */
export interface RowPlace {
  readonly at: EpochMillis;
  /** Of its first number. */
  readonly offset: number;
  readonly columns: number;
}

export interface Scan {
  readonly names: readonly string[];
  readonly rows: readonly RowPlace[];
  /** Everything from here on is no whole chunk: the last write was cut off. */
  readonly sound: number;
  /** Bytes before it that are no chunk. */
  readonly damaged: number;
}

interface Found {
  readonly names: string[];
  readonly rows: RowPlace[];
}

interface Chunk {
  readonly kind: number;
  readonly at: EpochMillis;
  readonly payload: Buffer;
  readonly end: number;
}

function chunkAt(content: Buffer, offset: number, sum: CheckSum): Chunk | undefined {
  if (offset + CHUNK_HEADER > content.length || MAGIC.compare(content, offset, offset + MAGIC.length) !== 0) {
    return undefined;
  }
  const length = content.readUInt32LE(offset + AT.length);
  const end = offset + CHUNK_HEADER + length;
  if (length > MAX_PAYLOAD || end > content.length) return undefined;
  const bytes = content.subarray(offset, end);
  if (bytes.readUInt32LE(AT.sum) !== sumOf(bytes, sum)) return undefined;
  const at = epochMillis(bytes.readDoubleLE(AT.time));
  return { kind: bytes.readUInt32LE(AT.kind), at, payload: bytes.subarray(CHUNK_HEADER), end };
}

function namesIn(payload: Buffer): Names | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString());
    if (typeof value !== 'object' || value === null || !('from' in value) || !('names' in value)) return undefined;
    const { from, names } = value;
    if (typeof from !== 'number' || !Array.isArray(names)) return undefined;
    return { from, names: names.filter((name) => typeof name === 'string') };
  } catch {
    return undefined;
  }
}

/** Takes the chunk into what is known of the segment. @returns whether it makes sense */
function take({ kind, at, payload, end }: Chunk, into: Found, width: number): boolean {
  if (kind === KIND.names) {
    const found = namesIn(payload);
    if (found?.from !== into.names.length) return false;
    into.names.push(...found.names);
    return true;
  }
  const columns = payload.length / BYTES / width;
  if (columns > into.names.length || !Number.isInteger(columns)) return false;
  into.rows.push({ at, offset: end - payload.length, columns });
  return true;
}

/**
 * Finds what is whole in a segment. Rows behind names that are damaged belong to nobody knows whom: from there on
 * nothing counts.
 */
export function scan(content: Buffer, level: Level, sum: CheckSum): Scan {
  const into: Found = { names: [], rows: [] };
  let sound = 0;
  let damaged = 0;
  for (let offset = content.indexOf(MAGIC); offset >= 0; ) {
    const found = chunkAt(content, offset, sum);
    if (found === undefined) {
      offset = content.indexOf(MAGIC, offset + 1);
      continue;
    }
    if (!take(found, into, level.width)) break;
    damaged += offset - sound;
    sound = found.end;
    offset = content.indexOf(MAGIC, sound);
  }
  return { ...into, sound, damaged };
}

/** Was this written by a later superd, in a form that is not known here? */
export const isNewer = (content: Uint8Array): boolean =>
  content.length >= MAGIC.length &&
  MAGIC.subarray(0, 3).every((byte, index) => content[index] === byte) &&
  (content[3] ?? 0) > (MAGIC[3] ?? 0);

/** The numbers of a row in the order of the columns; those who are not in it get NaN. */
export function arrange(row: Row, columns: ReadonlyMap<string, number>, width: number): Float32Array {
  const values = new Float32Array(columns.size * width).fill(Number.NaN);
  for (const [index, name] of row.names.entries()) {
    const column = columns.get(name);
    if (column !== undefined) values.set(row.values.subarray(index * width, (index + 1) * width), column * width);
  }
  return values;
}
