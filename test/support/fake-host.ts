/**
 * A machine that exists only in memory: virtual time, children that do as a test says. It refuses what no real machine
 * would be asked by a correct supervisor: a second child in a slot, a signal to a pid that is not live.
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
import type { Positions } from '../../src/supervisor/replay.ts';
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
  readonly pid: Pid;
  readonly config: ProcessConfig;
  readonly behaviour: Behaviour;
}

const SPAWN_TAKES = 2;
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

export class FakeHost implements Clock, Children, Outputs, MainLog {
  readonly lines: string[] = [];
  readonly journal: FakeJournal = new FakeJournal(() => this.wall());
  readonly positions: FakePositions = new FakePositions();
  readonly disabled: FakeDisabled = new FakeDisabled();
  readonly events: SupervisorEvent[] = [];
  readonly signals: { readonly slot: Slot; readonly signal: number; readonly whom: string; readonly at: number }[] = [];
  readonly live: Map<number, FakeChild> = new Map();
  readonly open_: Set<string> = new Set();
  readonly listeners: Listeners;
  behaviourOf: (slot: Slot) => Behaviour = () => LIVES;
  /** Set by the test: what the supervisor is told. */
  child: (event: ChildEvent) => void = () => assert.fail('no supervisor');
  wake: () => void = () => assert.fail('no supervisor');
  /** Somebody sets the clock on the wall. */
  wallShift = 0;
  #now = 0;
  #wakeAt: number | undefined;
  #nextPid = 100;
  #due: { readonly at: number; readonly run: () => void }[] = [];

  constructor() {
    const bus = new Bus((problem) => assert.fail(problem));
    bus.watch({ name: 'test', see: (event) => this.events.push(event) });
    this.listeners = new Listeners({
      log: this,
      children: this,
      identifier: 'supervisor',
      bus,
      journal: this.journal,
      positions: this.positions,
      after: (delay, run) => this.#later(delay, run),
    });
  }

  now(): Millis {
    return millis(this.#now);
  }

  wall(): EpochMillis {
    return epochMillis(1_800_000_000_000 + this.#now + this.wallShift);
  }

  wakeAt(at: Millis | undefined): void {
    this.#wakeAt = at;
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
        this.wake();
      }
    }
    this.#now = end;
  }

  log(level: LogLevel, message: string): void {
    this.lines.push(`${level} ${message}`);
  }

  check(): CommandProblem | undefined {
    return undefined;
  }

  spawn({ slot, config, serial }: SpawnRequest): void {
    assert.ok(this.open_.has(keyOf(slot)), `spawn in ${keyOf(slot)}, which is not open`);
    const behaviour = this.behaviourOf(slot);
    this.#later(SPAWN_TAKES, () => {
      if (!behaviour.spawns)
        return this.child({ kind: 'spawn-failed', slot, serial, reason: "can't find command 'x'" });
      const twin = [...this.live.values()].find((other) => keyOf(other.slot) === keyOf(slot));
      assert.equal(twin, undefined, `a second child in ${keyOf(slot)}`);
      const child: FakeChild = { slot, config, behaviour, pid: pid(this.#nextPid++) };
      this.live.set(child.pid, child);
      this.child({ kind: 'spawned', slot, serial, pid: child.pid, startTime: `${child.pid}`, at: this.now() });
      if (behaviour.exitsAfter !== undefined) this.#later(behaviour.exitsAfter, () => this.exit(child.pid));
    });
  }

  signal(target: Pid, number: Signal, { whom }: SignalTarget): Result<void, string> {
    const child = this.live.get(target);
    assert.ok(child !== undefined, `signal ${number} to ${target}, which is not live`);
    this.signals.push({ slot: child.slot, signal: number, whom, at: this.#now });
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
    const { slot, behaviour } = child;
    this.child({
      kind: 'exited',
      slot,
      pid: number,
      status: status ?? { kind: 'code', code: behaviour.code },
      at: this.now(),
    });
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

  #later(delay: number, run: () => void): void {
    this.#due.push({ at: this.#now + delay, run });
  }
}
