/**
 * One POST and its answer over a new connection, in HTTP/1.0: the answer has a length, or ends with the connection.
 * Not with node:http: superctl would take longer to load that, and to run it for the first time, than for all else.
 */
import type { Socket } from 'node:net';
import type { HttpAnswer } from '../rpc/client.ts';

export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A longer answer is refused; the largest honest one is a whole log. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';

const problem = (code: 'ECONNRESET' | 'EMSGSIZE' | 'EBADMSG', text: string): Error =>
  Object.assign(new Error(text), { code });

function encode({ path, headers, body }: Post): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.0\r\n${lines.join('')}\r\n${body}`;
}

interface Head {
  readonly status: number;
  readonly reason: string;
  /** undefined: until the connection ends. */
  readonly length: number | undefined;
  /** Where the body begins. */
  readonly end: number;
}

/** @returns undefined while the head is not complete */
function readHead(received: Buffer): Head | undefined {
  const end = received.indexOf(HEAD_END);
  if (end < 0 && received.length <= MAX_HEAD_BYTES) return undefined;
  const [first = '', ...lines] = received.toString('latin1', 0, Math.max(0, end)).split('\r\n');
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (status === undefined) throw problem('EBADMSG', 'no answer in HTTP');
  const length = lines.map((line) => /^content-length:[ \t]*(\d+)[ \t]*$/i.exec(line)?.[1]).find((digits) => digits);
  return {
    status: Number(status),
    reason,
    length: length === undefined ? undefined : Number(length),
    end: end + HEAD_END.length,
  };
}

/** What has come of an answer. */
class Received {
  #chunks: Buffer[] = [];
  #size = 0;
  #head: Head | undefined;

  /** @throws when it is too long, or no HTTP */
  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > MAX_ANSWER_BYTES) throw problem('EMSGSIZE', 'too large');
    if (this.#head === undefined) this.#head = readHead(this.#all());
  }

  get isComplete(): boolean {
    const { length, end = 0 } = this.#head ?? {};
    return length !== undefined && this.#size >= end + length;
  }

  /** To be asked when it is complete, or the connection has ended. @throws when it was cut off */
  answer(): HttpAnswer {
    if (this.#head === undefined) throw problem('ECONNRESET', 'the connection ended before the answer');
    const { status, reason, length, end } = this.#head;
    if (length !== undefined && this.#size < end + length) throw problem('ECONNRESET', 'the answer was cut off');
    const until = length === undefined ? undefined : end + length;
    return { status, reason, body: new TextDecoder().decode(this.#all().subarray(end, until)) };
  }

  #all(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

/** Ends the connection. @throws the error of the connection; ECONNRESET, EMSGSIZE or EBADMSG for an answer that is none */
export function post(socket: Socket, request: Post): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const received = new Received();
  const settle = (): void => {
    try {
      resolve(received.answer());
    } catch (cause) {
      reject(cause);
    }
    socket.destroy();
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      received.add(chunk);
    } catch (cause) {
      reject(cause);
      socket.destroy();
    }
    if (received.isComplete) settle();
  });
  socket.on('end', settle);
  socket.on('error', reject);
  socket.write(encode(request));
  return promise;
}
