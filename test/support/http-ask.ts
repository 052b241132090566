/** One HTTP request as a test wants it, whatever its headers; redirects are not followed. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpQuestion {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Rejects when there is no answer. */
export async function askHttp({
  port,
  path = '/',
  method = 'GET',
  headers = {},
  body = '',
}: HttpQuestion): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const length: Readonly<Record<string, string>> =
    method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const sent = request({ host: '127.0.0.1', port, path, method, headers: { ...length, ...headers }, agent: false });
  sent.on('error', reject);
  sent.on('response', (response) => {
    text(response).then(
      (all) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all }),
      reject,
    );
  });
  sent.end(body);
  return promise;
}

export const basicAuth = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
