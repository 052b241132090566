/** White space, order and bytes as Python sees them, where JavaScript differs. Knows nothing of configuration. */
import { fail, ok, type Result } from '../errors.ts';

/** What Python calls white space: unlike JavaScript, U+001C-1F and U+0085 too, and U+FEFF not. */
const WHITE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${WHITE}]+`);
const ONE = new RegExp(`^[${WHITE}]$`);
const WORDS = new RegExp(`[^${WHITE}]+`, 'g');

export const isWhite = (char: string): boolean => ONE.test(char);

export const trimStart = (text: string): string => text.replace(LEADING, '');

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhite(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

export const trim = (text: string): string => trimEnd(trimStart(text));

/** The pieces between runs of white space. */
export const words = (text: string): readonly string[] => text.match(WORDS) ?? [];

/** Only these sort otherwise than their units do. */
const SURROGATE = /[\ud800-\udfff]/;

/** Order by code point; JavaScript's own order is by UTF-16 unit, which puts U+10000 before U+E000. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1;
  const left = Array.from(a, (char) => char.codePointAt(0) ?? 0);
  const right = Array.from(b, (char) => char.codePointAt(0) ?? 0);
  const at = left.findIndex((code, index) => code !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at] ?? 0) - (right[at] ?? -1);
}

/** How many bytes the sequence that starts with this byte has; 0: none starts so. */
function sequenceLength(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

/** Second bytes are restricted after some first bytes: no overlong forms, surrogates, or values past U+10FFFF. */
function isContinuation(byte: number, first: number, at: number): boolean {
  const low = at > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = at > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}

/** The first fault of a text that is not UTF-8, in Python's words. */
function undecodable(bytes: Uint8Array): string {
  let start = 0;
  for (;;) {
    const first = bytes[start] ?? 0;
    const length = sequenceLength(first);
    let at = 1;
    while (at < length && start + at < bytes.length && isContinuation(bytes[start + at] ?? 0, first, at)) at += 1;
    if (length > 0 && at === length) {
      start += length;
      continue;
    }
    const ends = start + at >= bytes.length;
    const why = length === 0 ? 'invalid start byte' : ends ? 'unexpected end of data' : 'invalid continuation byte';
    const what =
      at === 1 ? `byte 0x${first.toString(16)} in position ${start}` : `bytes in position ${start}-${start + at - 1}`;
    return `'utf-8' codec can't decode ${what}: ${why}`;
  }
}

/** Decodes UTF-8; a byte order mark is skipped. @source spec lifecycle 1.1 */
export function decodeText(bytes: Uint8Array): Result<string, string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail(undecodable(bytes));
  }
}
