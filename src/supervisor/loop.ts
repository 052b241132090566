/**
 * The Loop: everything that happens to a process comes through `move`, one at a time, and what follows from it is done
 * here: publish, log, spawn, signal, tell whoever waits, and ask for the next wake-up. It decides nothing itself.
 */
import type { SupervisorEvent } from '../events/event.ts';
import { deadlineOf, type Effect, type ProcessEvent } from '../process/machine.ts';
import { isStopped, type StateName } from '../process/state.ts';
import { type Millis, millis } from '../units.ts';
import type { ProcessInfo } from './control.ts';
import { Deadlines } from './deadlines.ts';
import type { ChildEvent, Children, Clock, MainLog, Outputs, Slot } from './host.ts';
import type { Journal } from './journal.ts';
import type { Told } from './saved.ts';
import { sendStop } from './signals.ts';
import { type Change, type Transition, transition } from './transition.ts';
import { allProcesses, describeProcess, type GroupRecord, type ProcessRecord, type World } from './world.ts';

export interface LoopPorts {
  readonly clock: Clock;
  readonly children: Children;
  readonly outputs: Outputs;
  readonly log: MainLog;
  readonly journal: Journal;
  publish(event: SupervisorEvent): void;
  /** Writes down what has changed, before it has any effect or is told to anybody. */
  save(record: ProcessRecord, told: Told): void;
  /** After every change of a process's state, when it has been published. */
  changed(record: ProcessRecord, change: Change): void;
}

const NOTHING_TOLD: Told = { events: [], lines: [] };

interface Waiter {
  readonly until: (state: StateName) => boolean;
  readonly resolve: (info: ProcessInfo | undefined) => void;
}

export class Loop {
  readonly world: World = new Map();
  readonly #ports: LoopPorts;
  readonly #waiters = new Map<ProcessRecord['slot'], Waiter[]>();
  readonly #spawnWaiters = new Map<Slot, (outcome: 'spawned' | 'failed') => void>();
  readonly #alarms = new Map<string, { readonly at: Millis; readonly ring: () => void }>();
  readonly #deadlines = new Deadlines();
  /** The wake-up that was asked for. */
  #wakesAt: number = Number.POSITIVE_INFINITY;
  #mayStart = true;
  #isResting = false;

  constructor(ports: LoopPorts) {
    this.#ports = ports;
  }

  /** From now on nothing starts by itself. */
  forbidStarts(): void {
    this.#mayStart = false;
    this.#arm();
  }

  /** Everything is stopped and nothing will start: no wake-up is asked for any more. */
  rest(): void {
    this.#alarms.clear();
    this.#deadlines.clear();
    this.#isResting = true;
    this.#arm();
  }

  now(): Millis {
    return this.#ports.clock.now();
  }

  find(slot: Slot): ProcessRecord | undefined {
    return this.world.get(slot.group)?.processes.get(slot.process);
  }

  /** Moves a process; returns the error text of a signal that could not be sent. */
  move(slot: Slot, event: ProcessEvent, at: Millis = this.#ports.clock.now()): string | undefined {
    const record = this.find(slot);
    const group = this.world.get(slot.group);
    if (record === undefined || group === undefined) return undefined;
    const moved = transition(record, event, { at, wall: this.#ports.clock.wall() });
    if (moved.record.state !== record.state || moved.record.isDue !== record.isDue) this.#keep(group, moved);
    for (const [index, change] of moved.changes.entries()) {
      const told = moved.events[index];
      if (told !== undefined) this.#ports.publish(told);
      this.#ports.changed(moved.record, change);
    }
    for (const { level, message } of moved.lines) this.#ports.log.log(level, message);
    const problem = moved.effects.map((effect) => this.#perform(moved.record, effect)).find((text) => text);
    for (const { to } of moved.changes) this.#tellWaiters(moved.record, to.name);
    this.#startIfDue(slot);
    this.#noteDeadline(moved.record);
    return problem;
  }

  /** Starts whatever is at rest and is to be started, in the order of activation. */
  startDue(records: Iterable<ProcessRecord> = allProcesses(this.world)): void {
    for (const { slot } of records) this.#startIfDue(slot);
  }

  /** What the host reports. An answer to an older spawn than the last is of no interest. */
  child(event: ChildEvent): void {
    const record = this.find(event.slot);
    if (record === undefined) {
      this.#ports.log.log('debug', `ignored ${event.kind} of the removed ${event.slot.group}:${event.slot.process}`);
      return;
    }
    if (event.kind !== 'exited' && event.serial !== record.spawns) return;
    switch (event.kind) {
      case 'spawned':
        this.world.get(event.slot.group)?.processes.set(event.slot.process, { ...record, startTime: event.startTime });
        this.move(event.slot, { kind: 'spawned', pid: event.pid }, event.at);
        return this.#tellSpawn(record.slot, 'spawned');
      case 'spawn-failed':
        this.#ports.journal.append({ kind: 'spawn-error', ...record.slot, reason: event.reason });
        this.move(event.slot, { kind: 'spawn-failed', reason: event.reason });
        return this.#tellSpawn(record.slot, 'failed');
      case 'exited':
        this.move(event.slot, { kind: 'exited', pid: event.pid, status: event.status }, event.at);
    }
  }

  /** The clock rang: perhaps some deadlines have passed. */
  wake(): void {
    const now = this.#ports.clock.now();
    // First all, then one after the other: what follows from a move is for a later wake-up.
    const due: Slot[] = [];
    for (let slot = this.#deadlines.take(now); slot !== undefined; slot = this.#deadlines.take(now)) due.push(slot);
    for (const slot of due) this.#wakeUp(slot, now);
    for (const [name, alarm] of Array.from(this.#alarms)) {
      if (alarm.at > now) continue;
      this.#alarms.delete(name);
      alarm.ring();
    }
    this.#arm();
  }

  #wakeUp(slot: Slot, now: Millis): void {
    const record = this.find(slot);
    if (record === undefined) return;
    const deadline = this.#deadline(record);
    if (deadline !== undefined && deadline <= now) this.move(slot, { kind: 'wake' }, now);
    else this.#noteDeadline(record);
  }

  /** Rings once after `delay`; replaces an earlier alarm of the same name. */
  alarm(name: string, delay: Millis, ring: () => void): void {
    this.#alarms.set(name, { at: millis(this.#ports.clock.now() + delay), ring });
    this.#arm();
  }

  /** Starts a process and resolves when its spawn has succeeded or failed. */
  start(slot: Slot): Promise<'spawned' | 'failed'> {
    const before = this.find(slot)?.spawns;
    this.move(slot, { kind: 'start' });
    const record = this.find(slot);
    if (record === undefined || record.spawns === before) return Promise.resolve('failed');
    const { promise, resolve } = Promise.withResolvers<'spawned' | 'failed'>();
    this.#spawnWaiters.set(record.slot, resolve);
    return promise;
  }

  /** @see Control.settled */
  settled(slot: Slot, until: (state: StateName) => boolean): Promise<ProcessInfo | undefined> {
    const record = this.find(slot);
    if (record === undefined) return Promise.resolve(undefined);
    if (until(record.state.name)) return Promise.resolve(this.describe(record));
    const { promise, resolve } = Promise.withResolvers<ProcessInfo | undefined>();
    const waiters = this.#waiters.get(record.slot) ?? [];
    this.#waiters.set(record.slot, [...waiters, { until, resolve }]);
    return promise;
  }

  /** Whether the process may start by itself; one that was about to does not any more. */
  setDisabled(slot: Slot, isDisabled: boolean): void {
    const record = this.find(slot);
    if (record === undefined || record.isDisabled === isDisabled) return;
    const marked = { ...record, isDisabled, isDue: record.isDue && !isDisabled };
    this.world.get(slot.group)?.processes.set(slot.process, marked);
    this.#ports.save(marked, NOTHING_TOLD);
    const { name } = record.state;
    if (isDisabled && (name === 'BACKOFF' || name === 'EXITED')) this.move(slot, { kind: 'stop' });
  }

  describe(record: ProcessRecord, state?: StateName): ProcessInfo {
    return describeProcess(record, this.#ports.outputs.paths(record.slot), state);
  }

  /** Asks again for what an earlier brain may have asked for in vain; what it did is not done twice. */
  resume(slot: Slot): void {
    const record = this.find(slot);
    if (record?.state.name !== 'STOPPING' || record.state.pid === undefined) return;
    const { pid, kills } = record.state;
    sendStop(this.#ports, record, { kind: 'signal', pid, signal: kills > 0 ? 'kill' : 'stop' });
  }

  add(group: GroupRecord): void {
    this.world.set(group.config.name, group);
    for (const record of group.processes.values()) this.#noteDeadline(record);
  }

  /** Forgets a group whose processes are stopped; whoever still waits for one of them is told. */
  remove(group: GroupRecord): void {
    this.world.delete(group.config.name);
    for (const { slot } of group.processes.values()) {
      for (const { resolve } of this.#waiters.get(slot) ?? []) resolve(undefined);
      this.#waiters.delete(slot);
      this.#tellSpawn(slot, 'failed');
    }
    this.#arm();
  }

  /** From now on the record is as if its spawns had been counted up to here. */
  countSpawns(slot: Slot, spawns: number): void {
    const record = this.find(slot);
    if (record !== undefined) this.world.get(slot.group)?.processes.set(slot.process, { ...record, spawns });
  }

  #keep(group: GroupRecord, { record, events, lines }: Transition): void {
    group.processes.set(record.slot.process, record);
    this.#ports.save(record, { events, lines });
  }

  /** What a shutdown has stopped, or is stopping, is to be started after all. */
  autostartAgain(): void {
    for (const record of Array.from(allProcesses(this.world))) {
      const { slot, config, state, isDisabled } = record;
      if (!config.autostart || isDisabled || !(isStopped(state.name) || state.name === 'STOPPING')) continue;
      const due = { ...record, isDue: true };
      this.world.get(slot.group)?.processes.set(slot.process, due);
      this.#ports.save(due, NOTHING_TOLD);
    }
  }

  #startIfDue(slot: Slot): void {
    const record = this.find(slot);
    if (record === undefined || !record.isDue || record.isDisabled || !this.#mayStart) return;
    if (isStopped(record.state.name)) this.move(slot, { kind: 'start' });
  }

  #deadline(record: ProcessRecord): Millis | undefined {
    const { name } = record.state;
    return !this.#mayStart && (name === 'BACKOFF' || name === 'EXITED') ? undefined : deadlineOf(record.state);
  }

  /** It may want to hear earlier than all others. A wake-up that it no longer wants does no harm. */
  #noteDeadline(record: ProcessRecord): void {
    const deadline = this.#deadline(record);
    if (deadline === undefined) return;
    this.#deadlines.add(record.slot, deadline);
    if (deadline < this.#wakesAt) this.#wakeAt(deadline);
  }

  /** Passes over what is no longer wanted. */
  #nextDeadline(): Millis | undefined {
    for (let first = this.#deadlines.first; first !== undefined; first = this.#deadlines.first) {
      const record = this.find(first.slot);
      const deadline = record === undefined ? undefined : this.#deadline(record);
      if (deadline === first.at) return deadline;
      this.#deadlines.take(first.at);
      if (deadline !== undefined) this.#deadlines.add(first.slot, deadline);
    }
    return undefined;
  }

  #wakeAt(time: number): void {
    this.#wakesAt = this.#isResting ? Number.POSITIVE_INFINITY : time;
    this.#ports.clock.wakeAt(Number.isFinite(this.#wakesAt) ? millis(this.#wakesAt) : undefined);
  }

  #arm(): void {
    let next: number = this.#nextDeadline() ?? Number.POSITIVE_INFINITY;
    for (const { at } of this.#alarms.values()) next = Math.min(next, at);
    this.#wakeAt(next);
  }

  #tellSpawn(slot: Slot, outcome: 'spawned' | 'failed'): void {
    this.#spawnWaiters.get(slot)?.(outcome);
    this.#spawnWaiters.delete(slot);
  }

  #tellWaiters(record: ProcessRecord, state: StateName): void {
    const waiters = this.#waiters.get(record.slot);
    if (waiters === undefined) return;
    const left = waiters.filter(({ until }) => !until(state));
    if (left.length === 0) this.#waiters.delete(record.slot);
    else this.#waiters.set(record.slot, left);
    const info = this.describe(record, state);
    for (const waiter of waiters) if (!left.includes(waiter)) waiter.resolve(info);
  }

  #perform(record: ProcessRecord, effect: Effect): string | undefined {
    switch (effect.kind) {
      case 'spawn': {
        const { slot, config, spawns } = record;
        this.#ports.children.spawn({ slot, config, serial: spawns });
        return undefined;
      }
      case 'signal':
        return sendStop(this.#ports, record, effect);
    }
  }
}
