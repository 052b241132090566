/** Reads the raw bytes of HTTP answers strictly, as the least forgiving client would. */
import { TextDecoder } from 'node:util';
import { decodeResponse, UNREADABLE } from '../../src/rpc/xml.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const HEAD = /^HTTP\/1\.[01] ([1-5][0-9]{2}) ([\x20-\x7e]+)\r\n((?:[A-Za-z-]+: [\x20-\x7e]*\r\n)*)\r\n/;

/** Undefined: there is more to come. @throws when the bytes are no answer */
function readChunks(bytes: Buffer): { readonly body: Buffer; readonly used: number } | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = bytes.subarray(at, end).toString('latin1');
    if (!/^[0-9a-f]+$/.test(size)) throw new Error(`a chunk of size ${size}`);
    const length = Number.parseInt(size, 16);
    const next = end + 2 + length + 2;
    if (bytes.length < next) return undefined;
    if (bytes.subarray(next - 2, next).toString() !== '\r\n') throw new Error('a chunk without its end');
    if (length === 0) return { body: Buffer.concat(pieces), used: next };
    pieces.push(bytes.subarray(end + 2, next - 2));
    at = next;
  }
}

/** One answer from the beginning of the bytes; undefined: it is not complete. @throws when the bytes are no answer */
function readAnswer(
  bytes: Buffer,
  mayBeHead: boolean,
): { readonly answer: HttpAnswer; readonly used: number } | undefined {
  const text = bytes.subarray(0, 64 * 1024).toString('latin1');
  if (!text.includes('\r\n\r\n')) return undefined;
  const [head = '', code = '', , lines = ''] = HEAD.exec(text) ?? [];
  if (head === '') throw new Error(`no answer: ${JSON.stringify(text.slice(0, 200))}`);
  const headers = new Map(
    lines.split('\r\n').map((line): readonly [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    }),
  );
  const answerOf = (body: Buffer): HttpAnswer => ({ status: Number(code), headers, body });
  const rest = bytes.subarray(head.length);
  if (/^(1..|204|304)$/.test(code)) return { answer: answerOf(Buffer.alloc(0)), used: head.length };
  if (headers.get('transfer-encoding') === 'chunked') {
    // A live log has no end of its own.
    const chunks = readChunks(rest) ?? { body: Buffer.alloc(0), used: rest.length };
    return { answer: answerOf(chunks.body), used: head.length + chunks.used };
  }
  const length = headers.get('content-length') ?? '';
  if (!/^[0-9]+$/.test(length)) throw new Error(`an answer of no known length: ${JSON.stringify(head)}`);
  const hasNoBody = mayBeHead && (rest.length === 0 || rest.subarray(0, 7).toString() === 'HTTP/1.');
  if (hasNoBody) return { answer: answerOf(Buffer.alloc(0)), used: head.length };
  if (rest.length < Number(length)) return undefined;
  return { answer: answerOf(rest.subarray(0, Number(length))), used: head.length + Number(length) };
}

/** What XML 1.0 lets nobody send. */
const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** @throws when the body is not what its type says */
function checkBody({ status, headers, body }: HttpAnswer): void {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  // An answer to HEAD has no body.
  if (headers.get('content-type') === 'application/json' && text !== '') JSON.parse(text);
  if (headers.get('content-type') !== 'text/xml') return;
  const decoded = decodeResponse(text);
  if (status !== 200 || ILLEGAL.test(text) || (!decoded.ok && decoded.error.code === UNREADABLE)) {
    throw new Error(`no XML-RPC: ${status} ${text.slice(0, 500)}`);
  }
}

/** All answers that the bytes hold. @throws at the first that is not well-formed, or when one is cut off */
export function readAnswers(bytes: Buffer, mayBeHead: boolean): readonly HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const next = readAnswer(rest, mayBeHead);
    if (next === undefined) throw new Error(`cut off: ${JSON.stringify(rest.subarray(0, 300).toString('latin1'))}`);
    checkBody(next.answer);
    answers.push(next.answer);
    rest = rest.subarray(next.used);
  }
  return answers;
}

/** Whether the bytes end with an answer that is complete and final. */
export function isComplete(bytes: Buffer, mayBeHead: boolean): boolean {
  try {
    return readAnswers(bytes, mayBeHead).some(({ status }) => status >= 200);
  } catch {
    return false;
  }
}
