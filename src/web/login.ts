/** The form for browsers to log in, the session that follows, and its end. For servers with a users file. */
import type { InetServer, ServerConfig } from '../config/model.ts';
import { errorAnswer, lastAnswer, PAGE_HEADERS } from './answers.ts';
import { callerOf } from './caller.ts';
import type { Headers, WebAnswer, WebRequest } from './exchange.ts';
import { bouncePage, loginPage } from './login-pages.ts';
import { isFromOtherSite, mayChange } from './origin.ts';
import type { SitePorts, WebPorts } from './ports.ts';
import { readText } from './rpc-route.ts';
import { parseTarget } from './target.ts';

/** A name and a password, and where to go then. */
const MAX_FORM = 8 * 1024;
/** For all of a form to arrive; whoever sends it may be anybody. */
const FORM_WAIT = 10_000;

/** Where somebody wanted to go: a path of this server, of harmless characters, without the slash at its beginning. */
const PLACE = /^(?![/\\])[\w\-.~%/?=&:,+*@]{0,500}$/;

const isSecure = (server: ServerConfig): server is InetServer => server.kind === 'inet' && server.tls !== undefined;

/** One for each server of a host: browsers give cookies to every port. */
function cookieName(server: ServerConfig): string {
  const name = server.kind === 'inet' ? `superd_${server.port}` : 'superd';
  return isSecure(server) ? `__Host-${name}` : name;
}

/** What a browser holds as the cookie of its session here. */
export function cookieOf(server: ServerConfig, request: WebRequest): string | undefined {
  const name = `${cookieName(server)}=`;
  const pair = (request.header('cookie') ?? '').split(/; */).find((part) => part.startsWith(name));
  return pair?.slice(name.length);
}

/** @param secret '' takes the cookie away */
function setCookie(server: ServerConfig, secret: string): Headers {
  const secure = isSecure(server) ? '; Secure' : '';
  const gone = secret === '' ? '; Max-Age=0' : '';
  return [['Set-Cookie', `${cookieName(server)}=${secret}; Path=/; HttpOnly; SameSite=Strict${secure}${gone}`]];
}

/** Somebody looks at a page with a browser. */
export const isNavigation = (request: WebRequest): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') && (request.header('accept') ?? '').includes('text/html');

const see = (location: string, headers: Headers = []): WebAnswer => ({
  kind: 'whole',
  status: 303,
  headers: [...PAGE_HEADERS, ...headers, ['Location', location]],
  body: '',
  last: true,
});

/** Relative, so that it holds behind a proxy that puts this server below a path of its own. */
function loginPlace({ target }: WebRequest): string {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const wanted = local.replace(/^\/+/, '');
  const [path = ''] = local.split('?');
  const depth = Math.max(0, path.split('/').length - 2);
  const next = wanted !== '' && PLACE.test(wanted) ? `?next=${encodeURIComponent(wanted)}` : '';
  return `${'../'.repeat(depth)}login${next}`;
}

export const redirectToLogin = (request: WebRequest): WebAnswer => see(loginPlace(request));

const htmlAnswer = (status: number, body: string): WebAnswer =>
  lastAnswer({
    kind: 'whole',
    status,
    headers: [...PAGE_HEADERS, ['Content-Type', 'text/html;charset=utf-8']],
    body,
    last: true,
  });

/** A page that goes to the form by itself: what it asks for is asked from this site. */
export const bounceToLogin = (request: WebRequest): WebAnswer => htmlAnswer(200, bouncePage(loginPlace(request)));

const placeOf = (next: string | null): string => (next !== null && PLACE.test(next) ? next : '');

async function logIn(site: SitePorts, server: ServerConfig, request: WebRequest): Promise<WebAnswer> {
  if (isFromOtherSite(request)) return lastAnswer(errorAnswer(403));
  if (Number(request.header('content-length') ?? 0) > MAX_FORM) return lastAnswer(errorAnswer(413));
  const text = await readText(request, { bytes: MAX_FORM, wait: FORM_WAIT });
  if (typeof text === 'number') return lastAnswer(errorAnswer(text));
  const form = new URLSearchParams(text);
  const [username, password] = [form.get('username') ?? '', form.get('password') ?? ''];
  const next = placeOf(form.get('next'));
  const { identifier } = site.control;
  const again = (status: number, message: string): WebAnswer =>
    htmlAnswer(status, loginPage({ identifier, next, username, message }));
  const account = await site.accounts.check(server, { username, password }, request.address);
  const caller = callerOf(server, request, username);
  if (typeof account === 'string') {
    site.news.refused(caller);
    return account === 'busy'
      ? again(429, 'Too many attempts. Wait a moment.')
      : again(403, 'This name and password do not belong together.');
  }
  // Never the session that the browser came with, which somebody may have given it.
  const { section } = server;
  site.sessions.end(cookieOf(server, request) ?? '', section);
  const secret = site.sessions.begin({ section, user: account.name, print: account.print });
  site.news.told('began', caller);
  return see(`./${next}`, setCookie(server, secret));
}

/** `/login`, for whoever it is. @param hasSession there is nothing left to do for the form */
export function loginRoute(
  { site, hasSession }: { readonly site: SitePorts; readonly hasSession: boolean },
  server: ServerConfig,
  request: WebRequest,
): WebAnswer | Promise<WebAnswer> {
  if (request.method === 'POST') return logIn(site, server, request);
  if (request.method !== 'GET' && request.method !== 'HEAD') return lastAnswer(errorAnswer(400));
  const next = placeOf(parseTarget(request.target).query.get('next'));
  if (hasSession) return see(`./${next}`);
  const { identifier } = site.control;
  return htmlAnswer(200, loginPage({ identifier, next, username: '', message: '' }));
}

/** `/logout`: ends the session of whoever asks. */
export async function logoutRoute(
  { site, ports }: { readonly site: SitePorts; readonly ports: WebPorts },
  server: ServerConfig,
  request: WebRequest,
): Promise<WebAnswer> {
  if (request.method !== 'POST') return errorAnswer(400);
  const text = await readText(request);
  if (typeof text === 'number') return errorAnswer(text);
  const inForm = new URLSearchParams(text).get('token') ?? undefined;
  if (ports.via !== 'session' || !mayChange(request, ports, inForm)) return errorAnswer(403);
  site.sessions.end(cookieOf(server, request) ?? '', server.section);
  site.news.told('ended', ports.caller);
  return see('login', setCookie(server, ''));
}
