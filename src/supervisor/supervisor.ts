/**
 * The supervisor: what the control plane may ask. It puts together the groups, the way down and the Loop, which carries
 * out what is decided. It does not know files, sockets or the machine.
 */
import type { Config } from '../config/model.ts';
import type { Plan } from '../config/plan.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { SupervisorEvent } from '../events/event.ts';
import type { CommandProblem } from '../process/command.ts';
import { pidOf } from '../process/machine.ts';
import { isStopped, type StateName } from '../process/state.ts';
import { type EpochMillis, millis, type Pid, type Signal } from '../units.ts';
import type { Control, GroupInfo, History, Mood, ProcessInfo, Rereading } from './control.ts';
import { Disabled, type DisabledStore } from './disabled.ts';
import { Ending } from './ending.ts';
import { Groups } from './groups.ts';
import type { ChildEvent, Children, Clock, MainLog, Outputs, Slot } from './host.ts';
import type { JournalAccess } from './journal.ts';
import type { Listeners } from './listeners.ts';
import { Loop } from './loop.ts';
import { type Findings, type Recoverer, restartListeners, restore } from './restore.ts';
import { type Change, type SavedWorld, savedProcess, type Told } from './saved.ts';
import { sendAsked } from './signals.ts';
import type { Store } from './store.ts';
import type { Change as StateChange } from './transition.ts';
import { startInTurns } from './turns.ts';
import { allProcesses, type ProcessRecord } from './world.ts';

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly children: Children;
  readonly outputs: Outputs;
  readonly log: MainLog;
  readonly journal: JournalAccess;
  readonly disabled: DisabledStore;
  readonly events: Listeners;
  readonly pid: Pid;
  readonly store: Store;
  /** Reads the configuration again. The error is the text of fault CANT_REREAD. */
  load(): Result<Config, string>;
  /** Everything is stopped: the daemon may go, or start afresh. */
  finished(outcome: 'shutdown' | 'restart'): void;
}

/** spec lifecycle 4.6: how often a slow stop is reported. */
const STOP_REPORT = millis(2000);

export class Supervisor implements Control {
  readonly pid: Pid;
  readonly #ports: SupervisorPorts;
  readonly #loop: Loop;
  /** What runs: daemon settings do not change until a restart, whatever is read again. */
  readonly #booted: Config;
  readonly #disabled: Disabled;
  readonly #groups: Groups;
  readonly #ending: Ending;

  constructor(configs: { readonly booted: Config; readonly read: Config }, ports: SupervisorPorts) {
    this.#booted = configs.booted;
    this.#ports = ports;
    this.pid = ports.pid;
    this.#loop = new Loop({
      clock: ports.clock,
      children: ports.children,
      outputs: ports.outputs,
      log: ports.log,
      journal: ports.journal,
      publish: (event) => ports.events.publish(event),
      save: (record, told) => this.#save({ kind: 'process', record: savedProcess(record) }, told),
      changed: (record, change) => this.#changed(record, change),
    });
    this.#disabled = new Disabled(ports.disabled, ports.journal);
    const save = (change: Change, events: readonly SupervisorEvent[]): void =>
      this.#save(change, { events, lines: [] });
    this.#groups = new Groups(configs, this.#loop, { ...ports, disabled: this.#disabled, save });
    this.#ending = new Ending(this.#loop, {
      log: ports.log,
      publish: (event) => ports.events.publish(event),
      saveMood: (mood, events) => save({ kind: 'mood', mood }, events),
      finished: (outcome) => ports.finished(outcome),
    });
  }

  /** Why it would be no use to boot, if anything is. */
  obstacle(): Promise<string | undefined> {
    return this.#groups.obstacle();
  }

  /** Makes the groups known, then starts what is to be started, in the order of spec lifecycle 5.2. */
  boot(): Promise<void> {
    this.#disabled.load();
    const records = this.#groups.activateAll();
    this.#scheduleTick();
    return startInTurns(records, {
      outputs: this.#ports.outputs,
      start: (some) => this.#loop.startDue(some),
      isWanted: () => this.mood === 'RUNNING',
    });
  }

  /**
   * Goes on where an earlier brain ended, instead of booting.
   * @param why the brain was replaced by this one; or superd was started by somebody, who wants it to run
   */
  resume(world: SavedWorld, recoverer: Recoverer, why: 'replaced' | 'started'): Findings {
    const { events, outputs, log, journal } = this.#ports;
    this.#disabled.load();
    const findings = restore(world, { loop: this.#loop, outputs, events, log, journal, recoverer });
    // The file is the truth, whatever was written down with the world.
    for (const { slot } of allProcesses(this.#loop.world)) this.#loop.setDisabled(slot, this.#disabled.has(slot));
    this.#scheduleTick();
    if (world.mood !== 'RUNNING' && why === 'replaced') this.#ending.resume(world.mood);
    else {
      if (world.mood !== 'RUNNING') this.#loop.autostartAgain();
      restartListeners(world.groups, this.#loop);
      this.#loop.startDue();
    }
    this.#loop.wake();
    return findings;
  }

  /** All of the world, to be written anew. */
  snapshot(logs: SavedWorld['logs'], nextSerial: number): SavedWorld {
    const groups = [...this.#loop.world.values()];
    return { booted: this.#booted, read: this.config, mood: this.mood, groups, logs, nextSerial, news: undefined };
  }

  child(event: ChildEvent): void {
    if (event.kind === 'exited') this.#ports.events.listenerExited(event.slot);
    this.#loop.child(event);
  }

  wake(): void {
    this.#loop.wake();
  }

  get mood(): Mood {
    return this.#ending.mood;
  }

  get identifier(): string {
    return this.#booted.daemon.identifier;
  }

  get config(): Config {
    return this.#groups.config;
  }

  wall(): EpochMillis {
    return this.#ports.clock.wall();
  }

  groups(): readonly GroupInfo[] {
    return this.#groups.all();
  }

  group(name: string): GroupInfo | undefined {
    return this.#groups.find(name);
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
    const mayStart = this.mood === 'RUNNING' && !this.#disabled.has(slot);
    return mayStart ? this.#loop.start(slot) : Promise.resolve('failed');
  }

  stop(slot: Slot): Result<void, string> {
    const problem = this.#loop.move(slot, { kind: 'stop' });
    return problem === undefined ? ok(undefined) : fail(problem);
  }

  signal(slot: Slot, number: Signal): Result<void, string> {
    const record = this.#loop.find(slot);
    const pid = record === undefined ? undefined : pidOf(record.state);
    if (record === undefined || pid === undefined) return ok(undefined);
    const problem = sendAsked(this.#ports, record, pid, number);
    return problem === undefined ? ok(undefined) : fail(problem);
  }

  disable(slot: Slot): Result<void, string> {
    const disabled = this.#disabled.add(slot);
    if (disabled.ok) this.#loop.setDisabled(slot, true);
    return disabled;
  }

  enable(slot: Slot): Result<void, string> {
    const enabled = this.#disabled.delete(slot);
    if (enabled.ok) this.#loop.setDisabled(slot, false);
    return enabled;
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
    return this.#groups.reread();
  }

  plan(): Result<Plan, string> {
    return this.#groups.plan();
  }

  addGroup(name: string): Result<void, 'bad-name' | 'already-added'> {
    const added = this.#groups.add(name);
    if (!added.ok) return added;
    this.#scheduleTick();
    this.#loop.startDue(added.value.processes.values());
    return ok(undefined);
  }

  removeGroup(name: string): Result<void, 'bad-name' | 'still-running'> {
    return this.#groups.remove(name);
  }

  shutdown(): void {
    this.#ending.begin('SHUTDOWN');
  }

  /** A broken configuration must not stop what runs: it is read before anything is stopped. */
  restart(): Result<void, string> {
    if (this.mood !== 'RUNNING') return ok(undefined);
    const loaded = this.#ports.load();
    if (!loaded.ok) {
      this.#ports.log.log('critical', `cannot restart with the configuration now on disk: ${loaded.error}`);
      return fail(loaded.error);
    }
    this.#ending.begin('RESTARTING');
    return ok(undefined);
  }

  emitRemoteCommunication(type: string, data: string): void {
    this.#ports.events.publish({ kind: 'remote-communication', type, data });
  }

  #save(change: Change, told: Told): void {
    const { store, journal } = this.#ports;
    store.save(told.events.length === 0 ? change : { ...change, news: { after: journal.last, ...told } });
  }

  #changed(record: ProcessRecord, { to }: StateChange): void {
    if (this.#loop.world.get(record.slot.group)?.config.kind === 'eventlistener') {
      this.#ports.events.listenerChanged(record.slot, to.name);
    }
    if (isStopped(to.name)) this.#ending.processStopped();
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

  #scheduleTick(): void {
    const delay = this.#ports.events.untilTick(this.wall());
    if (delay === undefined) return;
    this.#loop.alarm('tick', delay, () => {
      this.#ports.events.tick(this.wall());
      this.#scheduleTick();
    });
  }
}
