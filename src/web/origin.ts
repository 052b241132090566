/** Keeps web pages of other sites from using a browser that can reach superd. Clients other than browsers never notice. */
import type { ServerConfig } from '../config/model.ts';
import type { WebRequest } from './exchange.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/** Nobody on the internet can own a name without a dot. */
const LOCAL_NAME = /^[^.]*$/;

const withoutPort = (host: string): string => host.replace(/:\d*$/, '');

/**
 * Whether the Host of a request may belong to this server. A page can rebind its own name to 127.0.0.1, but then its
 * name stands in Host; that matters only where no password protects a loopback server.
 */
export function isHostAllowed(server: ServerConfig, host: string | undefined): boolean {
  if (server.kind === 'unix' || server.username !== undefined || !LOOPBACK.test(server.host)) return true;
  const name = withoutPort((host ?? '').trim());
  return LOCAL_NAME.test(name) || IP_LITERAL.test(name);
}

/** Whether a browser sent this request on behalf of another site. */
export function isFromOtherSite(request: WebRequest): boolean {
  const site = request.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = request.header('origin');
  if (origin === undefined) return false;
  return origin.replace(/^https?:\/\//, '') !== request.header('host');
}
