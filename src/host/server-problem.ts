/** Why a server of the configuration could not be opened, in supervisord's words. */
import { constants } from 'node:os';
import type { ServerConfig } from '../config/model.ts';
import { IN_USE } from './twin.ts';
import type { ServerProblem } from './unix-socket.ts';

/** What Python calls a name that cannot be resolved. */
const UNRESOLVED = -2;

/** What Python says before it asks the system. */
const TOO_LONG = 'AF_UNIX path too long';

function reportedAs(code: string): string | number {
  if (code === 'ENAMETOOLONG') return TOO_LONG;
  const number = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
  return number === undefined ? UNRESOLVED : `errno.${code} (${number})`;
}

/** @source spec lifecycle 2.1, 6.7 */
export function serverProblemText(server: ServerConfig, problem: ServerProblem): string {
  if (problem.kind === 'in-use') return IN_USE;
  const { code } = problem;
  if (code === 'EPERM' && server.kind === 'unix' && server.chown !== undefined) {
    const { uid, gid } = server.chown;
    return `Not permitted to chown ${server.file} to uid/gid (${uid}, ${gid})`;
  }
  return `Cannot open an HTTP server: socket.error reported ${reportedAs(code)}`;
}
