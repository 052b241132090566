/** What crashmail wants of the machine and of the supervisor, as types. Adapters are in `src/host/`. */
import type { HostError, Result } from '../errors.ts';
import type { EpochMillis, Millis } from '../units.ts';
import type { EventFrame } from './frame.ts';
import type { Letter } from './letter.ts';
import type { Mail } from './mail.ts';
import type { OutboxRecord } from './outbox.ts';
import type { Report } from './report.ts';

/** What became of one XML-RPC call. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly code: number }
  /** No answer, or none that can be read. */
  | { readonly kind: 'failed'; readonly reason: string };

export type RpcParam = string | number | { readonly [member: string]: string | number | readonly string[] };

export interface Rpc {
  /** Never rejects; answers within `timeout`. */
  ask(method: string, params: readonly RpcParam[], timeout: Millis): Promise<Answer>;
}

/** What became of one attempt to deliver. */
export type Delivery =
  | {
      readonly kind: 'sent';
      /** Recipients that were refused for good while others were served. */
      readonly missed?: string;
      /** What the other side said. */
      readonly answer?: string;
    }
  /** Some recipients have it, others are to be tried again. */
  | { readonly kind: 'partly'; readonly owed: readonly string[]; readonly reason: string }
  /** For good: trying again would give the same answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Try again; `scope` says whether other reports would meet the same trouble. */
  | { readonly kind: 'later'; readonly scope: 'channel' | 'report'; readonly reason: string };

/** A letter for a channel. */
export interface Parcel {
  readonly letter: Letter;
  /** Recipients that are still to be served; undefined: all. */
  readonly owed: readonly string[] | undefined;
}

/** One way to reach people. */
export interface Channel {
  readonly name: string;
  deliver(parcel: Parcel, abort: AbortSignal): Promise<Delivery>;
}

/** The end of a channel that talks to the other side: it takes from its load what it can carry. */
export interface Carrier {
  readonly name: string;
  carry(load: Parcel & { readonly mail: Mail }, abort: AbortSignal): Promise<Delivery>;
}

/** Reports that wait for their mail, and mails that wait for their channels, on disk. */
export interface Outbox {
  /** May this process send from here? */
  readonly isOwner: boolean;
  /** Was a report with this id ever written here, whatever became of it? */
  knows(id: string): boolean;
  /** Resolves once the report is on the disk, on its own or counted in another one. */
  put(report: Report): Promise<Result<void, HostError>>;
  /** The reports that are in no letter yet, oldest first. */
  reports(): readonly Report[];
  /** More is known of a report; the disk learns of it with the next `save`, unless it can be asked again. */
  revise(report: Report): void;
  save(): Promise<void>;
  /** A report deserves no mail after all. */
  drop(id: string): Promise<void>;
  /** Resolves once the letter is on the disk; its reports wait no longer. */
  post(record: OutboxRecord): Promise<Result<void, HostError>>;
  /** The ids of the letters that wait, oldest first. */
  waiting(): readonly string[];
  read(id: string): Promise<OutboxRecord | undefined>;
  update(record: OutboxRecord): Promise<Result<void, HostError>>;
  /** Takes a letter out of the waiting ones; what was refused is kept with its reason. */
  settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>>;
  /** A small text that is kept beside them; '' when there is none. */
  loadState(): Promise<string>;
  saveState(text: string): Promise<void>;
  /** Looks at the disk again, and takes or keeps the right to send from here. */
  refresh(): Promise<'owner' | 'guest'>;
}

/** The listener's side of the event listener protocol. */
export interface Supervisor {
  /** The next event; undefined when the supervisor has closed our input. @throws on a broken protocol */
  next(): Promise<EventFrame | undefined>;
  write(text: string): void;
}

/** Time and standard error. */
export interface Surroundings {
  /** Monotonic. */
  readonly now: () => Millis;
  readonly wall: () => EpochMillis;
  /** Resolves after `time`, or at once when `abort` is aborted. */
  readonly pause: (time: Millis, abort: AbortSignal) => Promise<void>;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** One line for the operator, on standard error. */
  readonly say: (line: string) => void;
}
