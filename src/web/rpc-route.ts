/** POST /RPC2. */
import { answer } from '../rpc/dispatch.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import { errorAnswer, textAnswer } from './answers.ts';
import type { WebAnswer, WebRequest } from './exchange.ts';
import { isFromOtherSite } from './origin.ts';

/** Reads a body of announced length as UTF-8, or says which status refuses it. @source spec api 1.3 */
export async function readText(request: WebRequest): Promise<string | 400 | 411 | 413> {
  const length = request.header('content-length');
  if (length === undefined || request.header('transfer-encoding') !== undefined) return 411;
  const body = await request.readBody();
  if (body === 'too-large') return 413;
  if (body === 'cut-off') return 400;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 400;
  }
}

export async function rpcRoute(ports: RpcPorts, request: WebRequest): Promise<WebAnswer> {
  if (request.method !== 'POST') return errorAnswer(400);
  if (isFromOtherSite(request)) return errorAnswer(403);
  const text = await readText(request);
  if (typeof text === 'number') return errorAnswer(text);
  const xml = await answer(ports, text);
  return xml === undefined ? errorAnswer(400) : textAnswer('text/xml', xml);
}
