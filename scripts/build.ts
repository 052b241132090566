/**
 * Builds dist/: one CommonJS file per program. CommonJS, because an ESM import of node:http loads undici and costs
 * 14 MB of memory in the daemon (docs/explanation/decisions/0002-bundle.md).
 */
import { build } from 'esbuild';
import { NODE_CHECK } from './node-check.ts';

const root = `${import.meta.dirname}/..`;
const programs = ['superd', 'superctl', 'crashmail', 'keeper', 'pidproxy', 'echo_superd_conf'];
/** The thread that the keeper runs when there are fcgi-programs. */
const threads = { 'fcgi-holder': 'src/host/fcgi-holder.ts' };

// A build that fails leaves the last one as it was.
await build({
  absWorkingDir: root,
  entryPoints: { ...Object.fromEntries(programs.map((name) => [name, `src/${name}.ts`])), ...threads },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  logLevel: 'warning',
  legalComments: 'none',
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: `${NODE_CHECK}\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
});
