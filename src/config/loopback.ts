/** Whether a server is only for its own machine, and what protects it. */
import type { ServerConfig } from './model.ts';

const LOOPBACK = /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1)$/i;

/** An address or a name that stands for this machine, as far as the text tells. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Whoever reaches it must show who they are. */
export const wantsCredentials = ({ username, users }: ServerConfig): boolean =>
  username !== undefined || users !== undefined;

/** Such a server is not opened: others reach it, and it would let everybody do everything. @param address where it would listen */
export const isExposed = (server: ServerConfig, address: string): boolean =>
  server.kind === 'inet' && !wantsCredentials(server) && server.allowAnonymous !== true && !isLoopback(address);

/** How an exposed server can be had all the same. */
export const EXPOSED_HINT =
  'set users, or username and password, or port=127.0.0.1:…; allow_anonymous=true opens it to everybody';
