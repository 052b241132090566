/**
 * A machine that exists only in memory: virtual time, children that do as a test says. It refuses what no real machine
 * would be asked by a correct supervisor: a second child in a slot, a signal to a pid that is not live. The supervisor may
 * die before or after anything that it does to the machine; children and what was saved outlive it, as with a keeper.
 */
import assert from 'node:assert/strict';
import type { LogLevel, ProcessConfig } from '../../src/config/model.ts';
import { fail, ok, type Result } from '../../src/errors.ts';
import { Bus } from '../../src/events/bus.ts';
import type { SupervisorEvent } from '../../src/events/event.ts';
import type { CommandProblem } from '../../src/process/command.ts';
import type { ExitStatus } from '../../src/process/state.ts';
import type { DisabledStore } from '../../src/supervisor/disabled.ts';
import type {
  ChildEvent,
  Children,
  Clock,
  MainLog,
  Outputs,
  SignalTarget,
  Slot,
  SpawnRequest,
} from '../../src/supervisor/host.ts';
import { Listeners } from '../../src/supervisor/listeners.ts';
import type { Evidence } from '../../src/supervisor/recovery.ts';
import type { Positions } from '../../src/supervisor/replay.ts';
import type { Recoverer } from '../../src/supervisor/restore.ts';
import type { SavedChange } from '../../src/supervisor/saved.ts';
import type { Store } from '../../src/supervisor/store.ts';
import type { ProcessRecord } from '../../src/supervisor/world.ts';
import { type EpochMillis, epochMillis, type Millis, millis, type Pid, pid, type Signal } from '../../src/units.ts';
import { FakeJournal } from './fake-journal.ts';

/** How a child behaves. */
export interface Behaviour {
  /** undefined: the spawn fails. */
  readonly spawns: boolean;
  /** Answers a stop signal after so long; undefined: only SIGKILL ends it. */
  readonly stopsAfter: number | undefined;
  /** Ends by itself after so long. */
  readonly exitsAfter: number | undefined;
  readonly code: number;
  /** Not even SIGKILL ends it. */
  readonly hangs?: boolean;
}
export const LIVES: Behaviour = { spawns: true, stopsAfter: 0, exitsAfter: undefined, code: 0 };

interface FakeChild {
  readonly slot: Slot;
  readonly serial: number;
  /** The purposes for which it got a signal. */
  readonly purposes: Set<string>;
  readonly pid: Pid;
  readonly config: ProcessConfig;
  readonly behaviour: Behaviour;
}

type Ended = Extract<ChildEvent, { readonly kind: 'exited' }> & { readonly serial: number };

/** What ends a supervisor in the middle of something. */
export class Death extends Error {}

const SPAWN_TAKES = 2;
/** What will happen; what the supervisor asked for goes with it. */
interface Due {
  readonly at: number;
  readonly run: () => void;
  readonly whose: 'machine' | 'supervisor';
}

const SIGKILL = 9;
const keyOf = ({ group, process }: Slot): string => `${group}:${process}`;

/** What is disabled, kept in memory. */
export class FakeDisabled implements DisabledStore {
  names: ReadonlySet<string> = new Set();
  /** Why nothing can be saved. */
  problem: string | undefined;

  load(): ReadonlySet<string> {
    return this.names;
  }

  save(names: ReadonlySet<string>): Result<void, string> {
    if (this.problem !== undefined) return fail(this.problem);
    this.names = names;
    return ok(undefined);
  }
}

/** Where pools got to, kept in memory. */
export class FakePositions extends Map<string, number> implements Positions {
  load(pool: string): number | undefined {
    return this.get(pool);
  }

  save(pool: string, serial: number): void {
    this.set(pool, serial);
  }
}

export class FakeHost implements Clock, Children, Outputs, MainLog, Store, Recoverer {
  /** All that was saved. */
  readonly saved: SavedChange[] = [];
  /** The supervisor dies at this step of those that it takes from now on; undefined: it lives. */
  diesIn: number | undefined;
  isDead = false;
  /** Nothing is saved. */
  isFull = false;
  readonly lines: string[] = [];
  readonly journal: FakeJournal = new FakeJournal(() => this.wall());
  readonly positions: FakePositions = new FakePositions();
  readonly disabled: FakeDisabled = new FakeDisabled();
  readonly events: SupervisorEvent[] = [];
  readonly signals: {
    readonly slot: Slot;
    readonly pid: Pid;
    readonly signal: number;
    readonly whom: string;
    readonly at: number;
  }[] = [];
  readonly live: Map<number, FakeChild> = new Map();
  readonly open_: Set<string> = new Set();
  listeners: Listeners;
  behaviourOf: (slot: Slot) => Behaviour = () => LIVES;
  /** Set by the test: what the supervisor is told. */
  child: (event: ChildEvent) => void = () => assert.fail('no supervisor');
  wake: () => void = () => assert.fail('no supervisor');
  /** Somebody sets the clock on the wall. */
  wallShift = 0;
  #now = 0;
  #wakeAt: number | undefined;
  #nextPid = 100;
  #due: Due[] = [];
  /** Ends that no supervisor has recorded. */
  #ends: Ended[] = [];

  constructor() {
    const append = this.journal.append.bind(this.journal);
    this.journal.append = (entry) => this.#step(() => append(entry));
    this.listeners = this.#newListeners();
  }

  #newListeners(): Listeners {
    const bus = new Bus((problem) => {
      if (this.isDead) throw new Death();
      assert.fail(problem);
    });
    bus.watch({ name: 'test', see: (event) => this.events.push(event) });
    return new Listeners({
      log: this,
      children: this,
      identifier: 'supervisor',
      bus,
      journal: this.journal,
      positions: this.positions,
      after: (delay, run) => this.#later(delay, run, 'supervisor'),
    });
  }

  /** A supervisor takes the place of one that died: what that one had asked for and not got is forgotten. */
  replaceSupervisor(): void {
    this.isDead = false;
    this.diesIn = undefined;
    this.open_.clear();
    this.#wakeAt = undefined;
    this.#due = this.#due.filter(({ whose }) => whose === 'machine');
    this.listeners = this.#newListeners();
  }

  /** What the supervisor has not recorded is told again. */
  repeatEnds(): void {
    for (const end of Array.from(this.#ends)) this.#tellEnd(end);
  }

  /** One thing that the supervisor does to the machine; it may die before or after. */
  #step<T>(effect: () => T): T {
    this.#mayDie();
    const result = effect();
    this.#mayDie();
    return result;
  }

  #mayDie(): void {
    if (this.diesIn !== undefined) {
      this.isDead ||= this.diesIn <= 0;
      this.diesIn -= 1;
    }
    if (this.isDead) throw new Death();
  }

  /** Lets the supervisor hear of something, if it lives. @returns whether it survived that */
  #tell(what: () => void): boolean {
    if (this.isDead) return false;
    try {
      what();
      return !this.isDead;
    } catch (cause) {
      if (!(cause instanceof Death)) throw cause;
      return false;
    }
  }

  now(): Millis {
    return millis(this.#now);
  }

  wall(): EpochMillis {
    return epochMillis(1_800_000_000_000 + this.#now + this.wallShift);
  }

  wakeAt(at: Millis | undefined): void {
    this.#step(() => {
      this.#wakeAt = at;
    });
  }

  save(change: SavedChange): void {
    this.#step(() => this.isFull || this.saved.push(change));
  }

  evidence(slot: Slot): Evidence {
    const live = [...this.live.values()].find((child) => keyOf(child.slot) === keyOf(slot));
    const ended = this.#ends.find((end) => keyOf(end.slot) === keyOf(slot));
    const known = live ?? ended;
    if (known === undefined) return { kept: undefined, found: undefined };
    const { serial, pid: number } = known;
    return { kept: { serial, pid: number, startTime: `${number}`, at: this.#now }, found: undefined };
  }

  keep(): void {}

  adopt(): void {
    assert.fail('the keeper is always the same');
  }

  spawnAgain({ slot, config, spawns }: ProcessRecord): void {
    this.spawn({ slot, config, serial: spawns });
  }

  /** Lets time pass, and everything happen that falls due. */
  advance(duration: number): void {
    const end = this.#now + duration;
    for (let steps = 0; ; steps += 1) {
      assert.ok(steps < 1_000_000, 'the world does not come to rest');
      const next = this.#due.reduce((least, { at }) => Math.min(least, at), this.#wakeAt ?? Number.POSITIVE_INFINITY);
      if (next > end) break;
      this.#now = Math.max(this.#now, next);
      const due = this.#due.filter(({ at }) => at <= this.#now);
      this.#due = this.#due.filter(({ at }) => at > this.#now);
      for (const { run } of due) run();
      if (this.#wakeAt !== undefined && this.#wakeAt <= this.#now) {
        this.#wakeAt = undefined;
        this.#tell(() => this.wake());
      }
    }
    this.#now = end;
  }

  log(level: LogLevel, message: string): void {
    this.#step(() => this.lines.push(`${level} ${message}`));
  }

  check(): CommandProblem | undefined {
    return undefined;
  }

  spawn({ slot, config, serial }: SpawnRequest): void {
    assert.ok(this.open_.has(keyOf(slot)), `spawn in ${keyOf(slot)}, which is not open`);
    const behaviour = this.behaviourOf(slot);
    const run = (): void => {
      if (!behaviour.spawns) {
        this.#tell(() => this.child({ kind: 'spawn-failed', slot, serial, reason: "can't find command 'x'" }));
        return;
      }
      const twin = [...this.live.values()].find((other) => keyOf(other.slot) === keyOf(slot));
      if (twin?.serial === serial) return this.#tellSpawned(twin);
      assert.equal(twin, undefined, `a second child in ${keyOf(slot)}`);
      const child: FakeChild = { slot, serial, purposes: new Set(), config, behaviour, pid: pid(this.#nextPid++) };
      this.live.set(child.pid, child);
      if (behaviour.exitsAfter !== undefined) this.#later(behaviour.exitsAfter, () => this.exit(child.pid));
      this.#tellSpawned(child);
    };
    this.#step(() => this.#later(SPAWN_TAKES, run, 'supervisor'));
  }

  #tellSpawned({ slot, serial, pid: number }: FakeChild): void {
    const spawned = { kind: 'spawned', slot, serial, pid: number, startTime: `${number}`, at: this.now() } as const;
    this.#tell(() => this.child(spawned));
  }

  signal(target: Pid, number: Signal, { whom, purpose }: SignalTarget): Result<void, string> {
    return this.#step(() => this.#signal(target, number, { whom, purpose }));
  }

  #signal(target: Pid, number: Signal, { whom, purpose }: SignalTarget): Result<void, string> {
    const child = this.live.get(target);
    // The end of a child may be on its way.
    if (this.#ends.some((end) => end.pid === target)) return fail('ESRCH');
    assert.ok(child !== undefined, `signal ${number} to ${target}, which is not live`);
    if (purpose !== undefined && child.purposes.has(purpose)) return ok(undefined);
    if (purpose !== undefined) child.purposes.add(purpose);
    this.signals.push({ slot: child.slot, pid: target, signal: number, whom, at: this.#now });
    if (child.behaviour.hangs === true) return ok(undefined);
    if (number === SIGKILL)
      this.#later(1, () => this.exit(target, { kind: 'signal', signal: 'SIGKILL', coreDumped: false }));
    else if (number === child.config.stopsignal && child.behaviour.stopsAfter !== undefined) {
      this.#later(child.behaviour.stopsAfter, () => this.exit(target));
    }
    return ok(undefined);
  }

  write(slot: Slot): Result<void, 'closed' | 'full'> {
    return [...this.live.values()].some((child) => keyOf(child.slot) === keyOf(slot)) ? ok(undefined) : fail('closed');
  }

  /** A child ends, unless it has already. */
  exit(number: Pid, status?: ExitStatus): void {
    const child = this.live.get(number);
    if (child === undefined) return;
    this.live.delete(number);
    const { slot, serial, behaviour } = child;
    const how = status ?? { kind: 'code', code: behaviour.code };
    const end: Ended = { kind: 'exited', slot, serial, pid: number, status: how, at: this.now() };
    this.#ends.push(end);
    this.#tellEnd(end);
  }

  /** It is told until somebody has survived hearing it. */
  #tellEnd(end: Ended): void {
    if (this.#tell(() => this.child(end))) this.#ends = this.#ends.filter((other) => other !== end);
  }

  makeAhead(): Promise<void> {
    return Promise.resolve();
  }

  open(slots: readonly { readonly slot: Slot }[]): void {
    for (const { slot } of slots) {
      assert.ok(!this.open_.has(keyOf(slot)), `${keyOf(slot)} opened twice`);
      this.open_.add(keyOf(slot));
    }
  }

  async obstacle(): Promise<undefined> {}

  attach(): void {}

  drain(): void {}

  close(slot: Slot): void {
    assert.ok(this.open_.delete(keyOf(slot)), `${keyOf(slot)} closed, but not open`);
    assert.ok(
      ![...this.live.values()].some((child) => keyOf(child.slot) === keyOf(slot)),
      'closed beside a live child',
    );
  }

  paths(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: '', stderr: '' };
  }

  clear(): Result<void, string> {
    return ok(undefined);
  }

  reopen(): void {}

  /** Nothing is left: no child, no wake-up, nothing that will still happen. */
  assertQuiet(): void {
    assert.equal(this.live.size, 0, 'children left');
    assert.equal(this.#wakeAt, undefined, 'a wake-up is asked for');
  }

  #later(delay: number, run: () => void, whose: Due['whose'] = 'machine'): void {
    this.#due.push({ at: this.#now + delay, run, whose });
  }
}
