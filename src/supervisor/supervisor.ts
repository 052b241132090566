/**
 * The supervisor: groups, the daemon's mood, and what the control plane may ask. It decides what happens to which
 * process and in which order; the Loop carries it out. It does not know files, sockets or the machine.
 */
import type { Config, GroupConfig } from '../config/model.ts';
import { diffGroups, type Plan } from '../config/plan.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { CommandProblem } from '../process/command.ts';
import { pidOf } from '../process/machine.ts';
import { signalName } from '../process/signal.ts';
import { isRunning, isStopped, type StateName } from '../process/state.ts';
import { type EpochMillis, millis, type Pid, type Signal } from '../units.ts';
import type { Control, GroupInfo, History, Mood, ProcessInfo, Rereading } from './control.ts';
import type { ChildEvent, Children, Clock, MainLog, Outputs, Slot } from './host.ts';
import type { Listeners } from './listeners.ts';
import { Loop } from './loop.ts';
import { shutdownStep } from './order.ts';
import type { Change } from './transition.ts';
import { type GroupRecord, newGroup, type ProcessRecord } from './world.ts';

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly children: Children;
  readonly outputs: Outputs;
  readonly log: MainLog;
  readonly events: Listeners;
  readonly pid: Pid;
  /** Reads the configuration again. The error is the text of fault CANT_REREAD. */
  load(): Result<Config, string>;
  /** Everything is stopped: the daemon may go, or start afresh. */
  finished(outcome: 'shutdown' | 'restart'): void;
}

/** spec lifecycle 4.6, 5.3: how often a slow stop and a slow shutdown are reported. */
const STOP_REPORT = millis(2000);
const SHUTDOWN_REPORT = millis(3000);

export class Supervisor implements Control {
  readonly pid: Pid;
  readonly #ports: SupervisorPorts;
  readonly #loop: Loop;
  /** What runs: daemon settings do not change until a restart, whatever is read again. */
  readonly #booted: Config;
  #config: Config;
  #mood: Mood = 'RUNNING';
  #finished = false;

  constructor(config: Config, ports: SupervisorPorts) {
    this.#config = config;
    this.#booted = config;
    this.#ports = ports;
    this.pid = ports.pid;
    this.#loop = new Loop({
      clock: ports.clock,
      children: ports.children,
      outputs: ports.outputs,
      log: ports.log,
      publish: (event) => ports.events.publish(event),
      changed: (record, change) => this.#changed(record, change),
    });
  }

  /** Makes the groups known, then starts what is to be started, in the order of spec lifecycle 5.2. */
  boot(): void {
    this.#open(this.#config.groups);
    this.#ports.events.publish({ kind: 'supervisor-state-change', to: 'RUNNING' });
    for (const group of this.#loop.world.values()) this.#autostart(group);
  }

  child(event: ChildEvent): void {
    if (event.kind === 'exited') this.#ports.events.listenerExited(event.slot);
    this.#loop.child(event);
  }

  wake(): void {
    this.#loop.wake();
  }

  get mood(): Mood {
    return this.#mood;
  }

  get identifier(): string {
    return this.#booted.daemon.identifier;
  }

  get config(): Config {
    return this.#config;
  }

  wall(): EpochMillis {
    return this.#ports.clock.wall();
  }

  groups(): readonly GroupInfo[] {
    return [...this.#loop.world.values()].map((group) => this.#describe(group));
  }

  group(name: string): GroupInfo | undefined {
    const group = this.#loop.world.get(name);
    return group === undefined ? undefined : this.#describe(group);
  }

  process(slot: Slot): ProcessInfo | undefined {
    const record = this.#loop.find(slot);
    return record === undefined ? undefined : this.#loop.describe(record);
  }

  /** The record behind a process, for superd's own methods. */
  record(slot: Slot): ProcessRecord | undefined {
    return this.#loop.find(slot);
  }

  history(slot: Slot): History | undefined {
    const record = this.#loop.find(slot);
    return record === undefined ? undefined : { lastExit: record.lastExit, starts: record.spawns };
  }

  check(slot: Slot): CommandProblem | undefined {
    const record = this.#loop.find(slot);
    return record === undefined ? undefined : this.#ports.children.check(record.config);
  }

  start(slot: Slot): Promise<'spawned' | 'failed'> {
    return this.#mood === 'RUNNING' ? this.#loop.start(slot) : Promise.resolve('failed');
  }

  stop(slot: Slot): Result<void, string> {
    const problem = this.#loop.move(slot, { kind: 'stop' });
    return problem === undefined ? ok(undefined) : fail(problem);
  }

  /** spec api 2.3: only the process itself is signalled, never its group. */
  signal(slot: Slot, number: Signal): Result<void, string> {
    const record = this.#loop.find(slot);
    const pid = record === undefined ? undefined : pidOf(record.state);
    if (record === undefined || pid === undefined) return ok(undefined);
    const { name } = record.config;
    this.#ports.log.log('debug', `sending ${name} (pid ${pid}) sig ${signalName(number)}`);
    const problem = this.#loop.signal(pid, number, 'process');
    if (problem === undefined) return ok(undefined);
    if (problem === 'ESRCH') {
      this.#ports.log.log('debug', `unable to signal ${name} (pid ${pid}), it probably just now exited on its own`);
      return ok(undefined);
    }
    const text = `unknown problem sending sig ${name} (${pid}):${problem}`;
    this.#ports.log.log('critical', text);
    return fail(text);
  }

  settled(slot: Slot, until: (state: StateName) => boolean): Promise<ProcessInfo | undefined> {
    const settled = this.#loop.settled(slot, until);
    const record = this.#loop.find(slot);
    if (record?.state.name === 'STOPPING' && until('STOPPED')) this.#reportStop(record);
    return settled;
  }

  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'> {
    return this.#ports.children.write(slot, data);
  }

  clearLogs(slot: Slot): Result<void, string> {
    return this.#ports.outputs.clear(slot);
  }

  reread(): Result<Rereading, string> {
    const loaded = this.#ports.load();
    if (!loaded.ok) return loaded;
    this.#config = loaded.value;
    const plan = diffGroups(this.#activeGroups(), loaded.value.groups);
    return ok({
      added: plan.added.map(({ name }) => name),
      changed: plan.changed.map(({ group }) => group),
      removed: plan.removed.map(({ name }) => name),
    });
  }

  plan(): Result<Plan, string> {
    const loaded = this.#ports.load();
    return loaded.ok ? ok(diffGroups(this.#activeGroups(), loaded.value.groups)) : loaded;
  }

  addGroup(name: string): Result<void, 'bad-name' | 'already-added'> {
    const config = this.#config.groups.find((group) => group.name === name);
    if (config === undefined) return fail('bad-name');
    if (this.#loop.world.has(name)) return fail('already-added');
    this.#open([config]);
    const group = this.#loop.world.get(name);
    if (group !== undefined) this.#autostart(group);
    return ok(undefined);
  }

  removeGroup(name: string): Result<void, 'bad-name' | 'still-running'> {
    const group = this.#loop.world.get(name);
    if (group === undefined) return fail('bad-name');
    if ([...group.processes.values()].some(({ state }) => !isStopped(state.name))) return fail('still-running');
    this.#loop.remove(group);
    if (group.config.kind === 'eventlistener') this.#ports.events.closePool(name);
    for (const { slot } of group.processes.values()) this.#ports.outputs.close(slot);
    this.#ports.events.publish({ kind: 'process-group', change: 'REMOVED', group: name });
    return ok(undefined);
  }

  shutdown(): void {
    if (this.#mood === 'SHUTDOWN') return;
    this.#end('SHUTDOWN');
  }

  /** A broken configuration must not stop what runs: it is read before anything is stopped. */
  restart(): Result<void, string> {
    if (this.#mood !== 'RUNNING') return ok(undefined);
    const loaded = this.#ports.load();
    if (!loaded.ok) {
      this.#ports.log.log('critical', `cannot restart with the configuration now on disk: ${loaded.error}`);
      return fail(loaded.error);
    }
    this.#end('RESTARTING');
    return ok(undefined);
  }

  emitRemoteCommunication(type: string, data: string): void {
    this.#ports.events.publish({ kind: 'remote-communication', type, data });
  }

  #activeGroups(): readonly GroupConfig[] {
    return [...this.#loop.world.values()].map(({ config }) => config);
  }

  #describe(group: GroupRecord): GroupInfo {
    return {
      config: group.config,
      processes: [...group.processes.values()].map((record) => this.#loop.describe(record)),
    };
  }

  #open(configs: readonly GroupConfig[]): void {
    const groups = configs.map(newGroup);
    for (const group of groups) {
      this.#loop.add(group);
      if (group.config.kind === 'eventlistener') this.#ports.events.openPool(group.config);
      this.#ports.events.publish({ kind: 'process-group', change: 'ADDED', group: group.config.name });
    }
    // After the pools: what a listener writes goes to its pool.
    this.#ports.outputs.open(groups.flatMap(({ processes }) => [...processes.values()]));
    this.#scheduleTick();
  }

  #autostart(group: GroupRecord): void {
    if (this.#mood !== 'RUNNING') return;
    for (const { slot, config } of [...group.processes.values()]) {
      if (config.autostart) this.#loop.move(slot, { kind: 'start' });
    }
  }

  #changed(record: ProcessRecord, { to }: Change): void {
    if (this.#loop.world.get(record.slot.group)?.config.kind === 'eventlistener') {
      this.#ports.events.listenerChanged(record.slot, to.name);
    }
    if (this.#mood !== 'RUNNING' && isStopped(to.name)) this.#loop.alarm('going down', millis(0), () => this.#goDown());
  }

  /** spec lifecycle 4.6: whoever waits for a stop sees in the log that it takes its time. */
  #reportStop(record: ProcessRecord): void {
    const { group, process } = record.slot;
    const report = (): void => {
      if (this.#loop.find(record.slot)?.state.name !== 'STOPPING') return;
      this.#ports.log.log('info', `waiting for ${process} to stop`);
      this.#loop.alarm(`stop ${group}:${process}`, STOP_REPORT, report);
    };
    report();
  }

  #end(mood: 'SHUTDOWN' | 'RESTARTING'): void {
    const first = this.#mood === 'RUNNING';
    this.#mood = mood;
    if (!first) return;
    this.#loop.forbidStarts();
    this.#ports.events.publish({ kind: 'supervisor-state-change', to: 'STOPPING' });
    this.#reportShutdown();
    this.#goDown();
  }

  #reportShutdown(): void {
    const { left } = shutdownStep(this.#loop.world);
    if (left.length === 0) return;
    this.#ports.log.log('info', `waiting for ${left.map(({ config }) => config.name).join(', ')} to die`);
    this.#loop.alarm('shutdown report', SHUTDOWN_REPORT, () => this.#reportShutdown());
  }

  /** Asks the processes whose turn it is to stop; when nothing is left, the daemon is done. */
  #goDown(): void {
    const { turn, left } = shutdownStep(this.#loop.world);
    for (const { slot, state } of turn) {
      if (isRunning(state.name)) this.#loop.move(slot, { kind: state.name === 'BACKOFF' ? 'abandon' : 'stop' });
    }
    if (left.length > 0 || this.#finished) return;
    this.#finished = true;
    this.#loop.rest();
    this.#ports.finished(this.#mood === 'RESTARTING' ? 'restart' : 'shutdown');
  }

  #scheduleTick(): void {
    const delay = this.#ports.events.untilTick(this.wall());
    if (delay === undefined) return;
    this.#loop.alarm('tick', delay, () => {
      this.#ports.events.tick(this.wall());
      this.#scheduleTick();
    });
  }
}
