/** `npm run soak`: what test/e2e/survival.test.ts does for minutes, for as long as one likes. Not part of `npm test`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { footprints, RESTLESS, spawnsIn } from '../support/survival/footprint.ts';
import { LONGEST, play } from '../support/survival/play.ts';
import type { Rig, Victim } from '../support/survival/rig.ts';
import { until } from '../support/until.ts';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const MINUTE_MS = 60_000;
/** Programs that are restarted once a second each. */
const RESTARTED = 200;
/** By so many kilobytes the private memory of each may differ at the end. */
const FLAT_KB = 20_000;

/** Kills for so many minutes. */
async function roundsFor(rig: Rig, minutes: number, victims: readonly [Victim, ...Victim[]]): Promise<void> {
  const end = performance.now() + minutes * MINUTE_MS;
  while (performance.now() < end) await rig.round(rig.random.pick(victims), LONGEST);
}

test('the brain is killed for half of the time', async (t) => {
  await play(t, SEED, (rig) => roundsFor(rig, MINUTES / 2, ['brain']));
});

test('anybody is killed for a quarter of the time', async (t) => {
  await play(t, SEED, (rig) => roundsFor(rig, MINUTES / 4, ['brain', 'keeper', 'both']));
});

test('programs are restarted for a quarter of the time', async (t) => {
  const daemon = await startDaemon(t, { config: RESTLESS(RESTARTED) });
  const restarted = (times: number): Promise<true> =>
    until(`${times} restarts`, () => spawnsIn(daemon.log()) >= times, 10 * MINUTE_MS);
  await restarted(10 * RESTARTED);
  const before = await footprints(daemon);
  const steps = Math.max(1, Math.round(MINUTES));
  const perStep = Math.round((MINUTES * 15 * RESTARTED) / steps);
  for (let step = 1; step <= steps; step += 1) {
    await restarted(10 * RESTARTED + step * perStep);
    t.diagnostic(`${spawnsIn(daemon.log())} starts: ${JSON.stringify(await footprints(daemon))}`);
  }
  const after = await footprints(daemon);
  for (const who of ['keeper', 'brain'] as const) {
    assert.ok(Math.abs(after[who].descriptors - before[who].descriptors) <= 20, `descriptors of the ${who}`);
    assert.ok(after[who].own - before[who].own < FLAT_KB, `memory of the ${who}`);
  }
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});
