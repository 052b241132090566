/** How crashmail ends while a sendmail program hangs: in time, and without leaving it behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const PAYLOAD = 'processname:web groupname:web from_state:RUNNING expected:0 pid:4242';
const EVENT = `ver:3.0 server:s serial:1 pool:c poolserial:1 eventname:PROCESS_STATE_EXITED len:${PAYLOAD.length}\n${PAYLOAD}`;

test('crashmail leaves no sendmail program behind', async (t) => {
  const dir = privateDirectory(t);
  const hanging = `echo $$ > ${dir}/new; mv ${dir}/new ${dir}/pid; exec sleep 1000`;
  const child = spawn(
    `${CHECKOUT}/bin/crashmail`,
    ['-m', 'a@example.org', '-s', hanging, '--queue', join(dir, 'queue')],
    {
      env: environmentOf(dir),
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  const ended = once(child, 'exit');
  child.stdin.write(EVENT);
  await until('the program hangs', () => existsSync(join(dir, 'pid')));
  const pid = readFileSync(join(dir, 'pid'), 'utf8').trim();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  await until('the program is gone', () => !existsSync(`/proc/${pid}`));
  const [outbox = ''] = readdirSync(join(dir, 'queue'));
  assert.equal(readdirSync(join(dir, 'queue', outbox, 'waiting')).length, 1);
});
