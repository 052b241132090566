/** superctl's interactive mode at a real terminal: what completes, and what is remembered. spec api 5.1 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';

/**
 * Runs superctl at a terminal of its own. What follows is what to type and what to wait for, in turns; a Tab is typed
 * alone, as one among other keys is taken for pasted text.
 */
const PERSON = `
import os, pty, sys
program, config, steps = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0: os.execv(program, [program, '-c', config])
shown = ''
def wait(text):
    global shown
    while text not in shown: shown += os.read(terminal, 65536).decode()
    shown = shown[shown.index(text) + len(text):]
for typed, text in zip(steps[0::2], steps[1::2]):
    os.write(terminal, typed.encode())
    wait(text)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('the shell completes with Tab, and remembers its lines for the next one', needs('python3'), async (t) => {
  const dir = privateDirectory(t);
  const config = join(dir, 'superd.conf');
  const history = join(dir, 'history');
  writeFileSync(
    config,
    `[supervisord]\n[supervisorctl]\nserverurl=unix://${dir}/none.sock\nhistory_file=${history}\nprompt=here\n`,
  );
  const person = async (...steps: readonly string[]): Promise<void> => {
    const child = spawn(
      '/usr/bin/python3',
      ['-c', PERSON, `${CHECKOUT}/bin/superctl`, config, '', 'here> ', ...steps],
      {
        env: { ...environmentOf(dir), TERM: 'xterm' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const errors = text(child.stderr);
    await once(child, 'close');
    assert.deepEqual([child.exitCode, await errors], [0, '']);
  };
  await person('sto', 'sto', '\t', 'p ', 'x', 'x', '\r', 'here> ', 'quit\r', 'quit');
  assert.equal(readFileSync(history, 'utf8'), 'stop x\nquit\n');
  assert.equal(statSync(history).mode & 0o777, 0o600);
  await person('\x1b[A', 'quit', '\x1b[A', 'stop x', '\r', 'here> ', '\x04', '');
  assert.equal(readFileSync(history, 'utf8'), 'quit\nstop x\n');
});
