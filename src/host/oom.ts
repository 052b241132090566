/**
 * When memory runs out the kernel should end a program, not its supervisor. Only root may ask for that; programs are
 * spawned with the value that superd itself was started with.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const FILE = '/proc/self/oom_score_adj';
/** Nearly the last to be chosen; -1000 would mean never, and hide a leak of our own. */
const PROTECTED = -900;

/** What was there before, and the file, kept open for each spawn; undefined while nothing was changed. */
let found: { readonly value: string; readonly fd: number } | undefined;

/** From now on this process is spared, where the system allows it. */
export function protectFromOom(): void {
  if (found !== undefined || process.getuid?.() !== 0) return;
  try {
    const before = readFileSync(FILE, 'latin1').trim();
    if (Number(before) <= PROTECTED) return;
    const fd = openSync(FILE, 'r+');
    try {
      writeSync(fd, `${PROTECTED}`, 0);
      found = { value: before, fd };
    } finally {
      if (found === undefined) closeSync(fd);
    }
  } catch {
    // A container may forbid it; then it is as in supervisord.
  }
}

/** Spawns what is not to inherit the protection: spawn() is synchronous, and the kernel copies the value. */
export function unprotected<T>(spawn: () => T): T {
  if (found === undefined) return spawn();
  const { value, fd } = found;
  write(fd, value);
  try {
    return spawn();
  } finally {
    write(fd, `${PROTECTED}`);
  }
}

function write(fd: number, value: string): void {
  try {
    writeSync(fd, value, 0);
  } catch {
    // The keeper has become another user meanwhile: the value stays as it is.
  }
}
