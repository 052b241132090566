/**
 * The active groups: reading the configuration again, activating and removing groups, and starting what is to be started.
 * It does not know the daemon's mood; whoever calls it decides whether anything may start.
 */
import type { Config, GroupConfig } from '../config/model.ts';
import { diffGroups, type GroupChange, type Plan } from '../config/plan.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { SupervisorEvent } from '../events/event.ts';
import type { Entry } from '../journal/record.ts';
import { isStopped } from '../process/state.ts';
import type { GroupInfo, Rereading } from './control.ts';
import type { Disabled } from './disabled.ts';
import type { MainLog, Outputs } from './host.ts';
import type { Journal } from './journal.ts';
import type { Listeners } from './listeners.ts';
import type { Loop } from './loop.ts';
import type { Change } from './saved.ts';
import { type GroupRecord, newGroup, type ProcessRecord } from './world.ts';

export interface GroupsPorts {
  readonly outputs: Outputs;
  readonly events: Listeners;
  readonly journal: Journal;
  readonly disabled: Pick<Disabled, 'has'>;
  readonly log: MainLog;
  /** Writes a change down, before these events of it are published. */
  save(change: Change, events: readonly SupervisorEvent[]): void;
  /** Reads the configuration again. The error is the text of fault CANT_REREAD. */
  load(): Result<Config, string>;
}

/** What changed in a group, without values: they may be secrets. */
const keysOf = ({ keys, processes }: GroupChange): readonly string[] => [
  ...keys.map(({ key }) => key),
  ...processes.flatMap((change) =>
    change.kind === 'changed'
      ? change.keys.map(({ key }) => `${change.process}.${key}`)
      : [`${change.process} ${change.kind}`],
  ),
];

const RUNNING: SupervisorEvent = { kind: 'supervisor-state-change', to: 'RUNNING' };

export class Groups {
  readonly #loop: Loop;
  readonly #ports: GroupsPorts;
  readonly #booted: Config;
  #config: Config;
  /** The changes last recorded. */
  #recorded = '';

  constructor(configs: { readonly booted: Config; readonly read: Config }, loop: Loop, ports: GroupsPorts) {
    this.#booted = configs.booted;
    this.#config = configs.read;
    this.#loop = loop;
    this.#ports = ports;
  }

  /** The configuration last read. */
  get config(): Config {
    return this.#config;
  }

  all(): readonly GroupInfo[] {
    return [...this.#loop.world.values()].map((group) => this.#describe(group));
  }

  find(name: string): GroupInfo | undefined {
    const group = this.#loop.world.get(name);
    return group === undefined ? undefined : this.#describe(group);
  }

  /** Activates every group of the configuration; starts nothing. @returns the processes, whose outputs are to be opened */
  activateAll(): readonly ProcessRecord[] {
    const records = this.#activate(this.#config.groups);
    // The last of it: a brain that dies before leaves a world that never began.
    this.#saveConfig([RUNNING]);
    this.#ports.events.publish(RUNNING);
    return records;
  }

  reread(): Result<Rereading, string> {
    const loaded = this.#ports.load();
    if (!loaded.ok) return loaded;
    this.#config = loaded.value;
    this.#saveConfig([]);
    const plan = diffGroups(this.#active(), loaded.value.groups);
    this.#record(plan);
    return ok({
      added: plan.added.map(({ name }) => name),
      changed: plan.changed.map(({ group }) => group),
      removed: plan.removed.map(({ name }) => name),
    });
  }

  plan(): Result<Plan, string> {
    const loaded = this.#ports.load();
    return loaded.ok ? ok(diffGroups(this.#active(), loaded.value.groups)) : loaded;
  }

  /** What keeps the daemon from starting: a listening socket that cannot be made. @source spec lifecycle 2.5 */
  async obstacle(): Promise<string | undefined> {
    for (const group of this.#config.groups) {
      const problem = await this.#ports.outputs.obstacle(group);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** Activates one group of the configuration last read. A socket that cannot be made fails its programs, not the group. */
  add(name: string): Result<GroupRecord, 'bad-name' | 'already-added'> {
    const config = this.#config.groups.find((group) => group.name === name);
    if (config === undefined) return fail('bad-name');
    if (this.#loop.world.has(name)) return fail('already-added');
    void this.#ports.outputs.obstacle(config).then((problem) => {
      if (problem !== undefined) this.#ports.log.log('critical', problem);
    });
    this.#ports.outputs.open(this.#activate([config]));
    const group = this.#loop.world.get(name);
    return group === undefined ? fail('bad-name') : ok(group);
  }

  remove(name: string): Result<void, 'bad-name' | 'still-running'> {
    const group = this.#loop.world.get(name);
    if (group === undefined) return fail('bad-name');
    if ([...group.processes.values()].some(({ state }) => !isStopped(state.name))) return fail('still-running');
    const removed = { kind: 'process-group', change: 'REMOVED', group: name } as const;
    this.#ports.save({ kind: 'removed', group: name }, [removed]);
    this.#loop.remove(group);
    if (group.config.kind === 'eventlistener') this.#ports.events.closePool(name);
    for (const { slot } of group.processes.values()) this.#ports.outputs.close(slot);
    this.#ports.events.publish(removed);
    return ok(undefined);
  }

  /** What is new; reading the same again is no news. */
  #record({ added, changed, removed }: Plan): void {
    const entry: Entry = {
      kind: 'config',
      added: added.map(({ name }) => name),
      changed: changed.map((change) => ({ group: change.group, keys: keysOf(change) })),
      removed: removed.map(({ name }) => name),
    };
    const text = JSON.stringify(entry);
    const isNews = text !== this.#recorded && added.length + changed.length + removed.length > 0;
    this.#recorded = text;
    if (isNews) this.#ports.journal.append(entry);
  }

  #active(): readonly GroupConfig[] {
    return [...this.#loop.world.values()].map(({ config }) => config);
  }

  #describe(group: GroupRecord): GroupInfo {
    return {
      config: group.config,
      processes: [...group.processes.values()].map((record) => this.#loop.describe(record)),
    };
  }

  #saveConfig(events: readonly SupervisorEvent[]): void {
    this.#ports.save({ kind: 'config', booted: this.#booted, read: this.#config }, events);
  }

  #newGroup(config: GroupConfig): GroupRecord {
    const autostarted = config.processes.filter(({ autostart }) => autostart).map(({ name }) => name);
    const group = newGroup(config, autostarted);
    for (const [name, record] of group.processes) {
      const isDisabled = this.#ports.disabled.has(record.slot);
      if (isDisabled) group.processes.set(name, { ...record, isDisabled, isDue: false });
    }
    return group;
  }

  /** The outputs are opened after the pools: what a listener writes goes to its pool. */
  #activate(configs: readonly GroupConfig[]): readonly ProcessRecord[] {
    const groups = configs.map((config) => this.#newGroup(config));
    for (const group of groups) {
      const due = Array.from(group.processes.values()).flatMap(({ isDue, config: { name } }) => (isDue ? [name] : []));
      const added = { kind: 'process-group', change: 'ADDED', group: group.config.name } as const;
      this.#ports.save({ kind: 'group', config: group.config, due }, [added]);
      this.#loop.add(group);
      if (group.config.kind === 'eventlistener') this.#ports.events.openPool(group.config);
      this.#ports.events.publish(added);
    }
    return groups.flatMap(({ processes }) => [...processes.values()]);
  }
}
