/**
 * Opens what a log's path names: a regular file, a device or named pipe, or a descriptor that superd was started with.
 * Decides nothing about what is written.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';
import { keepReserve } from './reserve.ts';

export interface LogTarget {
  readonly fd: number;
  /** `inherited` descriptors are not ours to close. */
  readonly kind: 'regular' | 'special' | 'inherited';
  /** Device and inode. */
  readonly identity: string;
  readonly size: number;
}

/** Symbolic links that are followed to see whether a path means an inherited descriptor. */
const MAX_LINKS = 8;

const INHERITED: ReadonlyMap<string, number> = new Map([
  ['/dev/stdout', 1],
  ['/dev/fd/1', 1],
  ['/proc/self/fd/1', 1],
  ['/dev/stderr', 2],
  ['/dev/fd/2', 2],
  ['/proc/self/fd/2', 2],
]);

/**
 * The descriptor that a path stands for. Opening such a path anew would give a regular file a second offset, and a
 * socket would not open at all (spec lifecycle 7.4).
 */
function inheritedFd(path: string): number | undefined {
  let name = resolve(path);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const fd = INHERITED.get(name);
    if (fd !== undefined) return fd;
    try {
      name = resolve(dirname(name), readlinkSync(name));
    } catch {
      return undefined;
    }
  }
  return undefined;
}

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

function describe(fd: number, isInherited: boolean): LogTarget {
  const stats = fstatSync(fd);
  const kind = isInherited ? 'inherited' : stats.isFile() ? 'regular' : 'special';
  return { fd, kind, identity: identityOf(stats), size: stats.size };
}

/** Is there something at a path that is not a regular file? Such a thing is never renamed, emptied or deleted. */
export const isSpecial = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === false;

/** What cannot be looked at counts as a regular file: whoever opens it then learns why. */
export function isRegular(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return true;
  }
}

/** Does a path lead to nothing, or to another regular file? What was put there by whoever may write there is not followed. */
export function isElsewhere(path: string, { identity }: LogTarget): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return lstatSync(path, { throwIfNoEntry: false }) === undefined;
    return stats.isFile() && identityOf(stats) !== identity && lstatSync(path).isFile();
  } catch {
    return false;
  }
}

/** No path leads to it any more: what is written now is lost with the descriptor. */
export const isDeleted = ({ fd }: LogTarget): boolean => fstatSync(fd).nlink === 0;

/**
 * Opens for appending, without ever waiting: for the reader of a named pipe, or for a device.
 * @throws the system error
 */
export function openTarget(path: string, mode: number): LogTarget {
  const inherited = inheritedFd(path);
  if (inherited !== undefined) return describe(inherited, true);
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  // Open for reading too, a named pipe needs no reader: what is written meanwhile waits in it.
  const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  const fd = openSync(path, (isPipe ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, mode);
  keepReserve(fd);
  try {
    return describe(fd, false);
  } catch (cause) {
    closeSync(fd);
    throw cause;
  }
}

export function closeTarget({ fd, kind }: LogTarget): void {
  if (kind !== 'inherited') closeSync(fd);
}

/** Empties a log that somebody else writes to. */
export function emptyFile(path: string): Result<void, string> {
  try {
    truncateSync(path);
    return ok(undefined);
  } catch (cause) {
    return errnoOf(cause) === 'ENOENT' ? ok(undefined) : fail(errnoOf(cause));
  }
}
