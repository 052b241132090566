/**
 * A guard against great losses of speed: ratios to supervisord in one run, several tries, bounds far from what is
 * usually measured (docs/explanation/performance.md). It proves nothing about small ones.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hundred } from '../bench/control-experiments.ts';
import type { Sample } from '../bench/figures.ts';
import { Lab } from '../bench/lab.ts';
import { chatty } from '../bench/output-experiments.ts';
import type { PeerName } from '../bench/peers.ts';
import { needs } from '../support/peers.ts';

const TRIES = 3;

type Bound = readonly [id: string, ratio: number];
type Experiment = (lab: Lab, peer: PeerName) => Promise<readonly Sample[]>;

async function ratios(lab: Lab, run: Experiment): Promise<ReadonlyMap<string, number>> {
  const theirs = new Map(await run(lab, 'supervisord'));
  const ours = await run(lab, 'superd');
  return new Map(ours.map(([id, value]) => [id, value / (theirs.get(id) ?? Number.NaN)]));
}

async function guard(run: Experiment, bounds: readonly Bound[]): Promise<void> {
  using lab = new Lab();
  let problems: readonly string[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const measured = await ratios(lab, run);
    problems = bounds
      .filter(([id, bound]) => !((measured.get(id) ?? Number.NaN) <= bound))
      .map(([id, bound]) => `${id} is ${measured.get(id)} of supervisord's, more than ${bound}`);
    if (problems.length === 0) return;
  }
  throw new Error(problems.join('\n'));
}

test(
  'superd starts programs, and starts one again, in a fraction of the time, and is not much larger',
  needs('supervisord'),
  () =>
    guard(hundred, [
      ['start-100', 0.8],
      ['restart', 0.2],
      ['private-100', 2],
    ]),
);

// Not the processor time beside supervisord's, which falls with every other load: it reads late, and much at once.
test('superd reads what chatty programs write in large pieces, and loses nothing', async () => {
  using lab = new Lab();
  const measured = new Map(await chatty(lab, 'superd'));
  assert.ok((measured.get('chatty-reads') ?? Number.NaN) < 0.25, `${measured.get('chatty-reads')} reads for a line`);
  assert.equal(measured.get('chatty-lost'), 0);
});
