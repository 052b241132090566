/** Which records somebody asks for, and the newest of them. Reads through a port; knows nothing of files. */
import { parseNamespec } from '../process/namespec.ts';
import type { EpochMillis } from '../units.ts';
import type { JournalRecord } from './record.ts';

export interface Filter {
  /** A group, `group:process` or `group:*`; undefined: everything. */
  readonly name: string | undefined;
  readonly since: EpochMillis | undefined;
  /** undefined: all kinds. */
  readonly kinds: ReadonlySet<string> | undefined;
}

/** Records as they are kept. */
export interface JournalReader {
  /** The serial of the newest record; 0 when there is none. */
  readonly last: number;
  /** First serials of the pieces that are kept, ascending. */
  starts(): readonly number[];
  /** What is there now after a serial, oldest first, batch by batch; others may run between two batches. */
  after(serial: number): AsyncIterable<readonly JournalRecord[]>;
}

/** The most records of one answer. */
export const MAX_RECORDS = 1000;

/** Calls without a name that concern every process. */
const FOR_ALL = /All|^supervisor\.(shutdown|restart)$/;

function isMeant(target: string, group: string, process: string | undefined): boolean {
  const named = parseNamespec(target);
  if (named.group !== group) return false;
  // `superctl` names a lone process and its group alike.
  return process === undefined || named.process === undefined || named.process === process || target === group;
}

/** Does a record speak of this process or group, or of all? */
export function concerns(record: JournalRecord, name: string): boolean {
  const { group, process: part } = parseNamespec(name);
  const process = name.includes(':') ? part : undefined;
  switch (record.kind) {
    case 'process-state':
    case 'spawn-error':
    case 'signal':
    case 'adopted':
    case 'disabled':
    case 'enabled':
    case 'process-communication':
      return record.group === group && (process === undefined || record.process === process);
    case 'process-group':
      return record.group === group;
    case 'config':
      return [...record.added, ...record.removed, ...record.changed.map((change) => change.group)].includes(group);
    case 'operator':
      return record.target === undefined ? FOR_ALL.test(record.action) : isMeant(record.target, group, process);
    case 'daemon':
      return true;
    case 'login':
    case 'supervisor-state':
    case 'problem':
    case 'bug':
    case 'remote-communication':
      return false;
  }
}

export function matches(record: JournalRecord, { name, since, kinds }: Filter): boolean {
  if (kinds !== undefined && !kinds.has(record.kind)) return false;
  if (since !== undefined && record.at < since) return false;
  return name === undefined || concerns(record, name);
}

/** The newest matching records, oldest first. Whole pieces are read from the end until there are enough. */
export async function newest(reader: JournalReader, filter: Filter, limit: number): Promise<readonly JournalRecord[]> {
  let found: readonly JournalRecord[] = [];
  let end = Number.POSITIVE_INFINITY;
  for (const first of reader.starts().toReversed()) {
    const piece: JournalRecord[] = [];
    for await (const batch of reader.after(first - 1)) {
      piece.push(...batch.filter((record) => record.serial < end && matches(record, filter)));
      if (piece.length > 2 * limit) piece.splice(0, piece.length - limit);
      if ((batch.at(-1)?.serial ?? 0) >= end - 1) break;
    }
    found = [...piece, ...found].slice(-limit);
    end = first;
    if (found.length >= limit) break;
  }
  return found;
}

/** The first matching records after a serial, oldest first, and how far was looked. */
export async function following(
  reader: JournalReader,
  { after, filter, limit }: { readonly after: number; readonly filter: Filter; readonly limit: number },
): Promise<{ readonly records: readonly JournalRecord[]; readonly last: number }> {
  const records: JournalRecord[] = [];
  let last = after;
  for await (const batch of reader.after(after)) {
    for (const record of batch) {
      last = record.serial;
      if (matches(record, filter)) records.push(record);
      if (records.length >= limit) return { records, last };
    }
  }
  return { records, last };
}
