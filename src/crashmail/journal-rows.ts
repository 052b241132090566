/** What superd's journal tells about a program, as `superd.history` sends it. Pure; believes nothing unseen. */
import type { Answer } from './ports.ts';
import type { Ending } from './report.ts';

export interface JournalRow {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  /** The number under which listeners were told; undefined: none. */
  readonly event: number | undefined;
  readonly exit: Ending;
  readonly isStart: boolean;
  /** It was started again by itself. */
  readonly isRestart: boolean;
}

const UNKNOWN: Ending = { kind: 'unknown' };
export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function parseFields(text: unknown): Fields {
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

function exitOf(exit: unknown): Ending {
  if (!isFields(exit)) return UNKNOWN;
  if (exit['kind'] === 'code' && typeof exit['code'] === 'number') return { kind: 'code', code: exit['code'] };
  if (exit['kind'] !== 'signal' || typeof exit['signal'] !== 'string') return UNKNOWN;
  return { kind: 'signal', signal: exit['signal'], coreDumped: exit['coreDumped'] === true };
}

function rowOf(value: unknown): JournalRow | undefined {
  if (!isFields(value) || typeof value['text'] !== 'string' || typeof value['time'] !== 'number') return undefined;
  const record = parseFields(value['json']);
  const { at, event, exit, from, to } = record;
  return {
    at: typeof at === 'number' ? at : value['time'] * 1000,
    text: value['text'],
    event: typeof event === 'number' ? event : undefined,
    exit: exitOf(exit),
    isStart: to === 'STARTING',
    isRestart: to === 'STARTING' && (from === 'EXITED' || from === 'BACKOFF'),
  };
}

/** The structs in a list. */
export const fieldsOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** Oldest first; empty when there is no journal. */
export function readJournal(answer: Answer): readonly JournalRow[] {
  if (answer.kind !== 'value' || !Array.isArray(answer.value)) return [];
  return answer.value.map(rowOf).filter((row) => row !== undefined);
}

/** How the child ended of which this event told. */
export const endingInJournal = (rows: readonly JournalRow[], serials: readonly number[]): Ending =>
  rows.findLast(({ event, exit }) => event !== undefined && serials.includes(event) && exit.kind !== 'unknown')?.exit ??
  UNKNOWN;

/** When the run began and ended of whose end this event told, in seconds since the epoch; 0: that is not known. */
export function timesInJournal(
  rows: readonly JournalRow[],
  serials: readonly number[],
): { readonly started: number; readonly stopped: number } {
  const end = rows.findLastIndex(({ event }) => event !== undefined && serials.includes(event));
  const start = rows.slice(0, Math.max(0, end)).findLast(({ isStart }) => isStart);
  const seconds = (row: JournalRow | undefined): number => Math.floor((row?.at ?? 0) / 1000);
  return { started: seconds(start), stopped: seconds(rows[end]) };
}

/** How often it was started again from `start` on, milliseconds since the epoch. */
export const restartsSince = (rows: readonly JournalRow[], start: number): number =>
  rows.filter(({ isRestart, at }) => isRestart && at >= start).length;
