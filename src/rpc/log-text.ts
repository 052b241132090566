/**
 * What the read and tail methods answer: which bytes of a log, and those bytes as text. The rules are supervisord's,
 * byte for byte; where it breaks on bytes that are no UTF-8, the text is mended.
 */
import type { Result } from '../errors.ts';
import { fail, ok } from '../errors.ts';
import type { LogReader, OpenLog } from './ports.ts';

/** The most bytes that one answer carries; the default `logfile_maxbytes` (50 MB) fits. */
export const MAX_LOG_READ: number = 64 * 1024 * 1024;

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes of a read; undefined for arguments that make no sense. @source spec api 2.5 (read rule) */
export function readRange(size: number, offset: number, length: number): ByteRange | undefined {
  if (offset < 0) return length === 0 ? { start: Math.max(0, size + offset), end: size } : undefined;
  if (length < 0) return undefined;
  const start = Math.min(offset, size);
  return { start, end: length === 0 ? size : Math.min(size, start + length) };
}

/** The bytes of a tail, and whether some were skipped. @source spec api 2.5 (tail rule) */
export function tailRange(size: number, offset: number, length: number): ByteRange & { readonly overflow: boolean } {
  const overflow = size > offset + length;
  let start = overflow ? size - 1 : offset;
  let wanted = length;
  if (start + wanted > size) {
    if (start > size - 1) wanted = 0;
    start = size - wanted;
  }
  start = Math.min(size, Math.max(0, start));
  return { start, end: Math.min(size, start + Math.max(0, wanted)), overflow };
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes a UTF-8 character has, by its first byte. */
function characterLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

/** Where the last character begins if it is incomplete, else the end. */
function completeEnd(data: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, data.length); back += 1) {
    const byte = data[data.length - back] ?? 0;
    if (!isContinuation(byte)) return characterLength(byte) > back ? data.length - back : data.length;
  }
  return data.length;
}

/**
 * Bytes of a log as text: a character cut by the range is left out, other bytes that are no UTF-8 become U+FFFD.
 * @source spec api 1.7
 */
export function logText(data: Uint8Array, cut: { readonly before: boolean; readonly after: boolean }): string {
  let from = 0;
  while (cut.before && from < 3 && isContinuation(data[from])) from += 1;
  const to = cut.after ? completeEnd(data) : data.length;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(data.subarray(from, Math.max(from, to)));
}

function textOfRange(log: OpenLog, { start, end }: ByteRange, size: number): string {
  const data = log.read(start, end - start);
  return logText(data, { before: start > 0, after: start + data.length < size });
}

/** Runs `use` on an open log; any error of the machine is `failed`. */
function withLog<T, E>(
  logs: LogReader,
  path: string,
  use: (log: OpenLog) => Result<T, E>,
): Result<T, E | 'missing' | 'failed'> {
  const opened = logs.open(path);
  if (!opened.ok) return opened;
  using log = opened.value;
  try {
    return use(log);
  } catch {
    return fail('failed');
  }
}

/** Answers readLog and readProcess*Log. */
export const readLogText = (
  logs: LogReader,
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): Result<string, 'missing' | 'failed' | 'bad-arguments'> =>
  withLog(logs, path, (log) => {
    const { size } = log.stat();
    const range = readRange(size, offset, length);
    if (range === undefined) return fail('bad-arguments');
    // Beyond the limit, a read "the last n bytes" keeps the end and any other keeps the beginning.
    const start = offset < 0 ? Math.max(range.start, range.end - MAX_LOG_READ) : range.start;
    return ok(textOfRange(log, { start, end: Math.min(range.end, start + MAX_LOG_READ) }, size));
  });

export interface Tail {
  readonly text: string;
  /** The size of the file. */
  readonly offset: number;
  readonly overflow: boolean;
}

/** Answers tailProcess*Log, which never faults for a log: one that is missing is empty. */
export function tailLogText(
  logs: LogReader,
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): Tail {
  const result = withLog(logs, path, (log) => {
    const { size } = log.stat();
    const { start, end, overflow } = tailRange(size, offset, length);
    return ok({
      text: textOfRange(log, { start: Math.max(start, end - MAX_LOG_READ), end }, size),
      offset: size,
      overflow,
    });
  });
  if (result.ok) return result.value;
  return { text: '', offset: result.error === 'missing' ? 0 : offset, overflow: false };
}
