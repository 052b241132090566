/** The pidfile: who runs, and that it is only one. */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { errnoOf } from './errno.ts';

/** How a running daemon shows in the list of processes. */
const DAEMON = /superd|supervisord/;

function read(path: string): number | undefined {
  try {
    const number = Number(readFileSync(path, 'utf8').trim());
    return Number.isInteger(number) && number > 0 ? number : undefined;
  } catch {
    return undefined;
  }
}

/** The pid of another live daemon that the file names. A pid that now belongs to something else does not count. */
export function liveDaemon(path: string, own: number): number | undefined {
  const other = read(path);
  if (other === undefined || other === own) return undefined;
  try {
    return DAEMON.test(readFileSync(`/proc/${other}/cmdline`, 'utf8')) ? other : undefined;
  } catch {
    return undefined;
  }
}

/** @throws HostError */
export function writePidfile(path: string, own: number): void {
  try {
    writeFileSync(path, `${own}\n`);
  } catch (cause) {
    throw new HostError('write pidfile', path, errnoOf(cause), cause);
  }
}

/** Removes the file if it still names this superd. */
export function removePidfile(path: string, own: number): void {
  if (read(path) === own) unlinkSync(path);
}
