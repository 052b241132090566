/**
 * Programs may not use up superd's descriptors: some are kept for clients and for what superd has to read. A new
 * descriptor is always the lowest that is free, so its number says how many are left.
 */
import { closeSync } from 'node:fs';
import { foundFileLimit } from './limits.ts';

/** Kept free of what belongs to programs. */
const RESERVED = 32;
/** Of a small limit at most this part is kept. */
const PART = 4;

let ceiling: number | undefined;

/** The first descriptor that no program's pipe or log may have. */
function reserveBegins(): number {
  const limit = foundFileLimit();
  return limit - Math.min(RESERVED, Math.floor(limit / PART));
}

/** @returns the descriptor, if enough others are left @throws EMFILE, and closes it */
export function keepReserve(fd: number): number {
  ceiling ??= reserveBegins();
  if (fd < ceiling) return fd;
  closeSync(fd);
  throw Object.assign(new Error('no descriptors left but those in reserve'), { code: 'EMFILE' });
}
