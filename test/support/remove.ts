/** Removes what tests have made. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder } from '../../src/host/memory-folder.ts';

/** A directory with all that is in it, and what a superd that was killed has left elsewhere. */
export function removeTree(dir: string): void {
  const links = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  for (const { name, parentPath } of links) removeFolder(join(parentPath, name));
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
