/**
 * Runs the tests: `unit` (no machine, one process), or `all` (also the simulation, compatibility and end-to-end tests,
 * one process a file). Further arguments are passed to the runner.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const root = `${import.meta.dirname}/..`;
const MACHINE = ['host', 'sim', 'compat', 'e2e'];
const [kind = 'all', ...rest] = process.argv.slice(2);
const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => kind === 'all' || !MACHINE.some((folder) => file.startsWith(`test/${folder}/`)))
  .sort();
const mode = kind === 'all' ? ['--test-concurrency=2'] : ['--test-isolation=none'];
const reporter = process.env['CI'] === 'true' || kind === 'all' ? 'spec' : 'dot';
const run = spawnSync(process.execPath, ['--test', ...mode, `--test-reporter=${reporter}`, ...rest, ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = run.status ?? 1;
