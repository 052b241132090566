/**
 * When a log file is rotated and which renames that takes, as plain data. Backups are numbered from `.1`, the newest, to
 * `.<backups>`. Knows nothing of the file system.
 */
import type { Bytes } from '../units.ts';

export interface RotationPolicy {
  /** 0: never. */
  readonly maxbytes: Bytes;
  /** 0: the file is emptied instead. */
  readonly backups: number;
}

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** A file that is at least this long after a write is rotated. A write is never split. @source spec lifecycle 7.4 */
export const rotationThreshold = ({ maxbytes }: RotationPolicy): number => (maxbytes > 0 ? maxbytes : Infinity);

/**
 * The renames that rotate a file, in this order; a file that is missing is passed over. None: it is emptied.
 * @source spec lifecycle 7.4
 */
export function planRotation(path: string, { backups }: RotationPolicy): readonly Rename[] {
  const nameOf = (index: number): string => (index === 0 ? path : `${path}.${index}`);
  return Array.from({ length: Math.max(0, backups) }, (_, index) => ({
    from: nameOf(backups - index - 1),
    to: nameOf(backups - index),
  }));
}
