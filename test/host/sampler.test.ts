import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { sampleTrees } from '../../src/host/sampler.ts';

test('sampleTrees() sums up a process and its descendants, and leaves out who is gone', async (t) => {
  // The shell has to stay for its second command, so it is the parent of the first.
  const child = spawn('/bin/sh', ['-c', 'echo ready; /bin/cat; exit 0'], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.after(() => child.stdin.end());
  await once(child.stdout, 'data');
  const { pid } = child;
  assert.ok(pid !== undefined);
  const gone = 2 ** 22 + 1;
  const usages = await sampleTrees([pid, gone]);
  assert.deepEqual([...usages.keys()], [pid]);
  const usage = usages.get(pid);
  assert.ok(usage !== undefined && usage.processes >= 1 && usage.rssBytes > 0 && usage.cpuPercent >= 0);
});
