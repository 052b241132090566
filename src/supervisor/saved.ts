/**
 * The world as it is written down, so that the next brain goes on where this one was. Every change is saved before it
 * has an effect outside. Pure: what is saved, and how the pieces become a world again.
 */
import type { Config, GroupConfig } from '../config/model.ts';
import type { SupervisorEvent } from '../events/event.ts';
import type { Mood } from './control.ts';
import type { LogLine } from './transition.ts';
import { type GroupRecord, newGroup, type ProcessRecord } from './world.ts';

/** One change of the world, and what is to be told of it. */
export type SavedChange = Change & { readonly news?: News };

export type Change =
  | { readonly kind: 'config'; readonly booted: Config; readonly read: Config }
  | { readonly kind: 'mood'; readonly mood: Mood }
  /** A new group, and those of its processes that are to be started. */
  | { readonly kind: 'group'; readonly config: GroupConfig; readonly due: readonly string[] }
  | { readonly kind: 'removed'; readonly group: string }
  | { readonly kind: 'process'; readonly record: SavedProcess }
  /** The logs of a process; AUTO logs have a name of their own each. */
  | {
      readonly kind: 'logs';
      readonly group: string;
      readonly process: string;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** The number of the next event. */
  | { readonly kind: 'serial'; readonly next: number };

/** What a change has to tell, once it is written down. */
export interface Told {
  readonly events: readonly SupervisorEvent[];
  readonly lines: readonly LogLine[];
}

/** The same on the disk: if the brain dies before it is told, the next one does it. */
export interface News extends Told {
  /** The journal's last record at that time. */
  readonly after: number;
}

/** A record without its configuration, which stands in its group. */
export type SavedProcess = Omit<ProcessRecord, 'config'>;

export interface SavedLogs {
  readonly stdout: string;
  readonly stderr: string;
}

/** All changes put together. */
export interface SavedWorld {
  readonly booted: Config;
  readonly read: Config;
  readonly mood: Mood;
  /** In the order of activation. */
  readonly groups: readonly GroupRecord[];
  /** By `group:process`. */
  readonly logs: ReadonlyMap<string, SavedLogs>;
  readonly nextSerial: number;
  /** Of the very last change: it may be told only in part. */
  readonly news: News | undefined;
}

const keyOf = (group: string, process: string): string => `${group}:${process}`;

/** @returns undefined when nothing was saved, or not enough to go on with */
export function replay(changes: Iterable<SavedChange>): SavedWorld | undefined {
  let configs: Extract<SavedChange, { readonly kind: 'config' }> | undefined;
  let mood: Mood = 'RUNNING';
  let nextSerial = 0;
  let news: News | undefined;
  const groups = new Map<string, GroupRecord>();
  const logs = new Map<string, SavedLogs>();
  for (const change of changes) {
    // Numbers are reserved, and logs opened, in the middle of other changes.
    if (change.kind !== 'serial' && change.kind !== 'logs') news = change.news;
    switch (change.kind) {
      case 'config':
        configs = change;
        break;
      case 'mood':
        mood = change.mood;
        break;
      case 'serial':
        nextSerial = change.next;
        break;
      case 'group':
        groups.set(change.config.name, newGroup(change.config, change.due));
        break;
      case 'removed':
        groups.delete(change.group);
        break;
      case 'logs':
        logs.set(keyOf(change.group, change.process), { stdout: change.stdout, stderr: change.stderr });
        break;
      case 'process':
        putProcess(groups, change.record);
    }
  }
  if (configs === undefined) return undefined;
  const { booted, read } = configs;
  return { booted, read, mood, groups: [...groups.values()], logs, nextSerial, news };
}

/** The shortest way to say the same world. */
export function* changesOf(world: SavedWorld): Generator<SavedChange> {
  const { booted, read, mood, nextSerial } = world;
  yield { kind: 'config', booted, read };
  yield { kind: 'mood', mood };
  yield { kind: 'serial', next: nextSerial };
  for (const { config, processes } of world.groups) {
    yield { kind: 'group', config, due: [] };
    for (const record of processes.values()) yield { kind: 'process', record: savedProcess(record) };
  }
  for (const [key, { stdout, stderr }] of world.logs) {
    const colon = key.indexOf(':');
    yield { kind: 'logs', group: key.slice(0, colon), process: key.slice(colon + 1), stdout, stderr };
  }
}

export function savedProcess(record: ProcessRecord): SavedProcess {
  const { slot, state, spawns, startTime, startedAt, stoppedAt, spawnError, exitStatus, lastExit } = record;
  const { isDisabled, isDue } = record;
  return { slot, state, spawns, startTime, startedAt, stoppedAt, spawnError, exitStatus, lastExit, isDisabled, isDue };
}

function putProcess(groups: ReadonlyMap<string, GroupRecord>, saved: SavedProcess): void {
  const processes = groups.get(saved.slot.group)?.processes;
  const known = processes?.get(saved.slot.process);
  if (processes === undefined || known === undefined) return;
  processes.set(saved.slot.process, { ...saved, slot: known.slot, config: known.config });
}
