import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isStruct } from '../../src/rpc/xml.ts';
import { CHECKOUT, type Daemon, startDaemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';

const dist = join(CHECKOUT, 'dist');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'superd-upgrade-')));
after(() => rmSync(folder, { recursive: true, force: true }));

/** An installation of its own, so that its code can be replaced. */
function install(name: string): { readonly executable: string; readonly brain: string } {
  const home = join(folder, name);
  cpSync(dist, join(home, 'dist'), { recursive: true });
  const executable = join(home, 'superd');
  const keeper = join(home, 'dist/keeper.cjs');
  writeFileSync(executable, `#!/bin/sh\nexec "${process.execPath}" "${keeper}" "$@"\n`, { mode: 0o755 });
  return { executable, brain: join(home, 'dist/superd.cjs') };
}

const CONFIG = `
[program:lines]
command=sh -c "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done"
stdout_logfile=%(here)s/lines.log
`;

async function brainOf(daemon: Daemon): Promise<{ readonly pid: unknown; readonly version: unknown }> {
  const brain = await daemon.rpc('superd.getBrain');
  assert.ok(isStruct(brain));
  return { pid: brain['pid'], version: brain['version'] };
}

/** Every line from the first to the last, once. */
function assertWhole(daemon: Daemon): void {
  const lines = daemon.read('lines.log').trimEnd().split('\n');
  assert.ok(lines.length > 1);
  for (const [index, line] of lines.entries()) assert.equal(line, `line ${index + 1}`);
}

describe('superctl upgrade', () => {
  test('runs the code now on disk; programs do not notice', async (t) => {
    const { executable, brain } = install('good');
    const daemon = await startDaemon(t, { config: CONFIG, executable });
    const { pid } = await daemon.reaches('lines', 'RUNNING');
    const before = await brainOf(daemon);
    writeFileSync(brain, readFileSync(brain, 'utf8').replaceAll(`"${String(before.version)}"`, '"9.9.9"'));
    const answer = await daemon.superctl('upgrade');
    assert.deepEqual(answer, { stdout: `upgraded from ${String(before.version)} to 9.9.9\n`, stderr: '', status: 0 });
    assert.notEqual((await brainOf(daemon)).pid, before.pid);
    assert.equal((await daemon.status('lines')).pid, pid);
    assert.equal(await daemon.rpc('supervisor.getSupervisorVersion'), '9.9.9');
    assert.equal(await daemon.stop(), 0);
    assertWhole(daemon);
    daemon.assertQuiet();
  });

  test('refuses code that cannot even be read', async (t) => {
    const { executable, brain } = install('garbage');
    const daemon = await startDaemon(t, { config: CONFIG, executable });
    const before = await brainOf(daemon);
    writeFileSync(brain, 'this is no code');
    const { stdout, status } = await daemon.superctl('upgrade');
    assert.match(stdout, /^ERROR: FAILED: .*superd\.cjs cannot be run: SyntaxError: Unexpected identifier 'is'\n$/);
    assert.equal(status, 1);
    assert.deepEqual(await brainOf(daemon), before);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('goes back to the old code when the new one does not come up', async (t) => {
    const { executable, brain } = install('broken');
    const daemon = await startDaemon(t, { config: CONFIG, executable });
    const { pid } = await daemon.reaches('lines', 'RUNNING');
    const before = await brainOf(daemon);
    writeFileSync(brain, 'process.exit(3)');
    const { stdout, status } = await daemon.superctl('upgrade');
    assert.equal(
      stdout,
      `ERROR: the upgrade failed, the new brain ended (exit status 3); ${String(before.version)} runs again\n`,
    );
    assert.equal(status, 1);
    assert.equal((await daemon.status('lines')).pid, pid);
    assert.equal(await daemon.stop(), 0);
    assertWhole(daemon);
    daemon.assertQuiet();
  });

  test('is refused by a supervisord', needs('supervisord'), async (t) => {
    const daemon = await startDaemon(t, { config: CONFIG, program: 'supervisord' });
    const { stdout, status } = await daemon.superctl('upgrade');
    assert.equal(stdout, 'ERROR: this server cannot be upgraded while it runs\n');
    assert.equal(status, 1);
    await daemon.stop();
  });
});
