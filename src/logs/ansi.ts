/**
 * Removes ANSI control sequences (`ESC [ … letter`) from a stream of bytes, however it is cut into chunks. What only
 * looks like the beginning of a sequence is kept. Knows nothing of where the bytes go.
 */
import { Buffer } from 'node:buffer';

/** A longer sequence is none, and is kept as text. */
export const MAX_SEQUENCE = 256;

const ESC = 0x1b;
const BRACKET = 0x5b;
const EMPTY: Uint8Array = new Uint8Array(0);

/** Parameter bytes are 0x30-0x3f, intermediate bytes 0x20-0x2f. @source ECMA-48 5.4 */
const isParameter = (byte: number): boolean => byte >= 0x30 && byte <= 0x3f;
const isIntermediate = (byte: number): boolean => byte >= 0x20 && byte <= 0x2f;
const isFinal = (byte: number): boolean => byte >= 0x40 && byte <= 0x7e;

/**
 * Looks at an ESC.
 * @returns the index behind the sequence; `start` itself if there is none; undefined if more bytes must tell.
 */
function endOfSequence(data: Uint8Array, start: number): number | undefined {
  const limit = Math.min(data.length, start + MAX_SEQUENCE);
  let at = start + 1;
  if (at >= data.length) return undefined;
  if (data[at] !== BRACKET) return start;
  at += 1;
  while (at < limit && isParameter(data[at] ?? 0)) at += 1;
  while (at < limit && isIntermediate(data[at] ?? 0)) at += 1;
  if (at < limit) return isFinal(data[at] ?? 0) ? at + 1 : start;
  return limit < data.length || limit === start + MAX_SEQUENCE ? start : undefined;
}

export class AnsiStripper {
  /** The beginning of what may become a sequence. */
  #held: Uint8Array = EMPTY;

  /** @returns the chunk itself when there is nothing to remove; otherwise fresh bytes. */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#held.length === 0 && !chunk.includes(ESC)) return chunk;
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    const kept = Buffer.allocUnsafe(data.length);
    let length = 0;
    const keep = (from: number, to: number): void => {
      kept.set(data.subarray(from, to), length);
      length += to - from;
    };
    let from = 0;
    for (let escape = data.indexOf(ESC); escape >= 0; ) {
      const end = endOfSequence(data, escape);
      if (end === undefined) {
        keep(from, escape);
        this.#held = new Uint8Array(data.subarray(escape));
        return kept.subarray(0, length);
      }
      if (end > escape) {
        keep(from, escape);
        from = end;
      }
      escape = data.indexOf(ESC, Math.max(end, escape + 1));
    }
    keep(from, data.length);
    return kept.subarray(0, length);
  }

  /** What was held back and turned out to be text, because nothing follows. */
  end(): Uint8Array {
    const held = this.#held;
    this.#held = EMPTY;
    return held;
  }
}
