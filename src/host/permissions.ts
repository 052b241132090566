/**
 * Would a user be able to enter a directory and execute a file? Asked before a child that changes its user is spawned,
 * because afterwards only its exit status could tell.
 */
import { type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { User } from '../config/model.ts';
import { errnoOf } from './errno.ts';

const EXECUTE = 0o1;

function mayExecute(user: User, stats: Stats): boolean {
  if (user.uid === 0) return true;
  if (stats.uid === user.uid) return (stats.mode & (EXECUTE << 6)) !== 0;
  if (user.gids.includes(stats.gid)) return (stats.mode & (EXECUTE << 3)) !== 0;
  return (stats.mode & EXECUTE) !== 0;
}

/**
 * Looks at a path and every directory above it.
 * @returns the errno's name that an `execve` or `chdir` of that user would give, or undefined
 */
export function accessProblem(user: User, path: string): string | undefined {
  const parents: string[] = [];
  for (let at = resolve(path); parents.at(-1) !== at; at = dirname(at)) parents.push(at);
  try {
    return parents.reverse().every((part) => mayExecute(user, statSync(part))) ? undefined : 'EACCES';
  } catch (cause) {
    return errnoOf(cause);
  }
}
