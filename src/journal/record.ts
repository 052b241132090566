/**
 * What the journal keeps: one record for everything that changed, was asked for, or went wrong. A record that a listener
 * was told of can be turned back into its event. Knows nothing of files.
 */
import type { Channel, SupervisorEvent } from '../events/event.ts';
import type { ExitStatus, StateName } from '../process/state.ts';
import { pid as asPid, type EpochMillis, type Pid } from '../units.ts';

/** Who asked for something. */
export type Caller =
  | {
      readonly kind: 'server';
      /** The section of the server, such as `unix_http_server`. */
      readonly section: string;
      readonly user?: string;
      /** The other end of a TCP connection. */
      readonly address?: string;
    }
  | { readonly kind: 'signal'; readonly name: string }
  /** The configuration files changed, with `watch=true`. */
  | { readonly kind: 'watch' };

/** Part of what was asked for; values are cut, and secrets masked. */
export interface Argument {
  readonly name: string;
  readonly value: string;
}

interface Of {
  readonly group: string;
  readonly process: string;
}

/** The number under which event listeners were told; absent: nobody subscribed. */
interface Told {
  readonly event?: number;
}

export type Entry =
  | (Of &
      Told & {
        readonly kind: 'process-state';
        readonly from: StateName;
        readonly to: StateName;
        readonly pid?: number;
        /** Failed starts so far. */
        readonly tries?: number;
        readonly expected?: boolean;
        readonly exit?: ExitStatus;
        /** Why a start failed. */
        readonly reason?: string;
      })
  | (Of & { readonly kind: 'spawn-error'; readonly reason: string })
  | (Of & {
      readonly kind: 'signal';
      readonly pid: number;
      readonly signal: string;
      readonly target: 'process' | 'group';
      /** A stop, SIGKILL because the stop took too long, or an operator's `signal`. */
      readonly why: 'stop' | 'kill' | 'operator';
      /** The errno's name when it could not be sent. */
      readonly problem?: string;
    })
  | {
      readonly kind: 'operator';
      readonly action: string;
      /** The process or group that was named. */
      readonly target?: string;
      readonly args: readonly Argument[];
      readonly by: Caller;
    }
  | {
      readonly kind: 'config';
      readonly added: readonly string[];
      readonly changed: readonly { readonly group: string; readonly keys: readonly string[] }[];
      readonly removed: readonly string[];
    }
  | (Told & { readonly kind: 'process-group'; readonly change: 'ADDED' | 'REMOVED'; readonly group: string })
  | (Told & { readonly kind: 'supervisor-state'; readonly to: 'RUNNING' | 'STOPPING' })
  | {
      readonly kind: 'daemon';
      readonly what: 'started' | 'stopped' | 'restarting' | 'brain-restarted' | 'recovered';
      readonly pid: number;
      readonly version: string;
      /** Tells boots of the machine apart; '' where that is not known. */
      readonly boot: string;
      /** With `recovered`: how the one before ended, how many processes go on, and which ended while nobody watched. */
      readonly found?: {
        readonly why: string;
        readonly live: number;
        readonly gone: number;
        readonly names: readonly string[];
      };
    }
  | (Of & { readonly kind: 'adopted'; readonly pid: number })
  | (Of & { readonly kind: 'disabled' | 'enabled' })
  | {
      readonly kind: 'login';
      /** A session of a browser began, or its user ended it; or a name and a password did not belong together. */
      readonly what: 'began' | 'ended' | 'refused';
      readonly by: Caller;
      /** Refused since the last one that was kept, besides this one. */
      readonly more?: number;
    }
  | { readonly kind: 'problem' | 'bug'; readonly text: string }
  | (Told & { readonly kind: 'remote-communication'; readonly type: string; readonly data: string })
  | (Of &
      Told & {
        readonly kind: 'process-communication';
        readonly channel: Channel;
        readonly pid: number;
        /** In base64. */
        readonly data: string;
      });

export interface Stamp {
  /** Counts from 1; a missing number is a record that could not be kept. */
  readonly serial: number;
  readonly at: EpochMillis;
}

export type JournalRecord = Stamp & Entry;
export type RecordKind = Entry['kind'];

type StateEntry = Extract<Entry, { readonly kind: 'process-state' }>;
type StateEvent = Extract<SupervisorEvent, { readonly kind: 'process-state' }>;

const toldAs = (event: number | undefined): Told => (event === undefined ? {} : { event });

function stateEntry({ group, process, from, to, detail = {} }: StateEvent, serial: number | undefined): StateEntry {
  const common = { kind: 'process-state', group, process, from, to: to.name, ...toldAs(serial), ...detail } as const;
  switch (to.name) {
    case 'STARTING':
    case 'BACKOFF':
      return { ...common, tries: to.tries };
    case 'RUNNING':
    case 'STOPPING':
    case 'STOPPED':
      return { ...common, pid: to.pid };
    case 'EXITED':
      return { ...common, pid: to.pid, expected: to.expected };
    case 'FATAL':
    case 'UNKNOWN':
      return common;
  }
}

/**
 * What the journal keeps of an event; undefined for output and ticks, which are too many.
 * @param serial the number that listeners get it under; undefined: nobody wants it
 */
export function entryOf(event: SupervisorEvent, serial: number | undefined): Entry | undefined {
  const told = toldAs(serial);
  switch (event.kind) {
    case 'process-state':
      return stateEntry(event, serial);
    case 'process-group':
      return { kind: 'process-group', change: event.change, group: event.group, ...told };
    case 'supervisor-state-change':
      return { kind: 'supervisor-state', to: event.to, ...told };
    case 'remote-communication':
      return { kind: 'remote-communication', type: event.type, data: event.data, ...told };
    case 'process-communication': {
      const { group, process, channel, pid } = event;
      const data = Buffer.from(event.data).toString('base64');
      return { kind: 'process-communication', group, process, channel, pid, data, ...told };
    }
    case 'process-log':
    case 'tick':
      return undefined;
  }
}

const pidOf = (value: number | undefined): Pid => asPid(value ?? 0);

function stateOf({ to, tries = 0, pid: live, expected = false }: StateEntry): StateEvent['to'] {
  switch (to) {
    case 'STARTING':
    case 'BACKOFF':
      return { name: to, tries };
    case 'RUNNING':
    case 'STOPPING':
    case 'STOPPED':
      return { name: to, pid: pidOf(live) };
    case 'EXITED':
      return { name: to, pid: pidOf(live), expected };
    case 'FATAL':
    case 'UNKNOWN':
      return { name: to };
  }
}

/** The event behind a record, and its number; undefined when no listener was told of it. */
export function eventOf(
  record: JournalRecord,
): { readonly event: SupervisorEvent; readonly serial: number } | undefined {
  if (!('event' in record) || record.event === undefined) return undefined;
  const serial = record.event;
  switch (record.kind) {
    case 'process-state': {
      const { kind, group, process, from } = record;
      return { serial, event: { kind, group, process, from, to: stateOf(record) } };
    }
    case 'process-group':
      return { serial, event: { kind: 'process-group', change: record.change, group: record.group } };
    case 'supervisor-state':
      return { serial, event: { kind: 'supervisor-state-change', to: record.to } };
    case 'remote-communication':
      return { serial, event: { kind: 'remote-communication', type: record.type, data: record.data } };
    case 'process-communication': {
      const { kind, group, process, channel } = record;
      const data = Buffer.from(record.data, 'base64');
      return { serial, event: { kind, group, process, channel, pid: pidOf(record.pid), data } };
    }
  }
}
