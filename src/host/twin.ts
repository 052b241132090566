/** Is there another superd with the same pidfile? Asked before anything of it could be touched. */
import type { Config } from '../config/model.ts';
import { liveDaemon } from './pidfile.ts';
import { isListening } from './unix-socket.ts';

/** supervisord's text. @source spec lifecycle 6.7 */
export const IN_USE: string =
  'Another program is already listening on a port that one of our HTTP servers is configured to use.  ' +
  'Shut this program down first before starting supervisord.';

/** @returns the usage error, if there is one */
export async function findTwin({ daemon, servers }: Config, own: number): Promise<string | undefined> {
  const other = liveDaemon(daemon.pidfile, own);
  if (other === undefined) return undefined;
  for (const server of servers) if (server.kind === 'unix' && (await isListening(server.file))) return IN_USE;
  return `Another supervisord is already running with pid ${other}, as ${daemon.pidfile} tells.  Shut it down first.`;
}
