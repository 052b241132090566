/**
 * Builds dist/: one CommonJS file per program, and the page for browsers. CommonJS, because an ESM import of node:http loads undici and costs
 * 14 MB of memory in the daemon (docs/explanation/decisions/0002-bundle.md).
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { COMMANDS } from '../src/cli/commands.ts';
import { renderHelp } from '../src/host/args.ts';
import { BRAIN_PARTS } from '../src/host/brain-copy.ts';
import { buildWeb } from './build-web.ts';
import { NODE_CHECK } from './node-check.ts';

const root = `${import.meta.dirname}/..`;
const programs = ['superd', 'superctl', 'crashmail', 'courier', 'keeper', 'pidproxy', 'echo_superd_conf'];
/**
 * What is seldom needed, and would cost each start the time to read it, and superd the memory to hold it: files of their
 * own. args is for few commands of superctl; the others are `BRAIN_PARTS`.
 */
const parts = Object.fromEntries(['args', ...BRAIN_PARTS].map((part) => [part, `src/host/${part}.ts`]));
/** The thread that the keeper runs when there are fcgi-programs. */
const threads = { 'fcgi-holder': 'src/host/fcgi-holder.ts' };

const apart: Plugin = {
  name: 'parts',
  setup(plugins) {
    const names = Object.keys(parts).join('|');
    plugins.onResolve({ filter: new RegExp(`/(${names})\\.ts$`) }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.cjs`, external: true } : undefined,
    );
  },
};

// A build that fails leaves the last one as it was.
await build({
  absWorkingDir: root,
  entryPoints: { ...Object.fromEntries(programs.map((name) => [name, `src/${name}.ts`])), ...threads, ...parts },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  logLevel: 'warning',
  legalComments: 'none',
  plugins: [apart],
  // import() of a CommonJS file would load the machinery of ES modules first.
  supported: { 'dynamic-import': false },
  // Half as much to read at each start, and to keep in memory. Names stay, for the sake of stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  define: {
    'import.meta.filename': '__filename',
    'import.meta.dirname': '__dirname',
    'import.meta.url': 'importMetaUrl',
  },
  // For yargs. Node's own pathToFileURL() would load what no other part of a bundle needs.
  banner: {
    js: `${NODE_CHECK}\nconst importMetaUrl = 'file://' + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);`,
  },
});

// The help is the same each time: yargs, which takes longer to load than all else, writes it now.
writeFileSync(`${root}/dist/superctl.help`, await renderHelp(COMMANDS));

await buildWeb();
