/**
 * Builds dist/web/: the page for browsers, its names made from its content, each file also as gzip and brotli. What stands
 * there before is removed only when the new one is complete.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { MANIFEST, type Manifest } from '../src/web/assets.ts';

const root = join(import.meta.dirname, '..');

/** The script and the stylesheet, bundled and minified. */
async function bundle(): Promise<ReadonlyMap<'script' | 'style', Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { app: 'src/web/app/index.tsx', style: 'src/web/app/style/index.css' },
    outdir: 'dist/web',
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: ['es2022', 'chrome119', 'firefox124', 'safari17.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    logLevel: 'warning',
    legalComments: 'none',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.endsWith('.css') ? 'style' : 'script', contents]));
}

const PACKED = {
  br: (data: Uint8Array) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: (data: Uint8Array) => gzipSync(data, { level: 9 }),
} as const;

/** Writes a file and its packed forms; gives its name. */
function put(folder: string, kind: 'app.js' | 'style.css', data: Uint8Array): string {
  const [stem, extension] = kind.split('.');
  const digest = createHash('sha256').update(data).digest('hex').slice(0, 12);
  const name = `${stem}-${digest}.${extension}`;
  writeFileSync(join(folder, name), data);
  for (const [suffix, pack] of Object.entries(PACKED)) writeFileSync(join(folder, `${name}.${suffix}`), pack(data));
  return name;
}

/** Builds the page, or leaves the last one as it was. */
export async function buildWeb(): Promise<void> {
  const files = await bundle();
  const [code, css] = [files.get('script'), files.get('style')];
  if (code === undefined || css === undefined) throw new Error('the page has no script or no style');
  const folder = join(root, 'dist/web');
  mkdirSync(folder, { recursive: true });
  const manifest: Manifest = { script: put(folder, 'app.js', code), style: put(folder, 'style.css', css) };
  writeFileSync(join(folder, `${MANIFEST}.new`), JSON.stringify(manifest));
  renameSync(join(folder, `${MANIFEST}.new`), join(folder, MANIFEST));
  for (const name of readdirSync(folder)) {
    const isKept = name === MANIFEST || name.startsWith(manifest.script) || name.startsWith(manifest.style);
    if (!isKept) rmSync(join(folder, name));
  }
}
