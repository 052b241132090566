/** Reads small pieces of files that others may have prepared: the end of a log, a secret. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errnoOf } from './errno.ts';

/** Up to `length` bytes of an open file from `offset`. */
function readAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let size = 0;
  for (let got = -1; got !== 0 && size < length; size += got) {
    got = readSync(fd, buffer, size, length - size, offset + size);
  }
  return buffer.subarray(0, size);
}

/** Opens without waiting for the other end of a named pipe, and reads only what is a regular file. */
function withFile<T>(path: string, read: (fd: number, stats: Stats) => T): T | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    return stats.isFile() ? read(fd, stats) : undefined;
  } finally {
    closeSync(fd);
  }
}

/** The last `bytes` of a log as text; undefined when it cannot be read. */
export function readTail(path: string, bytes: number): string | undefined {
  try {
    return withFile(path, (fd, { size }) =>
      readAt(fd, Math.max(0, size - bytes), Math.min(size, bytes)).toString('utf8'),
    );
  } catch {
    return undefined;
  }
}

/** The longest secret that makes sense. */
const MAX_SECRET = 4096;

export type Secret = { readonly text: string } | { readonly problem: string };

/** A secret in a file that only its owner, who is we or root, can read. */
export function readSecret(path: string): Secret {
  try {
    const read = withFile(path, (fd, { mode, uid, size }): Secret => {
      if ((mode & 0o077) !== 0) {
        const shown = (mode & 0o777).toString(8).padStart(4, '0');
        return { problem: `will not use ${path}: its mode ${shown} lets others read it; run: chmod 600 ${path}` };
      }
      if (uid !== 0 && uid !== process.geteuid?.())
        return { problem: `will not use ${path}: it belongs to another user` };
      return { text: readAt(fd, 0, Math.min(size, MAX_SECRET)).toString('utf8').trim() };
    });
    return read ?? { problem: `cannot read ${path}: not a regular file` };
  } catch (cause) {
    return { problem: `cannot read ${path}: ${errnoOf(cause)}` };
  }
}
