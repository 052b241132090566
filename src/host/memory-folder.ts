/**
 * A folder for what need not outlive the machine: in memory, behind a link from where it is looked for. Thousands of named
 * pipes are made there in a tenth of the time that ext4 takes where as many were deleted in the last minutes.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Only for root: what other users have there may be taken from them when they log out. */
const PLACES: readonly string[] = ['/run', '/dev/shm'];
const PREFIX = 'superd-pipes-';
const MADE_HERE = new RegExp(`^(?:${PLACES.join('|')})/${PREFIX}[A-Za-z0-9]{6}$`);
/** @source statfs(2): TMPFS_MAGIC */
const TMPFS = 0x01021994;
/** Three pipes for each of three thousand programs, and some for everybody else. A file system without a limit has 0 files. */
const LEAST_FREE_FILES = 10_000;

/** Whether it is in memory, with room for many. */
function isMemory(place: string): boolean {
  try {
    const { type, files, ffree } = statfsSync(place);
    const isRoomy = files === 0 || ffree >= LEAST_FREE_FILES;
    return type === TMPFS && isRoomy && lstatSync(place).isDirectory();
  } catch {
    return false;
  }
}

/** Where a link leads, if it was made here. */
function targetOf(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  const target = readlinkSync(path);
  return MADE_HERE.test(target) ? target : undefined;
}

/** @returns whether the path leads to a new folder in this place */
function linkTo(place: string, path: string): boolean {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(place, PREFIX));
    symlinkSync(folder, path);
    return true;
  } catch {
    if (folder !== undefined) rmdirSync(folder);
    return false;
  }
}

/** Makes a folder that only its owner can enter, or leaves the one that is there. */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // After a start of the machine the link leads nowhere.
  if (targetOf(path) !== undefined) rmSync(path);
  const places = process.getuid?.() === 0 ? PLACES.filter(isMemory) : [];
  if (!places.some((place) => linkTo(place, path))) mkdirSync(path, { mode: 0o700 });
}

/** Removes the folder with all that is in it, wherever it is. */
export function removeFolder(path: string): void {
  const target = targetOf(path);
  if (target !== undefined) rmSync(target, { recursive: true, force: true });
  rmSync(path, { recursive: true, force: true });
}
