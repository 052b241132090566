/**
 * Capture mode: what a program writes between two tags is not logged but becomes an event. Works on a stream of bytes,
 * however it is cut into chunks. Knows nothing of events and files.
 */
import { Buffer } from 'node:buffer';

/** No more than this is kept, whatever `*_capture_maxbytes` says: it must fit into one event. */
export const MAX_CAPTURE = 67_108_864;

const BEGIN = Buffer.from('<!--XSUPERVISOR:BEGIN-->');
const END = Buffer.from('<!--XSUPERVISOR:END-->');
const EMPTY: Uint8Array = new Uint8Array(0);

export interface CaptureOutput {
  /** Text outside the tags, or (`captured`) between them, as it arrives. Valid during the call only. */
  text(data: Uint8Array, where: 'outside' | 'captured'): void;
  /** The end tag was seen: the last bytes between the tags, as many as are kept. A copy. */
  captured(data: Uint8Array): void;
  /** The stream ended between the tags. */
  unterminated(length: number): void;
}

/** The length of the longest end of `data` that the tag begins with, short of the whole tag. */
function prefixAtEnd(data: Uint8Array, tag: Uint8Array): number {
  const longest = Math.min(data.length, tag.length - 1);
  // Only the first byte of a tag is `<`, so the last `<` decides.
  const start = data.lastIndexOf(tag[0] ?? 0);
  if (start < data.length - longest || start < 0) return 0;
  const tail = data.subarray(start);
  return tail.every((byte, index) => byte === tag[index]) ? tail.length : 0;
}

/** Keeps exactly the last `max` bytes of what is added. */
export class TailBuffer {
  readonly #max: number;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get length(): number {
    return Math.min(this.#length, this.#max);
  }

  add(data: Uint8Array): void {
    const last = data.subarray(Math.max(0, data.length - this.#max));
    this.#makeRoom(last.length);
    this.#buffer.set(last, this.#length);
    this.#length += last.length;
  }

  /** Empties it, and gives a copy of what was in it. */
  take(): Uint8Array {
    const taken = Uint8Array.from(this.#buffer.subarray(this.#length - this.length, this.#length));
    this.#length = 0;
    this.#buffer = Buffer.alloc(0);
    return taken;
  }

  /** Grows up to twice the maximum, so that old bytes are moved away seldom. */
  #makeRoom(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const kept = this.#buffer.subarray(this.#length - this.length, this.#length);
    const capacity = Math.min(2 * this.#max, Math.max(2 * (kept.length + more), 4096));
    const roomy = capacity <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafe(capacity);
    this.#length = kept.length;
    kept.copy(roomy);
    this.#buffer = roomy;
  }
}

export class Capture {
  readonly #output: CaptureOutput;
  readonly #buffer: TailBuffer;
  #isCapturing = false;
  /** A true beginning of the tag that is waited for, and nothing else. */
  #held: Uint8Array = EMPTY;

  /** @param max how many bytes between two tags are kept. */
  constructor(max: number, output: CaptureOutput) {
    this.#buffer = new TailBuffer(Math.min(max, MAX_CAPTURE));
    this.#output = output;
  }

  write(chunk: Uint8Array): void {
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let rest = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.#held = EMPTY;
    for (;;) {
      const tag = this.#isCapturing ? END : BEGIN;
      const at = rest.indexOf(tag);
      if (at < 0) {
        const held = prefixAtEnd(rest, tag);
        this.#emit(rest.subarray(0, rest.length - held));
        this.#held = Uint8Array.from(rest.subarray(rest.length - held));
        return;
      }
      this.#emit(rest.subarray(0, at));
      rest = rest.subarray(at + tag.length);
      this.#isCapturing = !this.#isCapturing;
      if (!this.#isCapturing) this.#output.captured(this.#buffer.take());
    }
  }

  /** The stream ends: what was held back is text, an open capture is dropped. */
  end(): void {
    this.#emit(this.#held);
    this.#held = EMPTY;
    if (!this.#isCapturing) return;
    this.#isCapturing = false;
    this.#output.unterminated(this.#buffer.take().length);
  }

  #emit(data: Uint8Array): void {
    if (data.length === 0) return;
    if (this.#isCapturing) this.#buffer.add(data);
    this.#output.text(data, this.#isCapturing ? 'captured' : 'outside');
  }
}
