/**
 * The built page in dist/web, read anew each time: browsers keep what they have, so that it is seldom asked for, and after
 * an upgrade the files on disk are the right ones.
 */
import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { MANIFEST, type Manifest, type WebAssets } from '../web/assets.ts';

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function parseManifest(data: Uint8Array): Manifest | undefined {
  try {
    const { script, style }: Record<string, unknown> = JSON.parse(Buffer.from(data).toString());
    return typeof script === 'string' && typeof style === 'string' ? { script, style } : undefined;
  } catch {
    return undefined;
  }
}

/** @param main the code of the brain: the bundle in dist/, or the source beside it */
export function webAssets(main: string): WebAssets {
  const folder = join(dirname(main), extname(main) === '.cjs' ? 'web' : '../dist/web');
  return {
    manifest() {
      const data = readIfThere(join(folder, MANIFEST));
      return data === undefined ? undefined : parseManifest(data);
    },
    read: (name, packing) => readIfThere(join(folder, packing === undefined ? name : `${name}.${packing}`)),
  };
}
