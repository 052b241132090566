/** What the keeper makes of itself, so that every program inherits it: limits, user, umask, directory, in this order. */
import { execFileSync } from 'node:child_process';
import type { Become, Limit, ToBrain } from '../keeper/protocol.ts';
import { errnoOf } from './errno.ts';

type Became = Omit<Extract<ToBrain, { readonly op: 'became' }>, 'op'>;

const word = (value: number | undefined): string => (value === undefined ? 'unlimited' : String(value));

function setLimit(resource: 'nofile' | 'nproc', limit: Limit | undefined): boolean {
  if (limit === undefined) return true;
  try {
    const option = `--${resource}=${word(limit.soft)}:${word(limit.hard)}`;
    execFileSync('prlimit', ['--pid', String(process.pid), option], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Any step that fails is told, and nothing after it is done, so nothing runs with more rights than it should. */
export function become({ nofile, nproc, user, umask, directory }: Become): Became {
  if (!setLimit('nofile', nofile)) return { failed: 'nofile', why: '' };
  if (!setLimit('nproc', nproc)) return { failed: 'nproc', why: '' };
  const problem = user === undefined ? undefined : becomeUser(user);
  if (problem !== undefined) return { failed: 'user', why: problem };
  if (umask !== undefined) process.umask(umask);
  try {
    if (directory !== undefined) process.chdir(directory);
    return { failed: '', why: '' };
  } catch (cause) {
    return { failed: 'directory', why: errnoOf(cause) };
  }
}

/**
 * Drops the rights of root, for good.
 * @returns why it failed, in supervisord's words
 * @source spec lifecycle 6.3, 3.3
 */
export function becomeUser(user: NonNullable<Become['user']>): string | undefined {
  if (process.getuid?.() === user.uid) return undefined;
  if (process.getuid?.() !== 0) return "Can't drop privilege as nonroot user";
  try {
    process.setgroups?.([...user.gids]);
  } catch {
    return 'Could not set groups of effective user';
  }
  try {
    process.setgid?.(user.gid);
  } catch {
    return 'Could not set group id of effective user';
  }
  try {
    process.setuid?.(user.uid);
    return undefined;
  } catch (cause) {
    return `Could not set user id: ${errnoOf(cause)}`;
  }
}
