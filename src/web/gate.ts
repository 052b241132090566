/** Who sent a request: told by name and password, by the cookie of a session, or by the server letting everybody in. */
import { wantsCredentials } from '../config/loopback.ts';
import type { ServerConfig } from '../config/model.ts';
import { errorAnswer, lastAnswer } from './answers.ts';
import { readBasic } from './auth.ts';
import { callerOf } from './caller.ts';
import type { WebAnswer, WebRequest } from './exchange.ts';
import { bounceToLogin, cookieOf, isNavigation, redirectToLogin } from './login.ts';
import { isHostAllowed } from './origin.ts';
import type { Identity, SitePorts } from './ports.ts';

/** What every browser may have: the form to log in looks like the rest. */
const PUBLIC = '/stylesheets/supervisor.css';

const NOBODY: Identity = { user: undefined, role: 'viewer', via: 'nothing', mayStay: () => true };

/** A script of a page gets a challenge that browsers do not answer with a window of their own. */
function challenge(server: ServerConfig, request: WebRequest): WebAnswer {
  const isScript = server.users !== undefined && request.header('sec-fetch-site') !== undefined;
  const scheme = isScript ? 'Session realm="superd"' : 'Basic realm="default"';
  return lastAnswer(errorAnswer(401, [['WWW-Authenticate', scheme]]));
}

const tooMany = (): WebAnswer => lastAnswer(errorAnswer(429, [['Retry-After', '5']]));

/** Somebody without name and password, at a server that wants them. */
function turnAway(server: ServerConfig, request: WebRequest, path: string): WebAnswer | Identity {
  if (server.users === undefined) return challenge(server, request);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  if (isReading && path === PUBLIC) return NOBODY;
  if (!isNavigation(request)) return challenge(server, request);
  // From another site no cookie comes along; from a page of ours it does, and the form sends on who has a session.
  const isFollowed = request.header('sec-fetch-site') === 'cross-site';
  return isFollowed ? bounceToLogin(request) : redirectToLogin(request);
}

/** Somebody whose browser has the cookie of a session. */
export function bySession(
  { accounts, sessions }: SitePorts,
  server: ServerConfig,
  request: WebRequest,
): Identity | undefined {
  const secret = server.users === undefined ? undefined : cookieOf(server, request);
  const session = secret === undefined ? undefined : sessions.find(secret, server.section);
  if (secret === undefined || session === undefined) return undefined;
  const account = accounts.find(server, session.user).find(({ print }) => print === session.print);
  if (account === undefined) return undefined;
  return {
    user: account.name,
    role: account.role,
    via: 'session',
    token: sessions.tokenOf(secret),
    mayStay: () =>
      sessions.find(secret, server.section) !== undefined &&
      accounts.find(server, account.name).some(({ print }) => print === account.print),
  };
}

/** Says who sent a request, or what to answer in its place. */
export async function admit(
  site: SitePorts,
  server: ServerConfig,
  { request, path }: { readonly request: WebRequest; readonly path: string },
): Promise<WebAnswer | Identity> {
  if (!wantsCredentials(server)) {
    if (!isHostAllowed(server, request.header('host'))) return errorAnswer(403);
    return { ...NOBODY, role: 'admin' };
  }
  const given = readBasic(request.header('authorization'));
  if (given === 'malformed') return errorAnswer(400);
  if (given === 'none') {
    const hasTried = request.header('authorization') !== undefined;
    return (
      bySession(site, server, request) ?? (hasTried ? challenge(server, request) : turnAway(server, request, path))
    );
  }
  const account = await site.accounts.check(server, given, request.address);
  if (typeof account === 'string') {
    site.news.refused(callerOf(server, request, given.username));
    return account === 'busy' ? tooMany() : challenge(server, request);
  }
  const { name, role, print } = account;
  const mayStay = (): boolean =>
    server.users === undefined || site.accounts.find(server, name).some((now) => now.print === print);
  return { user: name, role, via: 'password', mayStay };
}
