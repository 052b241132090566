import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BrainProcess } from '../../src/host/brain-process.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'superd-brain-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** Nothing can be run by this name, and spawn() throws. */
const LOOP = join(folder, 'loop');
symlinkSync(LOOP, LOOP);

const READY = `printf '{"op":"ready","logfile":"","statedir":"","copy":""}\\n' >&3`;
const sh = (script: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script];

type Gone = { readonly isMeant: boolean; readonly hasServed: boolean; readonly status: number; readonly why: string };

/** Runs these commands one after another as brains. */
function aBrain(...commands: readonly (readonly [string, ...string[]])[]) {
  const left = [...commands];
  const gone: Gone[] = [];
  const ends: string[] = [];
  const brain: BrainProcess = new BrainProcess({
    command: () => left.shift() ?? sh('exit 0'),
    main: 'main',
    env: process.env,
    hear: (message) => {
      if (message.op === 'ready') brain.ready(message.copy);
      else if (message.op === 'leaving') brain.leaving();
    },
    connected: () => ends.push(brain.lastEnd),
    gone: (how) => gone.push(how),
  });
  brain.start();
  return { brain, gone, ends };
}
const LEAVES = `${READY}; printf '{"op":"leaving","next":"exit","status":0}\\n' >&3`;

describe('BrainProcess', () => {
  test('starts another brain when one that served has ended, and tells it how', async () => {
    const { gone, ends } = aBrain(sh(`${READY}; kill -9 $$`), sh(`${READY}; exit 3`), sh(LEAVES));
    await until('the end', () => gone.length > 0);
    assert.deepEqual(ends, ['', 'SIGKILL', 'exit status 3']);
    assert.deepEqual(gone, [{ isMeant: true, hasServed: true, status: 0, why: 'exit status 0' }]);
  });

  test('does not start another for one that never served', async () => {
    const { gone, brain } = aBrain(sh('exit 2'));
    await until('the end', () => gone.length > 0);
    assert.deepEqual(gone, [{ isMeant: false, hasServed: false, status: 2, why: 'exit status 2' }]);
    assert.equal(brain.isComing, false);
  });

  test('ends a new brain that hangs, and says so to the next', async (t) => {
    const { brain, gone, ends } = aBrain(sh(LEAVES), sh('exec sleep 600'), sh(LEAVES));
    await until('the end', () => gone.length > 0);
    const { setTimeout } = globalThis;
    const patience = t.mock.method(globalThis, 'setTimeout', (end: () => void, ms: number) =>
      setTimeout(end, patience.mock.callCount() === 0 ? 0 : ms),
    );
    brain.upgrade();
    await until('the end', () => gone.length > 1);
    assert.equal(ends.at(-1), 'the upgrade failed, the new brain was not ready within 30 s');
  });

  test('tries again when a brain cannot even be started, whichever way the system says so', async () => {
    const { gone, ends } = aBrain(sh(`${READY}; exit 1`), [LOOP], ['/does/not/exist'], sh(LEAVES));
    await until('the end', () => gone.length > 0);
    assert.deepEqual(ends, ['', 'spawn /does/not/exist ENOENT']);
    assert.equal(gone[0]?.isMeant, true);
  });
});
