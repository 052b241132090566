/** What the routes want: the API's ports, and what is theirs alone. */
import type { Role } from '../rpc/roles.ts';
import type { Accounts } from './accounts.ts';
import type { Streams } from './api/streams.ts';
import type { WebAssets } from './assets.ts';
import type { LoginNews } from './login-news.ts';
import type { MetricsPorts } from './metrics-route.ts';
import type { Sessions } from './sessions.ts';

/** What is the same for every request. */
export interface SitePorts extends Omit<MetricsPorts, 'caller' | 'role'> {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly news: LoginNews;
  /** Random, made anew by each superd; what a browser must send along with every change. */
  readonly token: string;
  /** Of all servers together. */
  readonly streams: Streams;
  readonly assets: WebAssets;
}

/** What is known of the sender of one request. */
export interface Identity {
  /** undefined: nobody asked. */
  readonly user: string | undefined;
  readonly role: Role;
  /** How the sender is known: nobody asked, a user name and a password, or the cookie of a session. */
  readonly via: 'nothing' | 'password' | 'session';
  /** Whether the sender would still be let in: the session has not ended, the user has not been removed or changed. Long answers ask now and then. */
  readonly mayStay: () => boolean;
  /** What a browser must send along in this session; undefined: what all must. */
  readonly token?: string;
}

/** The ports for one request. `token` is that of the session, where there is one. */
export interface WebPorts extends MetricsPorts, Pick<Identity, 'via' | 'mayStay'> {
  readonly token: string;
  readonly streams: Streams;
  readonly assets: WebAssets;
}
