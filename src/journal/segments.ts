/**
 * The journal is a row of files, each named after the serial of its first record. Which one holds a record, when the
 * next begins, and which ones go when all together are too large. Pure.
 */

export interface Segment {
  readonly first: number;
  /** Bytes. */
  readonly size: number;
}

/** The journal is cut into about so many pieces, so that little goes at once. */
const SEGMENTS = 16;
const SMALLEST = 64 * 1024;
const LARGEST = 1024 * 1024;
/** Enough for 2^53. */
const DIGITS = 16;
const NAME = /^(\d{16})\.journal$/;

export const segmentName = (first: number): string => `${String(first).padStart(DIGITS, '0')}.journal`;

/** The first serial of a segment; undefined for the name of anything else. */
export function parseSegmentName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** How long a segment becomes, when all together may have `total` bytes. */
export const segmentLimit = (total: number): number =>
  Math.min(LARGEST, Math.max(SMALLEST, Math.floor(total / SEGMENTS)));

/** The oldest segments that must go for the rest to fit; never the last, which is being written. */
export function superfluous(segments: readonly Segment[], total: number): readonly Segment[] {
  let size = segments.reduce((sum, segment) => sum + segment.size, 0);
  const gone: Segment[] = [];
  for (const segment of segments.slice(0, -1)) {
    if (size <= total) break;
    size -= segment.size;
    gone.push(segment);
  }
  return gone;
}

/**
 * Where to begin reading for the records from `serial` on.
 * @param starts first serials, ascending
 * @returns undefined when there is no segment
 */
export const startOf = (starts: readonly number[], serial: number): number | undefined =>
  starts.findLast((first) => first <= serial) ?? starts[0];
