/**
 * The world as it is written down, so that the next brain goes on where this one was. Every change is saved before it
 * has an effect outside. Pure: what is saved, and how the pieces become a world again.
 */
import type { Config, GroupConfig } from '../config/model.ts';
import type { Mood } from './control.ts';
import { type GroupRecord, newGroup, type ProcessRecord } from './world.ts';

/** One change of the world. */
export type SavedChange =
  | { readonly kind: 'config'; readonly booted: Config; readonly read: Config }
  | { readonly kind: 'mood'; readonly mood: Mood }
  | { readonly kind: 'group'; readonly config: GroupConfig }
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

/** A record without its configuration, which stands in its group. */
export type SavedProcess = Omit<ProcessRecord, 'config'> & {
  /** When the kernel started the child, for a state that has one. */
  readonly startTime: string;
};

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
  readonly startTimes: ReadonlyMap<string, string>;
  readonly logs: ReadonlyMap<string, SavedLogs>;
  readonly nextSerial: number;
}

const keyOf = (group: string, process: string): string => `${group}:${process}`;

/** @returns undefined when nothing was saved, or not enough to go on with */
export function replay(changes: Iterable<SavedChange>): SavedWorld | undefined {
  let configs: Extract<SavedChange, { readonly kind: 'config' }> | undefined;
  let mood: Mood = 'RUNNING';
  let nextSerial = 0;
  const groups = new Map<string, GroupRecord>();
  const startTimes = new Map<string, string>();
  const logs = new Map<string, SavedLogs>();
  for (const change of changes) {
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
        groups.set(change.config.name, newGroup(change.config));
        break;
      case 'removed':
        groups.delete(change.group);
        break;
      case 'logs':
        logs.set(keyOf(change.group, change.process), { stdout: change.stdout, stderr: change.stderr });
        break;
      case 'process':
        putProcess(groups, change.record);
        startTimes.set(keyOf(change.record.slot.group, change.record.slot.process), change.record.startTime);
    }
  }
  if (configs === undefined) return undefined;
  const { booted, read } = configs;
  return { booted, read, mood, groups: [...groups.values()], startTimes, logs, nextSerial };
}

function putProcess(groups: ReadonlyMap<string, GroupRecord>, saved: SavedProcess): void {
  const processes = groups.get(saved.slot.group)?.processes;
  const known = processes?.get(saved.slot.process);
  if (processes === undefined || known === undefined) return;
  const { startTime: _, ...record } = saved;
  processes.set(saved.slot.process, { ...record, slot: known.slot, config: known.config });
}
