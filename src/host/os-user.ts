/** Becoming another user, for good: any step that fails ends the start, so nothing runs with more rights than it should. */
import type { User } from '../config/model.ts';
import { errnoOf } from './errno.ts';

/**
 * Drops the rights of root.
 * @returns why it failed, in supervisord's words
 * @source spec lifecycle 6.3, 3.3
 */
export function becomeUser(user: User): string | undefined {
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
