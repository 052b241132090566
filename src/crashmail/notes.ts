/** What one run of crashmail leaves to the next, beside the reports: the flood, and which daemon it listened to. Pure. */
import { CALM, type FloodState, type Line, type Memory } from './flood.ts';
import { type Moment, NO_FACTS, type Report } from './report.ts';

export interface Notes {
  readonly flood: FloodState;
  /** The mark of the daemon; '' for none. */
  readonly daemon: string;
  /** Was crashmail told to end, as it is when the daemon stops it? */
  readonly isEnded: boolean;
  /** When this was written, milliseconds since the epoch. */
  readonly at: number;
  /** Up to which serial superd's journal was searched for deaths of superd; absent: never. */
  readonly journal?: number;
}

const VERSION = 1;
type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const areNumbers = (fields: Fields, ...keys: readonly string[]): boolean =>
  keys.every((key) => typeof fields[key] === 'number');

const isMemory = (value: unknown): value is Memory =>
  isFields(value) &&
  typeof value['program'] === 'string' &&
  typeof value['to'] === 'string' &&
  typeof value['isGivenUp'] === 'boolean' &&
  areNumbers(value, 'since', 'crashes', 'mails', 'mailedAt', 'lastCrash', 'distance');

const isLine = (value: unknown): value is Line =>
  isFields(value) &&
  typeof value['to'] === 'string' &&
  areNumbers(value, 'tokens', 'tokensAt', 'holdUntil', 'holdSince', 'warmUntil');

function floodOf(value: unknown): FloodState {
  if (!isFields(value) || !Array.isArray(value['memories']) || !Array.isArray(value['lines'])) return CALM;
  return { memories: value['memories'].filter(isMemory), lines: value['lines'].filter(isLine) };
}

export const writeNotes = (notes: Notes): string => `${JSON.stringify({ version: VERSION, ...notes })}\n`;

/** @returns undefined when there are none that can be read */
export function readNotes(text: string): Notes | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isFields(value) || value['version'] !== VERSION || !areNumbers(value, 'at')) return undefined;
    const { daemon, isEnded, at } = value;
    if (typeof daemon !== 'string' || typeof isEnded !== 'boolean' || typeof at !== 'number') return undefined;
    const journal = value['journal'];
    const rest = typeof journal === 'number' ? { journal } : {};
    return { flood: floodOf(value['flood']), daemon, isEnded, at, ...rest };
  } catch {
    return undefined;
  }
}

export const bootOf = (mark: string): string => mark.split(' ', 1)[0] ?? '';

/** A daemon that never told its crashmail to end, and another one now: it died and came back. */
export function daemonDeath(
  before: Notes | undefined,
  now: { readonly daemon: string; readonly at: number; readonly host: string; readonly id: string },
): Report | undefined {
  if (before === undefined || before.isEnded || before.daemon === '' || before.daemon === now.daemon) return undefined;
  const isReboot = bootOf(before.daemon) !== bootOf(now.daemon);
  const reason = isReboot ? REBOOTED : NO_SHUTDOWN;
  return deathReport({ ...now, reason, timeline: [{ at: before.at, text: 'last sign of life that crashmail noted' }] });
}

export const REBOOTED = 'the machine was restarted without an orderly shutdown of the supervisor';
export const NO_SHUTDOWN = 'the supervisor ended without an orderly shutdown, and was started again';

export interface DeathStory {
  readonly id: string;
  readonly at: number;
  readonly host: string;
  readonly reason: string;
  readonly timeline: readonly Moment[];
}

export const deathReport = ({ id, at, host, reason, timeline }: DeathStory): Report => ({
  id,
  at,
  serials: [],
  count: 1,
  host,
  server: '',
  incident: { kind: 'daemon', group: 'supervisor', process: 'supervisor', pid: 0, fromState: '', state: '' },
  detail: 'full',
  facts: { ...NO_FACTS, reason, timeline },
});
