/** Makes AUTO child logs and deletes those that an earlier run left behind. Which names they have is decided in `logs/`. */
import { closeSync, constants, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { type AutoLog, autoLogPath, isAutoLog, RANDOM_LENGTH, randomPart } from '../logs/auto.ts';
import { repr } from '../repr.ts';
import { errnoOf } from './errno.ts';
import { randomBytes } from './random.ts';

/** How many names are tried that turn out to be taken. */
const MAX_NAMES = 100;

/** Creates an empty file of mode 0600 under a new name, and returns its path. The error is an errno's name. */
export function createAutoLog(log: Omit<AutoLog, 'random'>): Result<string, string> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  let problem = 'EEXIST';
  for (let attempt = 0; attempt < MAX_NAMES && problem === 'EEXIST'; attempt += 1) {
    try {
      const path = autoLogPath({ ...log, random: randomPart(randomBytes(RANDOM_LENGTH)) });
      closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600));
      return ok(path);
    } catch (cause) {
      problem = errnoOf(cause);
    }
  }
  return fail(problem);
}

/**
 * Deletes the AUTO logs of an identifier, except for files that are in use. Call it only once it is certain that no other
 * instance runs.
 * @param inUse paths that are kept, with their backups
 * @returns warnings for the main log
 * @source spec lifecycle 6.5
 */
export function cleanAutoLogs(childlogdir: string, identifier: string, inUse: readonly string[]): readonly string[] {
  const problems: string[] = [];
  const isKept = (path: string): boolean => inUse.some((kept) => path === kept || path.startsWith(`${kept}.`));
  try {
    for (const name of readdirSync(childlogdir).filter(isAutoLog(identifier))) {
      const path = join(childlogdir, name);
      if (!isKept(path) && !remove(path)) problems.push(`Failed to clean up ${repr(path)}`);
    }
  } catch {
    problems.push('Could not clear childlog dir');
  }
  return problems;
}

function remove(path: string): boolean {
  try {
    if (lstatSync(path).isFile()) unlinkSync(path);
    return true;
  } catch (cause) {
    return errnoOf(cause) === 'ENOENT';
  }
}
