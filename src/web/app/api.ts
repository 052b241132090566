/**
 * Calls of the server's methods. The page may stay open longer than the process that served it: a token that is no
 * longer good is fetched anew, and whoever is no longer logged in is sent to the login page.
 */
import { isObject, numberOf, objectOf, parse, textOf } from './json.ts';

/** The server refused; `code` and `name` are those of the XML-RPC fault, 0 and '' when it was none. */
export class Fault extends Error {
  readonly status: number;
  readonly code: number;
  readonly fault: string;

  constructor(text: string, { status, code = 0, fault = '' }: { status: number; code?: number; fault?: string }) {
    super(text);
    this.status = status;
    this.code = code;
    this.fault = fault;
  }
}

const TOKEN = 'meta[name="superd-token"]';
const tokenIn = (page: ParentNode): string => page.querySelector<HTMLMetaElement>(TOKEN)?.content ?? '';

let token = tokenIn(document);
export const currentToken = (): string => token;
/** Over the login page; only then is there something to log out of. */
export const hasSession: boolean = document.querySelector<HTMLMetaElement>(TOKEN)?.dataset['via'] === 'session';

/** A page that has only just been loaded would be refused again. */
const SETTLED_MS = 5000;

/** The server shows the login page, or asks for a password, in the place of this one. */
function logIn(): void {
  if (performance.now() > SETTLED_MS) location.reload();
}

/** Asks for the page again: each superd has a token of its own. */
export async function renewToken(): Promise<boolean> {
  const answer = await fetch('./', { headers: { accept: 'text/html' }, cache: 'no-store' });
  if (answer.redirected) logIn();
  const fresh = /<meta name="superd-token" content="([^"&]*)"/.exec(await answer.text())?.[1] ?? '';
  const isNew = answer.ok && fresh !== '' && fresh !== token;
  if (isNew) token = fresh;
  return isNew;
}

function faultOf(status: number, body: unknown): Fault {
  const fault = objectOf(objectOf(body)['fault']);
  const text = textOf(fault['text']);
  return new Fault(text === '' ? `HTTP ${status}` : text, {
    status,
    code: numberOf(fault['code']),
    fault: textOf(fault['name']),
  });
}

const post = (method: string, params: object, signal: AbortSignal | undefined): Promise<Response> =>
  fetch(`api/v1/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Superd-Token': token },
    body: JSON.stringify(params),
    cache: 'no-store',
    ...(signal === undefined ? {} : { signal }),
  });

/** Calls a method with named parameters. @throws Fault, or TypeError without a connection */
export async function call(method: string, params: object = {}, signal?: AbortSignal): Promise<unknown> {
  let answer = await post(method, params, signal);
  if (answer.status === 403 && (await renewToken())) answer = await post(method, params, signal);
  if (answer.status === 401) logIn();
  const body = parse(await answer.text());
  if (!answer.ok || !isObject(body) || !('result' in body)) throw faultOf(answer.status, body);
  return body['result'];
}

/** Opens a stream; the body is still to be read. @throws Fault, or TypeError without a connection */
export async function open(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const answer = await fetch(path, { signal, cache: 'no-store' });
  if (answer.status === 401) logIn();
  if (!answer.ok || answer.body === null) throw faultOf(answer.status, parse(await answer.text()));
  return answer.body;
}
