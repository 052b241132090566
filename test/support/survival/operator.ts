/**
 * An operator who asks for this and that at random, while the brain is killed, and a model of what must be true of each
 * program afterwards. A call that was cut off may have been carried out or not; then the model learns from what it sees.
 */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { XmlValue } from '../../../src/rpc/xml.ts';
import { CONTROL, type Daemon } from '../daemon.ts';
import { CONFIG, EXTRA, STABLE, STUBBORN_STOPWAIT_MS } from './programs.ts';
import type { Random } from './random.ts';

/** What the API says of a process. */
export interface Seen {
  readonly state: string;
  readonly pid: number;
  readonly start: number;
}

/** What must be so, until somebody wants it otherwise. */
type Belief =
  | { readonly kind: 'up'; readonly pid: number; readonly start: number }
  | { readonly kind: 'down' }
  | { readonly kind: 'unknown' };

const OPERATIONS = ['stop', 'stop', 'start', 'start', 'restart', 'signal', 'crash', 'extra'] as const;
/** Far longer than anything takes on a busy machine; less than a wait in vain of the harness. */
const GRACE_MS = 20_000;

export class Operator {
  readonly #daemon: Daemon;
  readonly #random: Random;
  readonly #beliefs = new Map<string, Belief>(STABLE.map((name) => [name, { kind: 'unknown' }]));
  /** When a stop of the stubborn program was confirmed, and of which pid. */
  #stopping: { readonly pid: number; readonly since: number } | undefined;
  #hasExtra = false;
  /** What was done, for the report of a failure. */
  readonly history: string[] = [];

  constructor(daemon: Daemon, random: Random) {
    this.#daemon = daemon;
    this.#random = random;
  }

  /** One operation; one that was cut off by a kill is over, too. */
  async act(): Promise<void> {
    const operation = this.#random.pick(OPERATIONS);
    const name = this.#random.pick(STABLE);
    this.history.push(`${operation} ${name}`);
    if (operation === 'extra') return this.#toggleExtra();
    if (operation === 'crash') return this.#crash();
    if (operation === 'signal') {
      // No default action ends a writer; sleep would end.
      await this.#call('signalProcess', 'steady', 'USR1');
      return;
    }
    this.#forget(name);
    if (operation !== 'start') await this.#stop(name);
    if (operation !== 'stop') await this.#call('startProcess', name, this.#random.below(2) === 0);
  }

  /** Compares what is seen with what must be, and learns what was not known. */
  check(processes: ReadonlyMap<string, Seen>): void {
    for (const [name, belief] of this.#beliefs) {
      const seen = processes.get(name);
      assert.ok(seen, `${name} is not there`);
      this.#beliefs.set(name, confirm(name, belief, seen));
    }
    const stubborn = processes.get('stubborn:stubborn');
    if (this.#stopping === undefined || stubborn === undefined) return;
    const late = performance.now() - this.#stopping.since - STUBBORN_STOPWAIT_MS;
    if (stubborn.pid !== this.#stopping.pid) this.#stopping = undefined;
    else assert.ok(late < GRACE_MS, `stubborn lives ${late} ms after it should have been killed`);
  }

  /** What this process is believed to be does not hold any more. */
  #forget(name: string): void {
    this.#beliefs.set(name, { kind: 'unknown' });
  }

  async #stop(name: string): Promise<void> {
    const pid = name === 'stubborn:stubborn' ? await this.#pidOf(name) : 0;
    const isStopped = await this.#call('stopProcess', name, this.#random.below(2) === 0);
    if (isStopped && pid > 0) this.#stopping = { pid, since: performance.now() };
  }

  async #pidOf(name: string): Promise<number> {
    return this.#daemon.status(name).then(
      ({ pid }) => pid,
      () => 0,
    );
  }

  async #crash(): Promise<void> {
    const pid = await this.#pidOf('again:again');
    if (pid === 0) return;
    this.#forget('again:again');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was stopped at this very moment.
    }
  }

  /** The configuration gains or loses a group, and the daemon follows. */
  async #toggleExtra(): Promise<void> {
    const file = this.#daemon.config;
    const wanted = !this.#hasExtra;
    writeFileSync(`${file}.next`, CONTROL + CONFIG + (wanted ? EXTRA : ''));
    renameSync(`${file}.next`, file);
    this.#hasExtra = wanted;
    if (!(await this.#reread())) return;
    if (wanted) await this.#call('addProcessGroup', 'extra');
    else if (await this.#call('stopProcessGroup', 'extra')) await this.#call('removeProcessGroup', 'extra');
  }

  /** Nothing but the one group has changed, whichever brain compares. */
  async #reread(): Promise<boolean> {
    const answer = await this.#daemon.rpc('supervisor.reloadConfig').catch(() => undefined);
    if (answer === undefined) return false;
    const [[added, changed, removed] = []] = lists(answer);
    assert.deepEqual(changed, [], 'groups that did not change');
    assert.ok([...(added ?? []), ...(removed ?? [])].every((name) => name === 'extra'));
    return true;
  }

  /** @returns whether it was done; a fault is an answer, a lost connection is none */
  async #call(method: string, ...params: readonly (string | boolean)[]): Promise<boolean> {
    try {
      await this.#daemon.rpc(`supervisor.${method}`, ...params);
      return true;
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      if (!/^\d+ [A-Z_]+/.test(text)) await pause(10);
      return false;
    }
  }
}

/** The three lists of names, in the list in which XML-RPC brings them. */
function lists(value: XmlValue): readonly (readonly (readonly XmlValue[])[])[] {
  if (!Array.isArray(value)) throw new Error('reloadConfig() gave no list');
  return value.map((outer) => (Array.isArray(outer) ? outer.map((inner) => (Array.isArray(inner) ? inner : [])) : []));
}

function confirm(name: string, belief: Belief, seen: Seen): Belief {
  const text = `${name} is ${JSON.stringify(seen)}`;
  switch (belief.kind) {
    case 'up':
      assert.deepEqual(seen, { state: 'RUNNING', pid: belief.pid, start: belief.start }, `${text}, and did run on`);
      return belief;
    case 'down':
      assert.equal(seen.state, 'STOPPED', `${text}, and was stopped`);
      return belief;
    case 'unknown':
      if (seen.state === 'RUNNING') return { kind: 'up', pid: seen.pid, start: seen.start };
      return seen.state === 'STOPPED' ? { kind: 'down' } : belief;
  }
}
