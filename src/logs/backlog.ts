/** Bytes that could not be written yet, up to a limit; what is over it is dropped and counted. */

/** What one log may hold back while its target takes nothing. */
export const MAX_BACKLOG = 262_144;

const NOTHING = new Uint8Array(0);

export class Backlog {
  /** Allocated while something waits. */
  #buffer: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  #dropped = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Bytes dropped since `clear`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Copies what fits; once something was dropped, nothing is taken, so that there is one gap and not many. */
  add(data: Uint8Array): void {
    const room = this.#dropped > 0 ? 0 : MAX_BACKLOG - this.length;
    const kept = data.subarray(0, room);
    this.#dropped += data.length - kept.length;
    if (kept.length === 0) return;
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(MAX_BACKLOG);
    if (this.#end + kept.length > MAX_BACKLOG) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#buffer.set(kept, this.#end);
    this.#end += kept.length;
  }

  /**
   * Hands out what waits, oldest first.
   * @param write returns how many bytes it took
   */
  drain(write: (data: Uint8Array) => number): void {
    if (this.length > 0) this.#start += write(this.#buffer.subarray(this.#start, this.#end));
  }

  /** Forgets everything, the count included. */
  clear(): void {
    this.#buffer = NOTHING;
    this.#start = 0;
    this.#end = 0;
    this.#dropped = 0;
  }
}
