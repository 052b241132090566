/** Descriptors that were left open by whoever started superd. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { errnoOf } from './errno.ts';

/** The first descriptor that may have been inherited by accident. */
const FIRST_STRAY_FD = 3;
const O_CLOEXEC = 0o2000000;

/** Closes what every program would otherwise inherit. */
export function closeStrayDescriptors(keep: readonly number[]): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd < FIRST_STRAY_FD || keep.includes(fd)) continue;
    try {
      const flags = /^flags:\s*0?(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch (cause) {
      // The descriptor of the listing itself is gone already.
      if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'EBADF') throw cause;
    }
  }
}
