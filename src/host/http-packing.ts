/** Packs long answers for clients that take them packed, beside the event loop. */
import { accepts } from '../web/assets.ts';
import type { WebAnswer, WebRequest } from '../web/exchange.ts';

/** Shorter answers are not worth it. */
const LEAST_BYTES = 4096;

/** @returns the answer itself, or a packed one. @source RFC 9110 8.4 */
export async function packed(answer: WebAnswer, request: WebRequest): Promise<WebAnswer> {
  if (answer.kind === 'stream' || answer.packs !== true || answer.body.length < LEAST_BYTES) return answer;
  if (!accepts(request.header('accept-encoding') ?? '', 'gzip')) return answer;
  // Loaded when first used: an idle brain does without it.
  const { gzip } = await import('node:zlib');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  gzip(answer.body, (error, result) => (error === null ? resolve(result) : reject(error)));
  const headers = [...answer.headers, ['Content-Encoding', 'gzip'], ['Vary', 'Accept-Encoding']] as const;
  return { ...answer, headers, body: await promise };
}
