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

/** Which backups of a file there are, by the names in its folder. */
export function backupNumbers(name: string, names: readonly string[]): readonly number[] {
  const suffixes = names.filter((other) => other.startsWith(`${name}.`)).map((other) => other.slice(name.length + 1));
  return suffixes.filter((suffix) => /^[1-9]\d{0,8}$/.test(suffix)).map(Number);
}

/**
 * The renames that rotate a file, in this order; none: it is emptied. Backups keep their distance, gaps included.
 * @param taken the backups that there are
 * @source spec lifecycle 7.4
 */
export function planRotation(path: string, { backups }: RotationPolicy, taken: readonly number[]): readonly Rename[] {
  if (backups <= 0) return [];
  const moved = taken.filter((number) => number < backups).toSorted((one, other) => other - one);
  const nameOf = (number: number): string => (number === 0 ? path : `${path}.${number}`);
  return [...moved, 0].map((number) => ({ from: nameOf(number), to: nameOf(number + 1) }));
}
