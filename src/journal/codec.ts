/**
 * Records as lines, `<crc32> <json>`, behind a first line that names the version. Reading never throws: a line whose
 * checksum is wrong is no record, and says nothing about its neighbours. Knows nothing of files.
 */
import { Buffer } from 'node:buffer';
import { fail, ok, type Result } from '../errors.ts';
import { crc32 } from './crc.ts';
import type { JournalRecord, RecordKind } from './record.ts';

/** The version that is written; a file of a newer one is neither read nor touched. */
export const JOURNAL_VERSION = 1;
/** The longest line, its line feed included. The data of a longer communication is left out. */
export const MAX_LINE: number = 1024 * 1024;

/** The first line of a segment. */
export interface Header {
  /** The serial of its first record. */
  readonly first: number;
  /** The next number that an event for listeners gets. */
  readonly nextEvent: number;
}

export type HeaderProblem =
  | { readonly kind: 'damaged' }
  /** Written by a later superd. */
  | { readonly kind: 'newer'; readonly version: number };

/** What a piece of a segment holds. */
export interface Batch {
  readonly records: readonly JournalRecord[];
  /** Bytes up to the end of the last whole line. */
  readonly consumed: number;
  /** Bytes up to the end of the last line that is sound; what comes after it may be torn. */
  readonly sound: number;
  /** Whole lines that are no records. */
  readonly damaged: number;
}

const LF = 0x0a;
const CRC_DIGITS = 8;
const JSON_AT = CRC_DIGITS + 1;

function encodeLine(value: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(value));
  const crc = crc32(json).toString(16).padStart(CRC_DIGITS, '0');
  return Buffer.concat([Buffer.from(`${crc} `), json, Buffer.of(LF)]);
}

/** What stands in a line whose checksum is right. */
function decodeLine(line: Uint8Array): unknown {
  if (line.length <= JSON_AT || line[CRC_DIGITS] !== 0x20) return undefined;
  const json = line.subarray(JSON_AT);
  const digits = Buffer.from(line.subarray(0, CRC_DIGITS)).toString('latin1');
  if (digits !== crc32(json).toString(16).padStart(CRC_DIGITS, '0')) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(json).toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

export const encodeHeader = ({ first, nextEvent }: Header): Uint8Array =>
  encodeLine({ journal: JOURNAL_VERSION, first, nextEvent });

/** Reads the first line of a segment, without its line feed. */
export function decodeHeader(line: Uint8Array): Result<Header, HeaderProblem> {
  const value = decodeLine(line);
  if (!isObject(value) || !isCount(value['journal'])) return fail({ kind: 'damaged' });
  if (value['journal'] > JOURNAL_VERSION) return fail({ kind: 'newer', version: value['journal'] });
  const { first, nextEvent } = value;
  return isCount(first) && isCount(nextEvent) ? ok({ first, nextEvent }) : fail({ kind: 'damaged' });
}

/** The line of a record; what makes it longer than a line may be is left out. */
export function encodeRecord(record: JournalRecord): Uint8Array {
  const line = encodeLine(record);
  if (line.length <= MAX_LINE) return line;
  const { serial, at } = record;
  // Without its number it is no event that could be sent again.
  if (record.kind === 'remote-communication') return encodeLine({ ...record, data: '', event: undefined });
  if (record.kind === 'process-communication') return encodeLine({ ...record, data: '', event: undefined });
  const text = `a record of kind ${record.kind} with ${line.length} bytes is too long to be kept`;
  return encodeLine({ serial, at, kind: 'problem', text } satisfies JournalRecord);
}

/** Takes as many whole lines as there are. A header is passed over; so is a record of a kind that is not known. */
export function decodeBatch(chunk: Uint8Array): Batch {
  const records: JournalRecord[] = [];
  let consumed = 0;
  let sound = 0;
  let damaged = 0;
  for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, consumed)) {
    const value = decodeLine(chunk.subarray(consumed, end));
    consumed = end + 1;
    if (value === undefined) damaged += 1;
    else sound = consumed;
    if (isRecord(value)) records.push(value);
  }
  return { records, consumed, sound, damaged };
}

type Shape = Readonly<Record<string, 'string' | 'number' | 'object'>>;
const OF: Shape = { group: 'string', process: 'string' };

/** What must be in a record of each kind; the rest may be absent. */
const SHAPES: Readonly<Record<RecordKind, Shape>> = {
  'process-state': { ...OF, from: 'string', to: 'string' },
  'spawn-error': { ...OF, reason: 'string' },
  signal: { ...OF, pid: 'number', signal: 'string', target: 'string', why: 'string' },
  operator: { action: 'string', args: 'object', by: 'object' },
  config: { added: 'object', changed: 'object', removed: 'object' },
  'process-group': { change: 'string', group: 'string' },
  'supervisor-state': { to: 'string' },
  daemon: { what: 'string', pid: 'number', version: 'string', boot: 'string' },
  adopted: { ...OF, pid: 'number' },
  login: { what: 'string', by: 'object' },
  disabled: OF,
  enabled: OF,
  problem: { text: 'string' },
  bug: { text: 'string' },
  'remote-communication': { type: 'string', data: 'string' },
  'process-communication': { ...OF, channel: 'string', pid: 'number', data: 'string' },
};

const SHAPE_OF: ReadonlyMap<string, Shape> = new Map(Object.entries(SHAPES));

export const RECORD_KINDS: readonly string[] = [...SHAPE_OF.keys()];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value) || typeof value['kind'] !== 'string') return false;
  if (!isCount(value['serial']) || typeof value['at'] !== 'number') return false;
  const shape = SHAPE_OF.get(value['kind']);
  if (shape === undefined) return false;
  return Object.entries(shape).every(([name, type]) => {
    const member = value[name];
    return typeof member === type && member !== null;
  });
}

/** For clients that get records from a server. */
export const readRecord = (value: unknown): JournalRecord | undefined => (isRecord(value) ? value : undefined);
