/** Requests to the web chapter without HTTP, and what is in their answers. */
import type { InetServer } from '../../src/config/model.ts';
import type { WebAnswer, WebRequest } from '../../src/web/exchange.ts';

/** A server on loopback that asks nobody for a name. */
export const SERVER: InetServer = {
  kind: 'inet',
  section: 'inet_http_server',
  host: '127.0.0.1',
  port: 9001,
  username: undefined,
  password: undefined,
  place: { file: 'superd.conf', line: 1 },
};

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The other end. */
  readonly address?: string;
}

export function webRequest(target: string, { method = 'GET', headers = {}, body, address }: Asked): WebRequest {
  const data = Buffer.from(body ?? '');
  const all: Readonly<Record<string, string>> =
    body === undefined ? headers : { 'content-length': String(data.length), ...headers };
  return { method, target, address, header: (name) => all[name], readBody: () => Promise.resolve(data) };
}

export const statusOf = (answer: WebAnswer): number => (answer.kind === 'whole' ? answer.status : 200);
export const bodyOf = (answer: WebAnswer): string =>
  answer.kind === 'whole' ? Buffer.from(answer.body).toString() : '';
export const headerOf = (answer: WebAnswer, name: string): string | undefined =>
  answer.headers.find(([key]) => key === name)?.[1];
