/** A whole game: a daemon with its programs, kills until somebody says that it is enough, and the evidence at the end. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDaemon } from '../daemon.ts';
import { assertContinuous, assertEndsTold, assertHeard } from './evidence.ts';
import { CONFIG, FILES, WRITERS } from './programs.ts';
import { Rig } from './rig.ts';

/** Milliseconds of operator's work before a kill, at most. */
export const LONGEST = 150;
/** How many ends of programs one kill of the keeper may leave unknown: as many as programs end by themselves at a time. */
const ENDS_PER_KEEPER = 3;

/** What is printed when something fails: the seed, what led to it, and what the daemon said. */
function story({ daemon, operator, kills }: Rig, seed: number): string {
  const history = operator.history.slice(-10).join('; ');
  return `SEED=${seed}, kill ${kills}: … ${history}\n${daemon.log().slice(-4000)}\n${daemon.output().slice(-2000)}`;
}

export async function play(t: TestContext, seed: number, rounds: (rig: Rig) => Promise<void>): Promise<void> {
  const daemon = await startDaemon(t, { config: CONFIG, files: FILES });
  const rig = new Rig(daemon, seed);
  try {
    await daemon.reaches('many:many_2', 'RUNNING');
    await rounds(rig);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
    for (const line of examine(rig)) t.diagnostic(line);
  } catch (cause) {
    t.diagnostic(story(rig, seed));
    throw cause;
  }
}

function examine(rig: Rig): readonly string[] {
  const keepers = rig.recoveries.keeper.length + rig.recoveries.both.length;
  const logs = WRITERS.map((name) => {
    const found = assertContinuous(join(rig.daemon.dir, `${name}.log`), rig.kills);
    return `${name}.log: ${JSON.stringify(found)}`;
  });
  const told = `${assertEndsTold(rig, keepers * ENDS_PER_KEEPER)} ends, ${assertHeard(rig)} events`;
  const times = Object.entries(rig.recoveries)
    .filter(([, { length }]) => length > 0)
    .map(([victim, each]) => `${each.length} kills of ${victim}: back after ${spread(each)}`);
  return [...logs, told, ...times];
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  return `${at(0.5)} ms (median), ${at(0.95)} ms (of 20 the slowest), ${at(1)} ms (at worst)`;
}
