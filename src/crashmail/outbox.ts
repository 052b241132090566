/** The rules of the outbox: what a record on disk looks like, when it is tried again, when it is settled. Pure. */
import { type Millis, millis, seconds } from '../units.ts';
import type { Letter } from './letter.ts';
import type { Delivery } from './ports.ts';
import { abridged, type Report } from './report.ts';

/** Grows when a record of this form can no longer be read by older code. */
export const RECORD_VERSION = 2;

export interface OutboxRecord {
  readonly version: number;
  readonly letter: Letter;
  /** Channels that have it. */
  readonly sent: readonly string[];
  /** Channels that will never take it, and why. */
  readonly refused: readonly { readonly channel: string; readonly reason: string }[];
  /** Recipients that a channel still owes the mail, where it has served others already. */
  readonly owed: readonly { readonly channel: string; readonly addresses: readonly string[] }[];
  readonly attempts: number;
  /** The last trouble; '' for none. */
  readonly trouble: string;
}

/** Reports that wait for a mail; beyond that, events are only counted, in the last report of their program. */
export const MAX_REPORTS = 10_000;
/** Events that one report may stand for; beyond that the disk counts as full. */
export const MAX_COUNTED = 5000;
/** Reports that wait and keep their logs, in all and of one program. */
export const MAX_FULL = 200;
export const MAX_FULL_OF_PROGRAM = 3;
/** Mails to the same people that may wait to be sent; while they do, everything else is collected for the next. */
export const MAX_LETTERS = 5;
/** Events in one mail; the serials of all stand in its header. */
export const MAX_EVENTS_IN_LETTER = 2000;
/** Settled mails kept on disk; the sent ones also tell a repeated event from a new one. */
export const KEPT_SENT = 500;
export const KEPT_FAILED = 1000;
/** How long delivery is tried, as mail servers do. */
const GIVE_UP_AFTER: Millis = seconds(5 * 86_400);
const FIRST_RETRY: Millis = seconds(1);
const RETRY_GROWTH = 1.5;
const LONGEST_RETRY: Millis = seconds(5 * 60);

export const newRecord = (letter: Letter): OutboxRecord => ({
  version: RECORD_VERSION,
  letter,
  sent: [],
  refused: [],
  owed: [],
  attempts: 0,
  trouble: '',
});

/**
 * The pause after `failures` failures in a row: growing by half, so that it is never much longer than the trouble has
 * lasted; capped, and spread by a quarter so that many hosts do not knock at once. `random` is from 0 to 1.
 */
export function retryDelay(failures: number, random: number): Millis {
  const grown = FIRST_RETRY * RETRY_GROWTH ** Math.min(30, Math.max(0, failures - 1));
  return millis(Math.round(Math.min(LONGEST_RETRY, grown) * (0.75 + 0.5 * random)));
}

/** The channels that still have to take the letter. */
export const channelsLeft = ({ letter, sent, refused }: OutboxRecord, channels: readonly string[]): readonly string[] =>
  channels.filter(
    (name) =>
      (letter.channels.length === 0 || letter.channels.includes(name)) &&
      !sent.includes(name) &&
      !refused.some(({ channel }) => channel === name),
  );

/** The recipients that a channel still has to serve; undefined: all of them. */
export const owedBy = (record: OutboxRecord, channel: string): readonly string[] | undefined =>
  record.owed.find((owed) => owed.channel === channel)?.addresses;

/** The record after one attempt at wall-clock time `now` (milliseconds since the epoch). */
export function afterAttempt(record: OutboxRecord, channel: string, delivery: Delivery, now: number): OutboxRecord {
  const attempts = record.attempts + 1;
  const others = record.owed.filter((owed) => owed.channel !== channel);
  switch (delivery.kind) {
    case 'sent':
      return { ...record, attempts, owed: others, sent: [...record.sent, channel] };
    case 'partly': {
      const rest = { ...record, attempts, trouble: delivery.reason };
      if (now - record.letter.at < GIVE_UP_AFTER) {
        return { ...rest, owed: [...others, { channel, addresses: delivery.owed }] };
      }
      return { ...rest, owed: others, sent: [...record.sent, channel] };
    }
    case 'refused':
      return {
        ...record,
        attempts,
        trouble: delivery.reason,
        refused: [...record.refused, { channel, reason: delivery.reason }],
      };
    case 'later': {
      const failed = { ...record, attempts, trouble: delivery.reason };
      if (now - record.letter.at < GIVE_UP_AFTER) return failed;
      const reason = `given up after 5 days: ${delivery.reason}`;
      return { ...failed, refused: [...record.refused, { channel, reason }] };
    }
  }
}

/** One line for the operator. */
export function describeDelivery(id: string, channel: string, delivery: Delivery): string {
  switch (delivery.kind) {
    case 'sent':
      return `mail ${id} sent by ${channel}${delivery.missed === undefined ? '' : `, but refused for ${delivery.missed}`}`;
    case 'partly':
      return `mail ${id} sent by ${channel}, but not yet to ${delivery.owed.join(', ')}: ${delivery.reason}`;
    case 'refused':
      return `mail ${id} refused by ${channel} for good: ${delivery.reason}`;
    case 'later':
      return `mail ${id} not yet sent by ${channel}: ${delivery.reason}`;
  }
}

/** An event that finds the queue full is counted in a report of the same program; undefined: that is full too. */
export function countedInto(report: Report, { serials, count, at }: Report): Report | undefined {
  if (report.count + count > MAX_COUNTED) return undefined;
  const brief = abridged(report);
  const facts = { ...brief.facts, stopped: Math.max(brief.facts.stopped, Math.floor(at / 1000)) };
  return { ...brief, facts, serials: [...report.serials, ...serials], count: report.count + count };
}
