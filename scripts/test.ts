/**
 * Runs the tests: `unit` (no machine, one process), or `all` (also the simulation, compatibility and end-to-end tests,
 * one process a file). Further arguments are passed to the runner. Of `all`, files in which a test failed are run again,
 * alone: what fails only beside a second file on a busy machine is told, and is not a failure of the project.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = `${import.meta.dirname}/..`;
const MACHINE = ['host', 'sim', 'compat', 'e2e'];
const [kind = 'all', ...rest] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'superd-tests-'));
const failures = join(folder, 'failed');

function run(files: readonly string[], ...mode: readonly string[]): number {
  const reporter = process.env['CI'] === 'true' || kind === 'all' ? 'spec' : 'dot';
  const reporters = [
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts/failed-files.ts')}`,
    `--test-reporter-destination=${failures}`,
  ];
  const options = { cwd: root, stdio: 'inherit' } as const;
  return spawnSync(process.execPath, ['--test', ...mode, ...reporters, ...rest, ...files], options).status ?? 1;
}

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => kind === 'all' || !MACHINE.some((name) => file.startsWith(`test/${name}/`)))
  .sort();
process.exitCode = run(files, kind === 'all' ? '--test-concurrency=2' : '--test-isolation=none');
const failed = readFileSync(failures, 'utf8').trim();
if (process.exitCode !== 0 && kind === 'all' && failed !== '') {
  console.log(`\nfailed beside others, run again alone:\n${failed}\n`);
  process.exitCode = run(failed.split('\n'), '--test-concurrency=1');
}
rmSync(folder, { recursive: true, force: true });
