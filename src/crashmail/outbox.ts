/** The rules of the outbox: what a record on disk looks like, when it is tried again, when it is settled. Pure. */
import { type Millis, millis, seconds } from '../units.ts';
import type { Delivery } from './ports.ts';
import type { Report } from './report.ts';

/** Grows when a record of this form can no longer be read by older code. */
export const RECORD_VERSION = 1;

export interface OutboxRecord {
  readonly version: number;
  readonly report: Report;
  /** Channels that have it. */
  readonly sent: readonly string[];
  /** Channels that will never take it, and why. */
  readonly refused: readonly { readonly channel: string; readonly reason: string }[];
  readonly attempts: number;
  /** The last trouble; '' for none. */
  readonly trouble: string;
}

/** Waiting reports at most; beyond that the disk counts as full. */
export const MAX_WAITING = 10_000;
/** Settled reports kept on disk; the sent ones also tell a repeated event from a new one. */
export const KEPT_SENT = 500;
export const KEPT_FAILED = 1000;
/** How long delivery is tried, as mail servers do. */
const GIVE_UP_AFTER: Millis = seconds(5 * 86_400);
const FIRST_RETRY: Millis = seconds(2);
const LONGEST_RETRY: Millis = seconds(15 * 60);

export const newRecord = (report: Report): OutboxRecord => ({
  version: RECORD_VERSION,
  report,
  sent: [],
  refused: [],
  attempts: 0,
  trouble: '',
});

/**
 * The pause after `failures` failures in a row: doubling, capped, and spread by a quarter so that many hosts do not
 * knock at once. `random` is from 0 to 1.
 */
export function retryDelay(failures: number, random: number): Millis {
  const doubled = FIRST_RETRY * 2 ** Math.min(30, Math.max(0, failures - 1));
  return millis(Math.round(Math.min(LONGEST_RETRY, doubled) * (0.75 + 0.5 * random)));
}

/** The channels that still have to take the report. */
export const channelsLeft = (record: OutboxRecord, channels: readonly string[]): readonly string[] =>
  channels.filter((name) => !record.sent.includes(name) && !record.refused.some(({ channel }) => channel === name));

/** The record after one attempt at wall-clock time `now` (milliseconds since the epoch). */
export function afterAttempt(record: OutboxRecord, channel: string, delivery: Delivery, now: number): OutboxRecord {
  const attempts = record.attempts + 1;
  switch (delivery.kind) {
    case 'sent':
      return { ...record, attempts, sent: [...record.sent, channel] };
    case 'refused':
      return {
        ...record,
        attempts,
        trouble: delivery.reason,
        refused: [...record.refused, { channel, reason: delivery.reason }],
      };
    case 'later': {
      const failed = { ...record, attempts, trouble: delivery.reason };
      if (now - record.report.at < GIVE_UP_AFTER) return failed;
      const reason = `given up after 5 days: ${delivery.reason}`;
      return { ...failed, refused: [...record.refused, { channel, reason }] };
    }
  }
}

/** One line for the operator. */
export function describeDelivery(id: string, channel: string, delivery: Delivery): string {
  switch (delivery.kind) {
    case 'sent':
      return `report ${id} sent by ${channel}${delivery.missed === undefined ? '' : `, but refused for ${delivery.missed}`}`;
    case 'refused':
      return `report ${id} refused by ${channel} for good: ${delivery.reason}`;
    case 'later':
      return `report ${id} not yet sent by ${channel}: ${delivery.reason}`;
  }
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
const has = (fields: Fields, type: 'string' | 'number', ...keys: readonly string[]): boolean =>
  keys.every((key) => typeof fields[key] === type);

const isTail = (value: unknown): boolean =>
  isFields(value) && isTexts(value['lines']) && has(value, 'string', 'problem');

function isEnding(value: unknown): boolean {
  if (!isFields(value)) return false;
  if (value['kind'] === 'code') return has(value, 'number', 'code');
  if (value['kind'] === 'signal') return has(value, 'string', 'signal') && typeof value['coreDumped'] === 'boolean';
  return value['kind'] === 'unknown';
}

const isFacts = (value: unknown): boolean =>
  isFields(value) &&
  isEnding(value['ending']) &&
  has(value, 'number', 'started', 'stopped', 'restarts') &&
  has(value, 'string', 'reason') &&
  isFields(value['aftermath']) &&
  has(value['aftermath'], 'string', 'state') &&
  has(value['aftermath'], 'number', 'pid') &&
  isTail(value['stdout']) &&
  isTail(value['stderr']);

const isIncident = (value: unknown): boolean =>
  isFields(value) &&
  (value['kind'] === 'exited' || value['kind'] === 'fatal') &&
  has(value, 'string', 'process', 'group', 'fromState') &&
  has(value, 'number', 'pid');

const isReport = (value: unknown): boolean =>
  isFields(value) &&
  has(value, 'string', 'id', 'host', 'server') &&
  has(value, 'number', 'at') &&
  isIncident(value['incident']) &&
  isFacts(value['facts']);

const isRefusals = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => isFields(item) && has(item, 'string', 'channel', 'reason'));

const isRecord = (value: unknown): value is OutboxRecord =>
  isFields(value) &&
  value['version'] === RECORD_VERSION &&
  isReport(value['report']) &&
  isTexts(value['sent']) &&
  isRefusals(value['refused']) &&
  has(value, 'number', 'attempts') &&
  has(value, 'string', 'trouble');

export const writeRecord = (record: OutboxRecord): string => `${JSON.stringify(record)}\n`;

/** @returns undefined for anything that is not a record of this version, however it came about. */
export function readRecord(text: string): OutboxRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
