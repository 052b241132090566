/** superd may die at any moment, and its programs do not notice: invariants of random kills (see test/support/survival). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon } from '../support/daemon.ts';
import { isAlive } from '../support/processes.ts';
import { footprints, RESTLESS, spawnsIn } from '../support/survival/footprint.ts';
import { LONGEST, play } from '../support/survival/play.ts';
import { CONFIG, FILES, STUBBORN_STOPWAIT_MS } from '../support/survival/programs.ts';
import { brainOf, kill, Rig } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const BRAIN_KILLS = 220;
const KEEPER_KILLS = 40;
const BOTH_KILLS = 40;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

describe('superd survives', () => {
  test(`${BRAIN_KILLS} kills of its brain, at random moments of an operator's work`, async (t) => {
    await play(t, SEED, async (rig) => {
      while (rig.kills < BRAIN_KILLS) await rig.round('brain', LONGEST);
    });
  });

  test(`${KEEPER_KILLS} kills of its keeper and ${BOTH_KILLS} of both`, async (t) => {
    await play(t, SEED, async (rig) => {
      while (rig.kills < KEEPER_KILLS + BOTH_KILLS) {
        await rig.round(rig.kills % 2 === 0 ? 'keeper' : 'both', LONGEST);
      }
    });
  });

  test('a stop whose time runs out while nobody is there is carried out by the next brain', async (t) => {
    const daemon = await startDaemon(t, { config: CONFIG, files: FILES });
    const { pid } = await daemon.reaches('stubborn', 'RUNNING');
    await daemon.rpc('supervisor.stopProcess', 'stubborn', false);
    // A keeper that is asleep replaces nobody.
    process.kill(daemon.pid, 'SIGSTOP');
    kill(brainOf(daemon.pid) ?? assert.fail('no brain'));
    await pause(STUBBORN_STOPWAIT_MS + 200);
    assert.ok(isAlive(pid));
    process.kill(daemon.pid, 'SIGCONT');
    await until('it is killed', () => !isAlive(pid));
    await daemon.reaches('stubborn', 'STOPPED');
    assert.match(daemon.log(), /killing 'stubborn' \(\d+\) with SIGKILL/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('a signal that comes while there is no brain is for the next one', async (t) => {
    const daemon = await startDaemon(t, { config: CONFIG, files: FILES });
    await daemon.reaches('again', 'RUNNING');
    kill(brainOf(daemon.pid) ?? assert.fail('no brain'));
    assert.equal(await daemon.stop('SIGTERM'), 0);
    daemon.assertQuiet();
  });

  test('the end of a program that was adopted is told as unknown, and answered like any other', async (t) => {
    const config =
      '[program:x]\ncommand=sh -c "trap \'exit 7\' USR1; while :; do sleep 0.05; done"\nstartsecs=0\nstopasgroup=true\n';
    const daemon = await startDaemon(t, { config });
    const { pid } = await daemon.reaches('x', 'RUNNING');
    kill(daemon.pid);
    await daemon.ended();
    await until('the brain follows', () => daemon.processes().every(({ command }) => !command.startsWith('superd')));
    await daemon.start();
    assert.deepEqual((await daemon.status('x')).pid, pid);
    process.kill(pid, 'SIGUSR1');
    await daemon.reaches('x', 'RUNNING', pid);
    assert.match(daemon.log(), /exited: x \(exit status unknown; not expected\)/);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('a brain with 100 programs is soon back, and RPC with it', async (t) => {
    const config = '[program:x]\ncommand=sleep 10005\nnumprocs=100\nprocess_name=x_%(process_num)d\nstartsecs=0\n';
    const daemon = await startDaemon(t, { config });
    await daemon.reaches('x:x_99', 'RUNNING');
    const rig = new Rig(daemon, SEED);
    for (let count = 0; count < 5; count += 1) await rig.kill('brain');
    t.diagnostic(`back after ${rig.recoveries.brain.map(Math.round).join(', ')} ms`);
    // Half a second on a machine of its own; this one may be busy.
    assert.ok(Math.min(...rig.recoveries.brain) < 5000);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('memory and descriptors stay flat while programs are restarted 1,000 times', async (t) => {
    const daemon = await startDaemon(t, { config: RESTLESS(100) });
    const restarted = (times: number): Promise<true> =>
      until(`${times} restarts`, () => spawnsIn(daemon.log()) >= times);
    await restarted(300);
    const before = await footprints(daemon);
    await restarted(1300);
    const after = await footprints(daemon);
    t.diagnostic(`${JSON.stringify(before)} → ${JSON.stringify(after)}`);
    for (const who of ['keeper', 'brain'] as const) {
      // Descriptors of the few that are being spawned at this moment.
      assert.ok(after[who].descriptors - before[who].descriptors <= 20, `descriptors of the ${who}`);
      assert.ok(after[who].own - before[who].own < 30_000, `memory of the ${who}`);
    }
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
