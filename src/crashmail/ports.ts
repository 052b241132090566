/** What crashmail wants of the machine and of the supervisor, as types. Adapters are in `src/host/`. */
import type { HostError, Result } from '../errors.ts';
import type { EpochMillis, Millis } from '../units.ts';
import type { EventFrame } from './frame.ts';
import type { OutboxRecord } from './outbox.ts';
import type { Mail } from './render.ts';

/** What became of one XML-RPC call. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly code: number }
  /** No answer, or none that can be read. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Rpc {
  /** Never rejects; answers within `timeout`. */
  ask(method: string, params: readonly (string | number)[], timeout: Millis): Promise<Answer>;
}

/** What became of one attempt to deliver. */
export type Delivery =
  | {
      readonly kind: 'sent';
      /** Recipients that were refused while others were served. */
      readonly missed?: string;
    }
  /** For good: trying again would give the same answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Try again; `scope` says whether other reports would meet the same trouble. */
  | { readonly kind: 'later'; readonly scope: 'channel' | 'report'; readonly reason: string };

/** One way to reach people. */
export interface Channel {
  readonly name: string;
  deliver(mail: Mail, abort: AbortSignal): Promise<Delivery>;
}

/** The reports on disk. */
export interface Outbox {
  /** Was a report with this id ever written here, whatever became of it? */
  knows(id: string): boolean;
  /** Resolves once the record and its directory entry are on the disk. */
  put(record: OutboxRecord): Promise<Result<void, HostError>>;
  /** The ids that wait, oldest first. */
  waiting(): readonly string[];
  read(id: string): Promise<OutboxRecord | undefined>;
  update(record: OutboxRecord): Promise<Result<void, HostError>>;
  /** Takes a report out of the waiting ones; what was refused is kept with its reason. */
  settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>>;
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
