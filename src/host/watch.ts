/** Watches the configuration files. The only file that knows chokidar; loaded only when watching is asked for. */
import { dirname } from 'node:path';
import { watch } from 'chokidar';

/** An editor writes in several steps; they count as one change. */
const SETTLE_MS = 200;

export interface Watching {
  readonly files: readonly string[];
  /** Absolute include patterns: a file that appears in one of their folders counts as a change. */
  readonly includes: readonly string[];
}

/** The folder of a pattern up to its first wildcard. */
const folderOf = (pattern: string): string => dirname(pattern.replace(/[*?[].*$/, 'x'));

/** Calls `changed` after the files, or what the includes match, have changed. */
export async function watchFiles(watching: Watching, changed: () => void): Promise<AsyncDisposable> {
  let timer: NodeJS.Timeout | undefined;
  const folders = watching.includes.map(folderOf);
  const watcher = watch([...new Set([...watching.files, ...folders])], {
    depth: 0,
    ignoreInitial: true,
    persistent: true,
    awaitWriteFinish: false,
    ignorePermissionErrors: true,
  });
  const isOfInterest = (path: string): boolean => watching.files.includes(path) || folders.includes(dirname(path));
  watcher.on('all', (_kind, path) => {
    if (!isOfInterest(path)) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  });
  watcher.on('error', () => {
    // What cannot be watched is read again with the next change, a reread or a restart.
  });
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
