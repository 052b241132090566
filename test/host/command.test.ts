import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandOutcome, type CommandRequest, runCommand } from '../../src/host/command.ts';
import { bytes, millis } from '../../src/units.ts';

const run = (script: string, more: Partial<CommandRequest> = {}): Promise<CommandOutcome> =>
  runCommand({
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin', ONLY: 'this' },
    directory: '/',
    input: Buffer.from('input'),
    timeout: millis(60_000),
    maxOutput: bytes(1000),
    abort: new AbortController().signal,
    ...more,
  });

test('runCommand() gives the exit code and what was said', async () => {
  assert.deepEqual(await run('cat; echo no >&2; exit 3'), { kind: 'exited', code: 3, output: 'inputno\n' });
});

test('runCommand() gives the whole environment and nothing else', async () => {
  const outcome = await run('echo "$ONLY$HOME"');
  assert.deepEqual(outcome, { kind: 'exited', code: 0, output: 'this\n' });
});

test('runCommand() tells of a signal, and of a command that is not there', async () => {
  assert.equal((await run('kill -9 $$')).kind, 'signalled');
  assert.deepEqual(await run('', { command: '/nowhere' }), { kind: 'not-started', reason: 'ENOENT' });
  assert.equal((await run('', { directory: '/nowhere' })).kind, 'not-started');
});

test('runCommand() does not mind a command that reads nothing', async () => {
  const outcome = await run('exec 0<&-; exit 0', { input: Buffer.alloc(1_000_000) });
  assert.equal(outcome.kind, 'exited');
});

test('runCommand() keeps the beginning of endless output and lets the command finish', async () => {
  const outcome = await run('head -c 5000000 /dev/zero; exit 4');
  assert.ok(outcome.kind === 'exited' && outcome.code === 4 && outcome.output.length === 1000);
});

test('runCommand() kills the command and what it started when time is up', async () => {
  const outcome = await run('trap "" TERM; sleep 600 & wait; sleep 600', { timeout: millis(100) });
  assert.equal(outcome.kind, 'timed-out');
});

test('runCommand() ends at once when aborted', async () => {
  const outcome = await run('sleep 600', { abort: AbortSignal.abort() });
  assert.equal(outcome.kind, 'timed-out');
});

test('runCommand() does not wait for who else holds the output', async () => {
  const start = performance.now();
  const outcome = await run('sleep 20 & exit 0');
  assert.equal(outcome.kind, 'exited');
  assert.ok(performance.now() - start < 15_000);
});
