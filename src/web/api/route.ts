/**
 * `/api/v1`: the methods of XML-RPC as JSON over HTTP, from the same table, and beside them the streams of events and of
 * logs. POST calls any method; GET calls those that only look.
 */
import { dispatch } from '../../rpc/dispatch.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { Method } from '../../rpc/method.ts';
import type { XmlValue } from '../../rpc/xml.ts';
import { VERSION } from '../../version.ts';
import type { BodyLimits, WebAnswer, WebRequest } from '../exchange.ts';
import { isFromOtherSite, mayChange } from '../origin.ts';
import type { WebPorts } from '../ports.ts';
import { readText } from '../rpc-route.ts';
import type { RequestTarget } from '../target.ts';
import { isForGet, ROOT } from './access.ts';
import { faultAnswer, jsonAnswer, refusal } from './answers.ts';
import { argumentsOfBody, argumentsOfQuery } from './arguments.ts';
import { eventsRoute } from './events.ts';
import { isLogs, logsRoute } from './logs.ts';
import { namesOf, openApi } from './openapi.ts';
import { EVENTS, INDEX, OPENAPI, RESOURCES, SESSION } from './resources.ts';

/** Longer calls have no use, and would take the time of others to be read. */
const BODY: BodyLimits = { bytes: 1024 * 1024, wait: 30_000 };

/** A method, under the name that it is published by. */
interface Called {
  readonly name: string;
  readonly method: Method;
}

async function call(ports: WebPorts, { name }: Called, args: readonly XmlValue[]): Promise<WebAnswer> {
  ports.log.log('trace', `API method called: ${name}()`);
  return jsonAnswer(200, { result: await dispatch(ports, name, args, ports.published) });
}

const NOT_READ: Readonly<Record<400 | 408 | 411 | 413, string>> = {
  400: 'the body is no UTF-8, or was cut off',
  408: 'the body takes too long to come',
  411: 'Content-Length is missing',
  413: `the body is longer than ${BODY.bytes} bytes`,
};

/** A type that no form of a web page can send. */
const isJson = (type: string | undefined): boolean =>
  /^application\/json(;\s*charset="?utf-8"?)?$/i.test((type ?? '').trim());

async function callByPost(ports: WebPorts, called: Called, request: WebRequest): Promise<WebAnswer> {
  if (!isJson(request.header('content-type'))) return refusal(415, 'want Content-Type: application/json');
  if (!isForGet(called.method) && !mayChange(request, ports)) {
    throw new RpcFault('FORBIDDEN', 'a browser must send X-Superd-Token, as it stands in the page');
  }
  const text = await readText(request, BODY);
  if (typeof text === 'number') return refusal(text, NOT_READ[text]);
  return call(ports, called, argumentsOfBody(called.method, text));
}

function callMethod(ports: WebPorts, name: string, asked: Asked): Promise<WebAnswer> | WebAnswer {
  const { request, query } = asked;
  const method = ports.published.get(name);
  if (method === undefined) throw new RpcFault('UNKNOWN_METHOD');
  if (request.method === 'POST') return callByPost(ports, { name, method }, request);
  if (!isForGet(method)) return refusal(405, `${name} wants POST`, [['Allow', 'POST']]);
  if (request.method !== 'GET') return refusal(405, 'want GET or POST', [['Allow', 'GET, POST']]);
  return call(ports, { name, method }, argumentsOfQuery(method, query));
}

interface Asked {
  readonly request: WebRequest;
  readonly query: URLSearchParams;
}

function index({ control, published }: WebPorts): WebAnswer {
  const methods = namesOf(published).map(([name, { access }]) => ({ name, access }));
  const resources = RESOURCES.map(({ path, help }) => ({ path: ROOT + path, help }));
  return jsonAnswer(200, { result: { identifier: control.identifier, version: VERSION, resources, methods } });
}

const session = ({ caller, role, via, token }: WebPorts): WebAnswer =>
  jsonAnswer(200, { result: { user: (caller.kind === 'server' ? caller.user : undefined) ?? '', role, via, token } });

/** What is no method. */
function resource(ports: WebPorts, path: string, { request, query }: Asked): (() => WebAnswer) | undefined {
  if (isLogs(path)) return () => logsRoute(ports, path, query);
  switch (path) {
    case EVENTS.path:
      return () => eventsRoute(ports, request, query);
    case SESSION.path:
      return () => session(ports);
    case OPENAPI.path:
      return () => jsonAnswer(200, openApi(ports.published));
    case INDEX.path:
    case '/':
      return () => index(ports);
    default:
      return undefined;
  }
}

/** @throws RpcFault */
function answer(ports: WebPorts, path: string, asked: Asked): Promise<WebAnswer> | WebAnswer {
  const { request } = asked;
  if (isFromOtherSite(request)) throw new RpcFault('FORBIDDEN', 'not for the pages of other sites');
  const found = path === ROOT || path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length) : undefined;
  if (found === undefined) throw new RpcFault('UNKNOWN_METHOD');
  const get = resource(ports, found, asked);
  if (get === undefined) return callMethod(ports, found.slice(1), asked);
  return request.method === 'GET' ? get() : refusal(405, 'want GET', [['Allow', 'GET']]);
}

export const isApi = (path: string): boolean => path === '/api' || path.startsWith('/api/');

/** Answers everything below `/api`. */
export async function apiRoute(
  ports: WebPorts,
  request: WebRequest,
  { path, query }: RequestTarget,
): Promise<WebAnswer> {
  try {
    return await answer(ports, path, { request, query });
  } catch (error) {
    if (error instanceof RpcFault) return faultAnswer(error);
    throw error;
  }
}
