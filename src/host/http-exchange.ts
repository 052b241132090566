/**
 * One HTTP exchange on node:http: reads the body within its limit, writes the answer as supervisord's clients expect
 * it. What an answer says is decided in the web chapter.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyLimits, Headers, WebAnswer, WebRequest } from '../web/exchange.ts';
import { pump } from './http-stream.ts';

/** @source spec api 1.3 */
export const MAX_BODY_BYTES: number = 16 * 1024 * 1024;

/** One request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when what follows on the connection turned out to be no HTTP: no more of an unfinished body will come. */
  readonly cut: AbortSignal;
}

const isCutOff = ({ request, cut }: Exchange): boolean => cut.aborted && !request.complete;

type Body = Awaited<ReturnType<WebRequest['readBody']>>;

async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array | 'too-large'> {
  if (Number(request.headers['content-length'] ?? 0) > most) return 'too-large';
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > most) return 'too-large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readUntilCut(exchange: Exchange, limits: BodyLimits | undefined): Promise<Body> {
  const { request, cut } = exchange;
  if (isCutOff(exchange)) return 'cut-off';
  const { promise, resolve } = Promise.withResolvers<'cut-off' | 'too-slow'>();
  const stop = (): void => resolve('cut-off');
  const timer = limits === undefined ? undefined : setTimeout(() => resolve('too-slow'), limits.wait);
  cut.addEventListener('abort', stop);
  try {
    return await Promise.race([readBody(request, limits?.bytes ?? MAX_BODY_BYTES), promise]);
  } finally {
    clearTimeout(timer);
    cut.removeEventListener('abort', stop);
  }
}

export const webRequest = (exchange: Exchange): WebRequest => ({
  method: exchange.request.method ?? '',
  target: exchange.request.url ?? '',
  address: exchange.request.socket.remoteAddress,
  header: (name) => {
    const value = exchange.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  },
  readBody: (limits) => readUntilCut(exchange, limits),
});

/** HTTP/1.0, or a request without a version. */
const isOld = (request: IncomingMessage): boolean => request.httpVersion !== '1.1';

/** Node answers 1.1 to everybody; supervisord echoes the version of the request. @source spec api 1.3 */
function echoVersion(request: IncomingMessage, response: ServerResponse): void {
  if (!isOld(request) || !('_header' in response) || typeof response._header !== 'string') return;
  Object.assign(response, { _header: response._header.replace(/^HTTP\/1\.1/, 'HTTP/1.0') });
}

const asksFor = (request: IncomingMessage, option: string): boolean =>
  (request.headers.connection ?? '').toLowerCase().includes(option);

/** Whether the connection ends with this answer. @source spec api 1.4 */
const isLast = (request: IncomingMessage): boolean =>
  isOld(request) ? !asksFor(request, 'keep-alive') : asksFor(request, 'close');

function writeHead(
  request: IncomingMessage,
  response: ServerResponse,
  head: { status: number; headers: Headers; last: boolean },
): void {
  response.setHeader('Server', 'superd');
  if (head.last) response.setHeader('Connection', 'close');
  else if (isOld(request)) response.setHeader('Connection', 'Keep-Alive');
  else response.removeHeader('Connection');
  for (const [name, value] of head.headers) response.setHeader(name, value);
  response.writeHead(head.status);
  echoVersion(request, response);
}

function sendStream(
  request: IncomingMessage,
  response: ServerResponse,
  { headers, source, length }: Extract<WebAnswer, { kind: 'stream' }>,
): void {
  if (length !== undefined) {
    const all: Headers = [...headers, ['Content-Length', String(length)]];
    writeHead(request, response, { status: 200, headers: all, last: isLast(request) });
    return pump(response, source, length);
  }
  const last = isOld(request) || asksFor(request, 'close');
  if (last) response.removeHeader('Transfer-Encoding');
  writeHead(request, response, { status: 200, headers, last });
  // supervisorctl stops at the end of the connection only, not at the end of the answer. @source spec api 1.5
  pump(response, source, undefined);
}

/** Writes an answer, or drops it when the client has gone. */
export function send(exchange: Exchange, answer: WebAnswer): void {
  const { request, response } = exchange;
  if (response.destroyed || response.socket === null) {
    if (answer.kind === 'stream') answer.source[Symbol.dispose]();
    return;
  }
  if (answer.kind === 'stream') return sendStream(request, response, answer);
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const headers: Headers = [...answer.headers, ['Content-Length', String(body.length)]];
  writeHead(request, response, {
    status: answer.status,
    headers,
    last: answer.last || isCutOff(exchange) || isLast(request),
  });
  response.end(body);
}
