/** Bytes that could not be written yet, up to a limit; what is over it is dropped and counted. */

/** What one log may hold back while its target takes nothing. */
export const MAX_BACKLOG = 262_144;

export class Backlog {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #dropped = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Bytes dropped since `clear`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Copies what fits; once something was dropped, nothing is taken, so that there is one gap and not many. */
  add(data: Uint8Array): void {
    const room = this.#dropped > 0 ? 0 : MAX_BACKLOG - this.#length;
    const kept = Uint8Array.from(data.subarray(0, room));
    if (kept.length > 0) this.#chunks.push(kept);
    this.#length += kept.length;
    this.#dropped += data.length - kept.length;
  }

  /**
   * Hands out what waits, oldest first.
   * @param write returns how many bytes it took; fewer than it got ends the call.
   */
  drain(write: (data: Uint8Array) => number): void {
    while (this.#length > 0) {
      const data = this.#chunks.length === 1 ? this.#chunks[0] : joined(this.#chunks, this.#length);
      if (data === undefined) return;
      const taken = write(data);
      this.#length -= taken;
      this.#chunks = taken === data.length ? [] : [data.subarray(taken)];
      if (taken < data.length) return;
    }
  }

  /** Forgets everything, the count included. */
  clear(): void {
    this.#chunks = [];
    this.#length = 0;
    this.#dropped = 0;
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
