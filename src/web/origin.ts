/** Keeps web pages of other sites from using a browser that can reach superd. Clients other than browsers never notice. */
import { isLoopback, wantsCredentials } from '../config/loopback.ts';
import type { ServerConfig } from '../config/model.ts';
import { equalInConstantTime } from './auth.ts';
import type { WebRequest } from './exchange.ts';
import type { WebPorts } from './ports.ts';

const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/** Nobody on the internet can own a name without a dot. */
const LOCAL_NAME = /^[^.]*$/;

const withoutPort = (host: string): string => host.replace(/:\d*$/, '');

/**
 * Whether the Host of a request may belong to this server. A page can rebind its own name to 127.0.0.1, but then its
 * name stands in Host; that matters only where no password protects a loopback server.
 */
export function isHostAllowed(server: ServerConfig, host: string | undefined): boolean {
  if (server.kind === 'unix' || wantsCredentials(server)) return true;
  // Without it a name is open only because it is resolved to a loopback address.
  if (server.allowAnonymous === true && !isLoopback(server.host)) return true;
  const name = withoutPort((host ?? '').trim());
  return LOCAL_NAME.test(name) || IP_LITERAL.test(name) || name.toLowerCase() === server.host.toLowerCase();
}

/** Whether a browser sent this request on behalf of another site. */
export function isFromOtherSite(request: WebRequest): boolean {
  const site = request.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = request.header('origin');
  if (origin === undefined) return false;
  return origin.replace(/^https?:\/\//, '') !== request.header('host');
}

const isFromBrowser = (request: WebRequest): boolean =>
  request.header('sec-fetch-site') !== undefined || request.header('origin') !== undefined;

/**
 * Whether a request may change something, as far as its way here tells: no other site sent it, and a browser sent the
 * token along. Other clients, which send their password with each request, need none.
 * @param inForm the token in the form that was sent; undefined: it stands in the header X-Superd-Token
 */
export function mayChange(
  request: WebRequest,
  { token, via }: Pick<WebPorts, 'token' | 'via'>,
  inForm?: string,
): boolean {
  if (isFromOtherSite(request)) return false;
  if (inForm === undefined && via !== 'session' && !isFromBrowser(request)) return true;
  return equalInConstantTime(inForm ?? request.header('x-superd-token') ?? '', token);
}
