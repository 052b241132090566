/** superd may die at any moment, and its programs do not notice: invariants of random kills (see test/support/survival). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { assertContinuous, assertEndsTold, assertHeard } from '../support/survival/evidence.ts';
import { CONFIG, FILES, WRITERS } from '../support/survival/programs.ts';
import { Rig } from '../support/survival/rig.ts';

const BRAIN_KILLS = 220;
const KEEPER_KILLS = 40;
const BOTH_KILLS = 40;
/** Milliseconds of operator's work before a kill, at most. */
const LONGEST = 150;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** @returns the rig after `play`; whatever fails is told with the seed and what led to it */
async function survive(t: TestContext, play: (rig: Rig) => Promise<void>): Promise<Rig> {
  const daemon = await startDaemon(t, { config: CONFIG, files: FILES });
  const rig = new Rig(daemon, SEED);
  try {
    await daemon.reaches('many:many_2', 'RUNNING');
    await play(rig);
    return rig;
  } catch (cause) {
    const history = rig.operator.history.slice(-10).join('; ');
    t.diagnostic(
      `SEED=${SEED}, kill ${rig.kills}: … ${history}\n${daemon.log().slice(-4000)}\n${daemon.output().slice(-2000)}`,
    );
    throw cause;
  }
}

async function finish(t: TestContext, rig: Rig): Promise<void> {
  const { daemon } = rig;
  const median = (times: readonly number[]): string =>
    times.length === 0 ? '-' : `${Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0)} ms`;
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
  for (const name of WRITERS) {
    t.diagnostic(`${name}: ${JSON.stringify(assertContinuous(join(daemon.dir, `${name}.log`), rig.kills))}`);
  }
  const keepers = rig.recoveries.keeper.length + rig.recoveries.both.length;
  t.diagnostic(`${assertEndsTold(rig, keepers * 3)} ends, ${assertHeard(rig)} events`);
  for (const [victim, times] of Object.entries(rig.recoveries)) {
    if (times.length > 0)
      t.diagnostic(
        `${times.length} kills of ${victim}: back after ${median(times)} (median), ${Math.round(Math.max(...times))} ms at worst`,
      );
  }
}

describe('superd survives', () => {
  test(`${BRAIN_KILLS} kills of its brain, at random moments of an operator's work`, async (t) => {
    const rig = await survive(t, async (one) => {
      while (one.kills < BRAIN_KILLS) await one.round('brain', LONGEST);
    });
    await finish(t, rig);
  });

  test(`${KEEPER_KILLS} kills of its keeper and ${BOTH_KILLS} of both`, async (t) => {
    const rig = await survive(t, async (one) => {
      while (one.kills < KEEPER_KILLS + BOTH_KILLS) {
        await one.round(one.kills % 2 === 0 ? 'keeper' : 'both', LONGEST);
      }
    });
    await finish(t, rig);
  });
});
