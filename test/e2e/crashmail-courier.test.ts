/** The process that carries the mails, and what becomes of them when it dies, is orphaned, or cannot be started. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory } from '../support/daemon.ts';
import { MailServer, type MailServerOptions } from '../support/mail.ts';
import { processesOf } from '../support/processes.ts';
import { kill } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const PAYLOAD = 'processname:web groupname:web from_state:RUNNING expected:0 pid:4242';
const EVENT = `ver:3.0 server:s serial:1 pool:c poolserial:1 eventname:PROCESS_STATE_EXITED len:${PAYLOAD.length}\n${PAYLOAD}`;

async function crashWith(t: TestContext, options: MailServerOptions, main = `${CHECKOUT}/src/crashmail.ts`) {
  const dir = privateDirectory(t);
  const server = new MailServer(t, options);
  const url = `smtp://127.0.0.1:${await server.listen()}`;
  const args = [main, '-m', 'ops@example.com', '--smtp', url, '--queue', join(dir, 'queue')];
  const child = spawn(process.execPath, args, { env: environmentOf(dir), stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.write(EVENT);
  const courier = () => processesOf(dir.split('/').at(-1) ?? '').find(({ command }) => /courier/.test(command));
  return { server, child, courier };
}

const idOf = (mail: string): string => /^Message-ID: (.*)$/im.exec(mail)?.[1] ?? '';

test('crashmail sends the same mail again when its courier was killed with it', async (t) => {
  const mood = (offered: number) => (offered === 1 ? 'take-and-hang' : 'take');
  const { server, child, courier } = await crashWith(t, { mood });
  await until('the mail is offered', () => server.accepted.length === 1);
  kill((await until('a courier', courier)).pid);
  await until('it is offered again', () => server.accepted.length === 2);
  assert.equal(new Set(server.accepted.map(idOf)).size, 1);
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal(courier(), undefined);
});

test('a courier goes at once when its crashmail is killed', async (t) => {
  const { server, child, courier } = await crashWith(t, { mood: () => 'hang' });
  await until('the mail is offered', () => server.offered === 1);
  child.kill('SIGKILL');
  await until('the courier is gone', () => courier() === undefined);
});

test('crashmail sends the mail itself when it cannot start a courier', async (t) => {
  const alone = privateDirectory(t);
  cpSync(`${CHECKOUT}/dist/crashmail.cjs`, join(alone, 'crashmail.cjs'));
  const { server, child } = await crashWith(t, {}, join(alone, 'crashmail.cjs'));
  await until('the mail is there', () => server.accepted.length === 1);
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
