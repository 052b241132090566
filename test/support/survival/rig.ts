/**
 * A real superd with real programs, and the means to kill its brain, its keeper, or both, and to see what came of it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findMarked } from '../../../src/host/identity.ts';
import { readWorld } from '../../../src/host/world-file.ts';
import { isStruct, type XmlValue } from '../../../src/rpc/xml.ts';
import type { Daemon } from '../daemon.ts';
import { until } from '../until.ts';
import { Operator, type Seen } from './operator.ts';
import { Random } from './random.ts';

export type Victim = 'brain' | 'keeper' | 'both';

const stateName = (value: XmlValue | undefined): string =>
  typeof value === 'string' ? value : assert.fail('a string');
const count = (value: XmlValue | undefined): number => (typeof value === 'number' ? value : assert.fail('a number'));

function isBrain(pid: number): boolean {
  try {
    return /^superd brain|\/superd\.(cjs|ts)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  } catch {
    return false;
  }
}

/** The live brain of a keeper; undefined while there is none. */
export function brainOf(keeper: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${keeper}/task/${keeper}/children`, 'latin1').split(' ');
    return children.map(Number).find((pid) => pid > 0 && isBrain(pid));
  } catch {
    return undefined;
  }
}

/** SIGKILL, to somebody who may have gone by himself. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone.
  }
}

export class Rig {
  readonly daemon: Daemon;
  readonly random: Random;
  readonly operator: Operator;
  /** Times from a kill to the first answer, in milliseconds. */
  readonly recoveries: Record<Victim, number[]> = { brain: [], keeper: [], both: [] };
  #mark = '';

  constructor(daemon: Daemon, seed: number) {
    this.daemon = daemon;
    this.random = new Random(seed);
    this.operator = new Operator(daemon, this.random);
  }

  get kills(): number {
    return Object.values(this.recoveries).reduce((sum, { length }) => sum + length, 0);
  }

  /** Some moments of an operator's work, a kill in the middle of it, and a look at what is left. */
  async round(victim: Victim, longest: number): Promise<void> {
    const acting = this.operator.act();
    await pause(this.random.below(longest));
    await this.kill(victim);
    await acting;
    this.check(await this.look());
  }

  /** Kills, and waits until the API answers again. */
  async kill(victim: Victim): Promise<void> {
    const keeper = this.daemon.pid;
    const brain = await until('a brain', () => brainOf(keeper));
    const begin = performance.now();
    if (victim !== 'brain') kill(keeper);
    if (victim !== 'keeper') kill(brain);
    if (victim === 'brain') await this.#answers(brain);
    else {
      await this.daemon.ended();
      await until('the brain goes with its keeper', () => !isBrain(brain));
      await this.daemon.start();
    }
    this.recoveries[victim].push(performance.now() - begin);
  }

  /** What the API says of every process, and that none is there twice. */
  async look(): Promise<ReadonlyMap<string, Seen>> {
    const answer = await this.daemon.rpc('supervisor.getAllProcessInfo');
    if (!Array.isArray(answer)) return assert.fail('getAllProcessInfo() gave no list');
    return new Map(
      answer.map((info) => {
        if (!isStruct(info)) return assert.fail('getAllProcessInfo() gave no structs');
        const { group, name, statename, pid, start } = info;
        const seen = { state: stateName(statename), pid: count(pid), start: count(start) };
        return [`${stateName(group)}:${stateName(name)}`, seen];
      }),
    );
  }

  check(seen: ReadonlyMap<string, Seen>): void {
    this.operator.check(seen);
    const broken = seen.get('broken:broken')?.state;
    assert.ok(broken === 'BACKOFF' || broken === 'STARTING', `broken is ${broken}`);
    assert.ok(['RUNNING', 'STARTING', 'STOPPING', 'STOPPED'].includes(seen.get('ears:ears')?.state ?? ''), 'ears');
    this.assertNoTwins();
  }

  /** At most one process of a slot leads a session: what it starts itself does not. */
  assertNoTwins(): void {
    const bySlot = new Map<string, number>();
    for (const { cookie, pid, isLeader } of findMarked(`${this.#worldMark()}:`)) {
      if (!isLeader) continue;
      const slot = cookie.split(':').slice(2).join(':');
      const other = bySlot.get(slot);
      assert.equal(other, undefined, `two processes of ${slot}: ${other} and ${pid}`);
      bySlot.set(slot, pid);
    }
  }

  /** Where the state directory of the daemon is. */
  get statedir(): string {
    return join(this.daemon.dir, 'main.state');
  }

  #worldMark(): string {
    this.#mark ||= readWorld(readFileSync(join(this.statedir, 'world')))?.header.mark ?? '';
    assert.notEqual(this.#mark, '');
    return this.#mark;
  }

  /** Until another brain than this answers. */
  async #answers(old: number): Promise<void> {
    await until(
      () => `a new brain answers\n${this.daemon.log().slice(-2000)}`,
      async () => {
        const now = brainOf(this.daemon.pid);
        return (
          now !== undefined && now !== old && (await this.daemon.rpc('supervisor.getState').then(isStruct, () => false))
        );
      },
      20_000,
    );
  }
}
