/** Files that survive a power cut: written beside, synced, renamed into place, and the directory synced too. */
import { constants, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const PRIVATE_FILE = 0o600;

export async function syncDirectory(path: string): Promise<void> {
  const directory: FileHandle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes a new file and syncs it; what could not be written whole is removed. */
export async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await file.close();
  }
}

/** Renames within one file system, then syncs the directory that now has the name, and the one that had it. */
export async function moveSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

/** Makes directories that only their owner can enter. */
export async function makePrivate(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(dirname(path));
  }
}
