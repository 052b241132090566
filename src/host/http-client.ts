/**
 * HTTP and HTTPS to one server, over a unix socket or TCP, with the standard library: calls and live logs. Decides nothing.
 * node:https is loaded for servers that want it.
 */
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { fail, HostError, ok, type Result } from '../errors.ts';
import type { HttpAnswer, TailEnd, Transport } from '../rpc/client.ts';
import { errnoOf } from './errno.ts';

/** A longer answer is refused; the largest honest one is a whole log. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export interface Endpoint {
  /** `http://host:port`, `https://host:port` or `unix:///path`. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A file of the authorities that https is checked against, in the place of the usual ones. */
  readonly cacert?: string | undefined;
  /** Whoever answers on https is believed. */
  readonly insecure?: boolean;
}

type Address =
  | { readonly socketPath: string }
  | { readonly protocol: 'http:' | 'https:'; readonly host: string; readonly port: number };

function addressOf(url: string): Address | undefined {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) };
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  const protocol = url.startsWith('https:') ? 'https:' : 'http:';
  const usual = protocol === 'https:' ? 443 : 80;
  return { protocol, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/** Whether the server is on this machine, as far as its address tells. */
export function isLocal(url: string): boolean {
  const address = addressOf(url);
  if (address === undefined) return false;
  return 'socketPath' in address || /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(address.host);
}

function authorizationOf({ username, password }: Endpoint): Record<string, string> {
  if (username === undefined && password === undefined) return {};
  const pair = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return { Authorization: `Basic ${pair}` };
}

/** Not an errno of the system: those tell about the server. */
const NO_AUTHORITIES = 'EBADCACERT';

function authorities(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw Object.assign(new Error(`cannot read ${file}`, { cause }), { code: NO_AUTHORITIES });
  }
}

/** @throws when the file of authorities cannot be read */
const tlsOptions = ({ cacert, insecure }: Endpoint): TlsOptions => ({
  ...(cacert === undefined ? {} : { ca: authorities(cacert) }),
  rejectUnauthorized: insecure !== true,
});

/** Else node:http finds one for TLS, which takes it longer than to ask for the state of all programs. */
const NO_SERVER_NAME = { servername: '' };

/** Sends a request. @throws what node:http reports, with its code */
function send(endpoint: Endpoint, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent: ClientRequest =
    options.protocol === 'https:'
      ? process.getBuiltinModule('node:https').request({ ...options, ...tlsOptions(endpoint) }, resolve)
      : request({ ...options, ...NO_SERVER_NAME }, resolve);
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of message) {
    if (!(chunk instanceof Uint8Array)) continue;
    total += chunk.length;
    if (total > MAX_ANSWER_BYTES) throw Object.assign(new Error('too large'), { code: 'EMSGSIZE' });
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

const unsupported = (url: string): HostError => new HostError('reach', url, 'EPROTONOSUPPORT');

async function post(endpoint: Endpoint, body: string): Promise<Result<HttpAnswer, HostError>> {
  const address = addressOf(endpoint.url);
  if (address === undefined) return fail(unsupported(endpoint.url));
  const headers = {
    'User-Agent': 'superctl',
    'Content-Type': 'text/xml',
    Accept: 'text/xml',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...authorizationOf(endpoint),
  };
  try {
    const message = await send(endpoint, { ...address, agent: false, method: 'POST', path: '/RPC2', headers }, body);
    const { statusCode: status = 0, statusMessage: reason = '' } = message;
    return ok({ status, reason, body: await readBody(message) });
  } catch (error) {
    return fail(new HostError('call', endpoint.url, errnoOf(error), error));
  }
}

async function readChunks(message: IncomingMessage, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of message) if (chunk instanceof Uint8Array) onChunk(chunk);
}

function agentFor(address: Address): Agent {
  const options = { keepAlive: true, maxSockets: 1 };
  const isTls = 'protocol' in address && address.protocol === 'https:';
  return isTls ? new (process.getBuiltinModule('node:https').Agent)(options) : new Agent(options);
}

interface Tail {
  readonly path: string;
  readonly onChunk: (chunk: Uint8Array) => void;
  readonly abort: AbortSignal;
}

/**
 * Follows a live log. The agent keeps the connection alive, because a server that is told to close it may hold the
 * output back until it has much of it. @source spec api 1.5
 */
async function tail(endpoint: Endpoint, { path, onChunk, abort }: Tail): Promise<TailEnd> {
  const address = addressOf(endpoint.url);
  if (address === undefined) return { kind: 'unreachable', error: unsupported(endpoint.url) };
  const agent = agentFor(address);
  const headers = { Accept: '*/*', 'User-Agent': 'superctl', ...authorizationOf(endpoint) };
  let began = false;
  try {
    const message = await send(endpoint, { ...address, agent, method: 'GET', path, headers, signal: abort }, undefined);
    const { statusCode: status = 0 } = message;
    if (status !== 200) return { kind: 'refused', status };
    began = true;
    await readChunks(message, onChunk);
    return { kind: 'closed' };
  } catch (error) {
    if (abort.aborted) return { kind: 'aborted' };
    // A server that goes away cuts the stream off; to the reader that is its end.
    if (began) return { kind: 'closed' };
    return { kind: 'unreachable', error: new HostError('follow', endpoint.url, errnoOf(error), error) };
  } finally {
    agent.destroy();
  }
}

/** The transport to one server. Nothing is connected before it is used. */
export const connect = (endpoint: Endpoint): Transport => ({
  post: (body) => post(endpoint, body),
  tail: (path, onChunk, abort) => tail(endpoint, { path, onChunk, abort }),
});
