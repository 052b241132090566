/**
 * One answer in HTTP/1.1, read as it comes from a connection that carries nothing else: it has a length, or comes in
 * chunks, or ends with the connection. Knows neither the connection nor what was asked.
 */
import type { HttpAnswer } from '../rpc/client.ts';

/** A longer answer is refused; the largest honest one is a whole log. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
/** With what servers may add to the size of a chunk. */
const MAX_CHUNK_LINE_BYTES = 4096;
const BEGINNING = 'HTTP/1.';
const HEAD_END = '\r\n\r\n';
const CHUNK_LINE = /^([\da-f]{1,12})[ \t]*(?:;[^\r\n]*)?\r\n/i;
const NOTHING = Buffer.alloc(0);

const problem = (code: 'ECONNRESET' | 'EMSGSIZE' | 'EBADMSG', text: string): Error =>
  Object.assign(new Error(text), { code });

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly inChunks: boolean;
  /** Infinity: until the connection ends. */
  readonly length: number;
}

/** @source RFC 9112 6.3 */
function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, code, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (code === undefined) throw problem('EBADMSG', 'no answer in HTTP');
  const status = Number(code);
  const inChunks = lines.some((line) => /^transfer-encoding:.*\bchunked[ \t]*$/i.test(line));
  const given = lines.map((line) => /^content-length:[ \t]*(\d+)[ \t]*$/i.exec(line)?.[1]).find((digits) => digits);
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  return { status, reason, inChunks: inChunks && hasBody, length: hasBody ? Number(given ?? Infinity) : 0 };
}

export class Answer {
  #size = 0;
  /** A head, or the line before a chunk, whose end has not come yet. */
  #begun: Buffer = NOTHING;
  #head: Head | undefined;
  readonly #pieces: Buffer[] = [];
  /** Of the body, or of the chunk that is being read. */
  #left = 0;
  #isComplete = false;

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** @throws when it is too long, or no HTTP; with a code, as system errors have one */
  add(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > MAX_ANSWER_BYTES) throw problem('EMSGSIZE', 'too large');
    const rest = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    this.#begun = this.#takeBody(this.#takeHeads(rest));
  }

  /** To be asked when it is complete, or the connection has ended. @throws when it was cut off */
  value(): HttpAnswer {
    if (this.#head === undefined) throw problem('ECONNRESET', 'the connection ended before the answer');
    const endsWithConnection = !this.#head.inChunks && this.#left === Infinity;
    if (!this.#isComplete && !endsWithConnection) throw problem('ECONNRESET', 'the answer was cut off');
    const { status, reason } = this.#head;
    return { status, reason, body: new TextDecoder().decode(Buffer.concat(this.#pieces)) };
  }

  /** The first heads may only say that the answer is to come. @returns what is behind the heads */
  #takeHeads(bytes: Buffer): Buffer {
    let rest = bytes;
    while (this.#head === undefined) {
      // At once: who speaks something else may wait for us to go on.
      const start = rest.toString('latin1', 0, BEGINNING.length);
      if (!BEGINNING.startsWith(start)) throw problem('EBADMSG', 'no answer in HTTP');
      const end = rest.indexOf(HEAD_END);
      if (end < 0 && rest.length > MAX_HEAD_BYTES) throw problem('EBADMSG', 'a head without an end');
      if (end < 0) return rest;
      const head = readHead(rest.toString('latin1', 0, end));
      rest = rest.subarray(end + HEAD_END.length);
      if (head.status < 200) continue;
      this.#head = head;
      this.#left = head.inChunks ? 0 : head.length;
    }
    return rest;
  }

  /** @returns what cannot be understood without what follows */
  #takeBody(bytes: Buffer): Buffer {
    let rest = bytes;
    while (this.#head !== undefined && !this.#isComplete) {
      const piece = rest.subarray(0, this.#left);
      if (piece.length > 0) this.#pieces.push(piece);
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      if (this.#left > 0) return NOTHING;
      if (this.#head.inChunks) {
        const line = readChunkLine(rest, this.#pieces.length === 0 ? '' : '\r\n');
        if (line === undefined) return rest;
        rest = rest.subarray(line.length);
        this.#left = line.size;
      }
      this.#isComplete = this.#left === 0;
    }
    return rest;
  }
}

/** @param before the end of the chunk before. @returns undefined while the line is not complete */
function readChunkLine(
  bytes: Buffer,
  before: '' | '\r\n',
): { readonly length: number; readonly size: number } | undefined {
  const text = bytes.toString('latin1', 0, MAX_CHUNK_LINE_BYTES);
  const [line, digits] = CHUNK_LINE.exec(text.slice(before.length)) ?? [];
  if (text.startsWith(before) && line !== undefined && digits !== undefined)
    return { length: before.length + line.length, size: Number.parseInt(digits, 16) };
  if (text.length === MAX_CHUNK_LINE_BYTES || text.includes('\n', before.length)) throw problem('EBADMSG', 'no chunk');
  return undefined;
}
