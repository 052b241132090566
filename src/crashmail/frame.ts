/**
 * The event listener protocol as a listener reads it: header line, then a payload of `len` characters. Bytes in,
 * events out; knows no stream.
 */

export interface EventFrame {
  readonly headers: ReadonlyMap<string, string>;
  /** Cut to KEPT_BYTES; state events are far shorter. */
  readonly payload: string;
}

/** The longest header line that is waited for. */
const HEADER_BYTES = 64 * 1024;
/** Of longer payloads (captured data, remote events) only the beginning is kept. */
const KEPT_BYTES = 256 * 1024;

const LF = 0x0a;

/** `a:1 b:2` to a map; words without a colon are passed over. The first of equal keys wins. */
export function parseTokens(line: string): ReadonlyMap<string, string> {
  const tokens = new Map<string, string>();
  for (const word of line.split(/\s+/)) {
    const colon = word.indexOf(':');
    if (colon > 0 && !tokens.has(word.slice(0, colon))) tokens.set(word.slice(0, colon), word.slice(colon + 1));
  }
  return tokens;
}

/** How many bytes follow the first byte of a UTF-8 character. */
function followers(lead: number): number {
  if (lead >= 0xf0 && lead <= 0xf7) return 3;
  if (lead >= 0xe0) return lead < 0xf0 ? 2 : 0;
  return lead >= 0xc0 ? 1 : 0;
}

const readCount = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;

/** What is being read. */
type Phase =
  | { readonly kind: 'header' }
  | { readonly kind: 'payload'; readonly headers: ReadonlyMap<string, string>; readonly unit: 'bytes' | 'characters' };

/** Cuts the supervisor's bytes into events, however they are split over reads. */
export class FrameReader {
  #phase: Phase = { kind: 'header' };
  #kept: Uint8Array[] = [];
  #size = 0;
  /** Characters or bytes of the payload that are still to come. */
  #left = 0;
  /** Bytes that still belong to the current character. */
  #tail = 0;

  /** @throws Error when this cannot be the protocol; what follows cannot be understood then. */
  feed(chunk: Uint8Array): EventFrame[] {
    const frames: EventFrame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const used = this.#phase.kind === 'header' ? this.#readHeader(rest) : this.#readPayload(rest, this.#phase.unit);
      rest = rest.subarray(used);
      if (this.#phase.kind === 'payload' && this.#left === 0 && this.#tail === 0) {
        frames.push({ headers: this.#phase.headers, payload: this.#take() });
        this.#phase = { kind: 'header' };
      }
    }
    return frames;
  }

  #readHeader(rest: Uint8Array): number {
    const end = rest.indexOf(LF);
    const used = end < 0 ? rest.length : end + 1;
    this.#keep(rest.subarray(0, used));
    if (this.#size > HEADER_BYTES) throw new Error(`a header line of more than ${HEADER_BYTES} bytes`);
    if (end >= 0) this.#startPayload(this.#take());
    return used;
  }

  /** `bytes:N` is exact; supervisord's `len:N` counts characters. @source spec api 3.1 */
  #startPayload(line: string): void {
    const headers = parseTokens(line);
    const inBytes = readCount(headers.get('bytes'));
    const length = inBytes ?? readCount(headers.get('len'));
    if (length === undefined) throw new Error(`no length in the header line ${JSON.stringify(line.slice(0, 200))}`);
    this.#left = length;
    this.#phase = { kind: 'payload', headers, unit: inBytes === undefined ? 'characters' : 'bytes' };
  }

  #readPayload(rest: Uint8Array, unit: 'bytes' | 'characters'): number {
    const used = unit === 'bytes' ? Math.min(this.#left, rest.length) : this.#countCharacters(rest);
    if (unit === 'bytes') this.#left -= used;
    this.#keep(rest.subarray(0, Math.min(used, Math.max(0, KEPT_BYTES - this.#size))));
    return used;
  }

  #countCharacters(rest: Uint8Array): number {
    let at = 0;
    while (at < rest.length && (this.#left > 0 || this.#tail > 0)) {
      if (this.#tail > 0) {
        this.#tail -= 1;
      } else {
        this.#tail = followers(rest[at] ?? 0);
        this.#left -= 1;
      }
      at += 1;
    }
    return at;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#kept.push(Uint8Array.from(part));
    this.#size += part.length;
  }

  #take(): string {
    const text = new TextDecoder().decode(Buffer.concat(this.#kept, this.#size));
    this.#kept = [];
    this.#size = 0;
    return text;
  }
}
