/** Logs that programs write themselves: stdout_logfile_direct. */
import assert from 'node:assert/strict';
import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const CONFIG =
  "[program:p]\ncommand=/bin/sh -c 'echo out; echo err >&2; exec sleep 1000'\nstdout_logfile=%(here)s/p.log\n" +
  'stdout_logfile_direct=true\nstderr_logfile=%(here)s/p.err\n';

test('a program with a direct log has the log file itself as its standard output', async (t) => {
  const daemon = await startDaemon(t, { config: CONFIG });
  const { pid } = await daemon.reaches('p', 'RUNNING');
  assert.equal(readlinkSync(`/proc/${pid}/fd/1`), join(daemon.dir, 'p.log'));
  await until('both are in the logs', () => daemon.read('p.log') === 'out\n' && daemon.read('p.err') === 'err\n');
  assert.equal(await daemon.rpc('supervisor.readProcessStdoutLog', 'p', 0, 0), 'out\n');
  await daemon.rpc('supervisor.clearProcessLogs', 'p');
  assert.equal(daemon.read('p.log'), '');
  writeFileSync(join(daemon.dir, 'p.log'), 'kept\n');
  process.kill(pid, 'SIGKILL');
  await daemon.reaches('p', 'RUNNING', pid);
  await until('it is appended', () => daemon.read('p.log') === 'kept\nout\n');
  await daemon.stop();
  daemon.assertQuiet();
});
