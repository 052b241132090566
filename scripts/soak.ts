/**
 * `npm run soak -- MINUTES`: kills superd's brain and keeper at random and restarts programs without end, for so many
 * minutes (10), and reports what was seen. SEED=… repeats the choices of an earlier run.
 */
import { spawnSync } from 'node:child_process';

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0)) {
  process.stderr.write('usage: npm run soak -- MINUTES\n');
  process.exit(2);
}
const run = spawnSync(process.execPath, ['--test', '--test-reporter=spec', 'test/soak/soak.ts'], {
  cwd: `${import.meta.dirname}/..`,
  stdio: 'inherit',
  env: { ...process.env, SOAK_MINUTES: String(minutes) },
});
process.exitCode = run.status ?? 1;
