/**
 * HTTP and HTTPS to one server, over a unix socket or TCP: calls and live logs. Decides nothing. What it needs
 * of Node is loaded when it is needed: most commands are a few calls without TLS.
 */
import { readFileSync } from 'node:fs';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { fail, HostError, ok, type Result } from '../errors.ts';
import type { HttpAnswer, TailEnd, Transport } from '../rpc/client.ts';
import { errnoOf } from './errno.ts';
import { post } from './http-post.ts';

const USUAL_PORTS = { 'http:': 80, 'https:': 443 } as const;

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
  return { protocol, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? USUAL_PORTS[protocol] : Number(port) };
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

/** Begins to connect; what goes wrong comes as an event. @throws when the file of authorities cannot be read */
function open(address: Address, endpoint: Endpoint): Socket {
  const { connect, isIP } = process.getBuiltinModule('node:net');
  if ('socketPath' in address) return connect({ path: address.socketPath });
  const { protocol, host, port } = address;
  if (protocol === 'http:') return connect({ host, port });
  const servername = isIP(host) === 0 ? host : '';
  return process.getBuiltinModule('node:tls').connect({ host, port, servername, ...tlsOptions(endpoint) });
}

/** As the server may compare it with its own name. */
function hostOf(address: Address): string {
  if ('socketPath' in address) return 'localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return address.port === USUAL_PORTS[address.protocol] ? host : `${host}:${address.port}`;
}

const unsupported = (url: string): HostError => new HostError('reach', url, 'EPROTONOSUPPORT');

async function call(endpoint: Endpoint, body: string): Promise<Result<HttpAnswer, HostError>> {
  const address = addressOf(endpoint.url);
  if (address === undefined) return fail(unsupported(endpoint.url));
  const headers = {
    Host: hostOf(address),
    'User-Agent': 'superctl',
    'Content-Type': 'text/xml',
    Accept: 'text/xml',
    ...authorizationOf(endpoint),
  };
  try {
    return ok(await post(open(address, endpoint), { path: '/RPC2', headers, body }));
  } catch (error) {
    return fail(new HostError('call', endpoint.url, errnoOf(error), error));
  }
}

/** Sends a request for something that goes on. @throws what node:http reports, with its code */
function send(endpoint: Endpoint, options: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent: ClientRequest =
    options.protocol === 'https:'
      ? process.getBuiltinModule('node:https').request({ ...options, ...tlsOptions(endpoint) }, resolve)
      : process.getBuiltinModule('node:http').request(options, resolve);
  sent.on('error', reject);
  sent.end();
  return promise;
}

async function readChunks(message: IncomingMessage, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of message) if (chunk instanceof Uint8Array) onChunk(chunk);
}

function agentFor(address: Address): Agent {
  const options = { keepAlive: true, maxSockets: 1 };
  const isTls = 'protocol' in address && address.protocol === 'https:';
  return new (process.getBuiltinModule(isTls ? 'node:https' : 'node:http').Agent)(options);
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
    const message = await send(endpoint, { ...address, agent, method: 'GET', path, headers, signal: abort });
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
  post: (body) => call(endpoint, body),
  tail: (path, onChunk, abort) => tail(endpoint, { path, onChunk, abort }),
});
