/** The channel to a web server: each letter as one POST of JSON. A repeated one has the same `Idempotency-Key`. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { judgeHttp } from '../crashmail/delivery.ts';
import type { Carrier, Delivery } from '../crashmail/ports.ts';
import { webhookBody } from '../crashmail/webhook.ts';
import { errnoOf } from './errno.ts';
import type { Secret } from './small-file.ts';

const TIMEOUT_MS = 30_000;

async function post(url: string, body: string, options: RequestOptions): Promise<Delivery> {
  const { request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent: ClientRequest = request(url, { ...options, method: 'POST', agent: false }, resolve);
  sent.on('error', reject);
  sent.end(body);
  const answer = await promise;
  // What it says beside its status is of no interest, but has to be read.
  answer.resume();
  return judgeHttp(answer.statusCode ?? 0, answer.statusMessage ?? '');
}

/** @param token is asked before each post; undefined: none is sent */
export function webhookCarrier(url: string, token: () => Secret | undefined): Carrier {
  return {
    name: 'webhook',
    async carry({ letter, mail }, abort): Promise<Delivery> {
      const secret = token();
      if (secret !== undefined && 'problem' in secret)
        return { kind: 'later', scope: 'channel', reason: secret.problem };
      const body = webhookBody(letter, mail);
      const headers = {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'User-Agent': 'crashmail',
        'Idempotency-Key': letter.id,
        ...(secret === undefined ? {} : { Authorization: `Bearer ${secret.text}` }),
      };
      try {
        return await post(url, body, { headers, signal: AbortSignal.any([abort, AbortSignal.timeout(TIMEOUT_MS)]) });
      } catch (cause) {
        return { kind: 'later', scope: 'channel', reason: `cannot post to the webhook: ${errnoOf(cause)}` };
      }
    },
  };
}
