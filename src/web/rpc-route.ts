/** POST /RPC2. */
import { answer } from '../rpc/dispatch.ts';
import { errorAnswer, textAnswer } from './answers.ts';
import type { BodyLimits, WebAnswer, WebRequest } from './exchange.ts';
import { isFromOtherSite, mayChange } from './origin.ts';
import type { WebPorts } from './ports.ts';

/** Reads a body of announced length as UTF-8, or says which status refuses it. @source spec api 1.3 */
export async function readText(request: WebRequest, limits?: BodyLimits): Promise<string | 400 | 408 | 411 | 413> {
  const length = request.header('content-length');
  if (length === undefined || request.header('transfer-encoding') !== undefined) return 411;
  const body = await request.readBody(limits);
  if (body === 'too-large') return 413;
  if (body === 'too-slow') return 408;
  if (body === 'cut-off') return 400;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 400;
  }
}

export async function rpcRoute(ports: WebPorts, request: WebRequest): Promise<WebAnswer> {
  if (request.method !== 'POST') return errorAnswer(400);
  if (isFromOtherSite(request)) return errorAnswer(403);
  // What a browser adds by itself is no consent; other clients send their password.
  if (ports.via === 'session' && !mayChange(request, ports)) return errorAnswer(403);
  const text = await readText(request);
  if (typeof text === 'number') return errorAnswer(text);
  const xml = await answer(ports, text);
  return xml === undefined ? errorAnswer(400) : textAnswer('text/xml', xml);
}
