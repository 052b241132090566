/**
 * The HTTP servers of the configuration on unix and inet sockets. Connections may idle for ever (spec api 1.4), malformed
 * requests are answered, and whoever leaves does not stop what was asked for. What is answered is the handler's.
 */
import {
  createServer,
  type ServerOptions as HttpOptions,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { InetServer, ServerConfig, UnixServer } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { errorAnswer, errorBody, reasonOf } from '../web/answers.ts';
import type { WebHandler } from '../web/exchange.ts';
import { errnoOf } from './errno.ts';
import { type Exchange, send, webRequest } from './http-exchange.ts';
import { packed } from './http-packing.ts';
import { KeptSocket } from './kept-socket.ts';
import { foundFileLimit } from './limits.ts';
import { createTlsServer } from './tls.ts';
import { claimName, type ServerProblem } from './unix-socket.ts';

export type { ServerProblem } from './unix-socket.ts';

/** A certificate or a key cannot be used; the text says which and why. */
export interface TlsProblem {
  readonly kind: 'tls';
  readonly text: string;
}
export type OpenProblem = ServerProblem | TlsProblem;

const BACKLOG = 1024;
const MAX_CONNECTIONS = 1024;
/** At most this part of the open files that superd may have are clients. */
const PART_OF_FILES = 2;
/** Requests of one connection that wait for their turn. */
const MAX_PIPELINED = 100;
const MAX_HEADER_BYTES = 64 * 1024;
/** For a client that has begun a request; between requests there is no limit. @source spec api 1.4 */
const HEADERS_TIMEOUT_MS = 600_000;
/** The same where everybody may knock and gets a page to log in. */
const STRANGERS_HEADERS_TIMEOUT_MS = 30_000;

export interface ServerOptions {
  readonly handler: WebHandler;
  /** Says something on stderr while the server is opened. */
  readonly notice: (text: string) => void;
  /** Hears of an error that no request should cause. */
  readonly report: (error: unknown) => void;
  /** Hears what becomes of a socket file that somebody removes. */
  readonly tell: (level: 'warn' | 'critical', text: string) => void;
}

export interface OpenServer {
  /** The port in use; 0 for a unix socket. */
  readonly port: number;
  /** Ends all connections; answers that are ready are still sent. */
  close(): Promise<void>;
}

/** The exchanges of one connection, one after the other. */
interface Turn {
  waiting: number;
  last: Promise<void>;
  newest: IncomingMessage;
  readonly cut: AbortController;
}
type Turns = WeakMap<Duplex, Turn>;

async function answerOne(exchange: Exchange, { handler, report }: ServerOptions): Promise<void> {
  const { response } = exchange;
  const closed = new Promise<void>((resolve) => {
    response.once('close', resolve);
  });
  try {
    const asked = webRequest(exchange);
    send(exchange, await packed(await handler(asked), asked));
  } catch (error) {
    // A client that left in the middle of its request is no news.
    if (response.destroyed) return;
    report(error);
    if (response.headersSent) response.destroy();
    else send(exchange, errorAnswer(500));
  }
  await closed;
}

/** Pipelined requests take turns, so that a stop and the start behind it never overlap. */
function takeTurns(options: ServerOptions, turns: Turns): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { socket } = request;
    const cut = new AbortController();
    const turn = turns.get(socket) ?? { waiting: 0, last: Promise.resolve(), newest: request, cut };
    turns.set(socket, turn);
    if (turn.waiting >= MAX_PIPELINED) {
      socket.destroy();
      return;
    }
    turn.waiting += 1;
    turn.newest = request;
    // answerOne() handles its errors.
    turn.last = turn.last.then(async () => {
      if (!socket.destroyed) await answerOne({ request, response, cut: turn.cut.signal }, options);
      turn.waiting -= 1;
    });
  };
}

function refuse(error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  // Node has taken its own listener off. A client that has left is no news.
  socket.on('error', () => socket.destroy());
  const status = errnoOf(error) === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const body = errorBody(status);
  socket.end(
    `HTTP/1.1 ${status} ${reasonOf(status)}\r\nServer: superd\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Answers what is no HTTP, once every request before it has its answer. */
function refuseInTurn(error: Error, socket: Duplex, turn: Turn | undefined): void {
  if (errnoOf(error) === 'ECONNRESET') socket.destroy();
  else if (turn === undefined || turn.waiting === 0) refuse(error, socket);
  else if (turn.newest.complete)
    void turn.last.then(() => refuse(error, socket)); // Neither of the two rejects.
  // No more of this body will come; its request is the one to be refused.
  else turn.cut.abort();
}

/** Who may have time: the spec's clients never hurry, and servers of users meet strangers. @source spec api 1.4 */
const timesFor = ({ users }: ServerConfig): HttpOptions => ({
  keepAliveTimeout: 0,
  requestTimeout: 0,
  headersTimeout: users === undefined ? HEADERS_TIMEOUT_MS : STRANGERS_HEADERS_TIMEOUT_MS,
});

function createHttp(config: ServerConfig, options: ServerOptions): Result<Server, TlsProblem> {
  const turns: Turns = new WeakMap();
  const settings = { ...timesFor(config), maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const tls = config.kind === 'inet' ? config.tls : undefined;
  const made = tls === undefined ? ok(createServer(settings)) : createTlsServer(tls, settings, options.tell);
  if (!made.ok) return fail({ kind: 'tls', text: made.error });
  const http = made.value;
  http.on('request', takeTurns(options, turns));
  http.maxConnections = Math.min(MAX_CONNECTIONS, Math.floor(foundFileLimit() / PART_OF_FILES));
  http.on('clientError', (error, socket) => refuseInTurn(error, socket, turns.get(socket)));
  http.on('connect', (_, socket) => refuseInTurn(new Error('CONNECT'), socket, turns.get(socket)));
  return ok(http);
}

const listen = (
  http: Server,
  where: { readonly host: string; readonly port: number },
): Promise<Result<void, ServerProblem>> =>
  new Promise((resolve) => {
    const failed = (error: Error): void => {
      const code = errnoOf(error);
      resolve(fail(code === 'EADDRINUSE' ? { kind: 'in-use' } : { kind: 'error', code }));
    };
    http.once('error', failed);
    http.listen({ ...where, backlog: BACKLOG }, () => {
      http.off('error', failed);
      resolve(ok(undefined));
    });
  });

/** The address of a host name, IPv4 where there is one, as supervisord binds. */
export const resolveHost = (host: string): Promise<string> =>
  new Promise((resolve) => {
    if (host === '' || host === '*') resolve('0.0.0.0');
    else if (isIP(host) !== 0) resolve(host);
    else
      process
        .getBuiltinModule('node:dns')
        .lookup(host, { family: 4 }, (error, address) => resolve(error === null ? address : host));
  });

export const isAddress = (host: string): boolean => isIP(host) !== 0;

function opened(http: Server, socket: KeptSocket | undefined, report: ServerOptions['report']): OpenServer {
  http.on('error', report);
  const address = http.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      socket?.close();
      const closed = new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
      // Lets the answer to `shutdown` reach the socket.
      await new Promise((resolve) => setImmediate(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
}

async function openInet(config: InetServer, options: ServerOptions): Promise<Result<OpenServer, OpenProblem>> {
  const made = createHttp(config, options);
  if (!made.ok) return made;
  const http = made.value;
  const listening = await listen(http, { host: await resolveHost(config.host), port: config.port });
  return listening.ok ? ok(opened(http, undefined, options.report)) : listening;
}

async function openUnix(config: UnixServer, options: ServerOptions): Promise<Result<OpenServer, OpenProblem>> {
  const claimed = await claimName(config.file, options.notice);
  if (!claimed.ok) return claimed;
  const made = createHttp(config, options);
  if (!made.ok) return made;
  const http = made.value;
  const socket = await KeptSocket.open(config, {
    connected: (connection) => http.emit('connection', connection),
    maxConnections: http.maxConnections,
    tell: options.tell,
  });
  return socket.ok ? ok(opened(http, socket.value, options.report)) : socket;
}

/** Opens one server of the configuration. */
export const openServer = (config: ServerConfig, options: ServerOptions): Promise<Result<OpenServer, OpenProblem>> =>
  config.kind === 'unix' ? openUnix(config, options) : openInet(config, options);
