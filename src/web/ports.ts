/** What the routes want: the API's ports, and what is theirs alone. */
import type { RpcPorts } from '../rpc/ports.ts';
import type { Streams } from './api/streams.ts';
import type { WebAssets } from './assets.ts';
import type { Sha1 } from './auth.ts';

/** What is the same for every request. */
export interface SitePorts extends Omit<RpcPorts, 'caller' | 'role'> {
  readonly sha1: Sha1;
  /** Random, made anew by each superd; what a browser must send along with every change. */
  readonly token: string;
  /** Of all servers together. */
  readonly streams: Streams;
  readonly assets: WebAssets;
}

/** With what is known of the sender of one request. `token` is that of the session, where there is one. */
export interface WebPorts extends RpcPorts {
  readonly token: string;
  readonly streams: Streams;
  readonly assets: WebAssets;
  /** How the sender is known: nobody asked, a user name and a password, or the cookie of a session. */
  readonly via: 'nothing' | 'password' | 'session';
  /** Whether the sender would still be let in: the session has not ended, the user has not been removed or changed. Long answers ask now and then. */
  mayStay(): boolean;
}
