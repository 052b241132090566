/** The harness itself, against whichever daemon is tested: if this fails, look here before anywhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';

test('startDaemon() starts a program and stop() leaves nothing', async (t) => {
  const daemon = await startDaemon(t, { config: '[program:cat]\ncommand=/bin/cat\nautorestart=true\nstartsecs=0\n' });
  const cat = await daemon.reaches('cat', 'RUNNING');
  assert.ok(isAlive(cat.pid));
  process.kill(cat.pid, 'SIGKILL');
  await daemon.reaches('cat', 'RUNNING', cat.pid);
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});

test('assertQuiet() sees a process that outlives the daemon', async (t) => {
  const command = '/bin/sh -c "sleep 1000 & wait"';
  const daemon = await startDaemon(t, { config: `[program:parent]\ncommand=${command}\nstartsecs=0\n` });
  await until('the grandchild runs', () => daemon.processes().some(({ command }) => command === 'sleep 1000'));
  await daemon.stop();
  assert.throws(() => daemon.assertQuiet(), /left behind:\nprocess [0-9]+: sleep 1000/);
});
