/**
 * Lines with their checksum in front, `<crc32> <json>`, as the journal and the world file have them. One buffer serves all
 * of them: thousands of short-lived ones would leave the C library's heap full of holes.
 */
import { Buffer } from 'node:buffer';
import { crc32 } from './crc.ts';

const LF = 0x0a;
const SPACE = 0x20;
const CRC_DIGITS = 8;
/** Where the JSON begins. */
const JSON_AT: number = CRC_DIGITS + 1;
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const MAX_UNIT_BYTES = 3;

const BUFFER = Buffer.allocUnsafeSlow(32 * 1024);

/** @returns the line with its line feed; a short one is valid until the next call only */
export function sealLine(value: object): Uint8Array {
  const json = JSON.stringify(value);
  const most = JSON_AT + json.length * MAX_UNIT_BYTES + 1;
  const buffer = most <= BUFFER.length ? BUFFER : Buffer.allocUnsafeSlow(JSON_AT + Buffer.byteLength(json) + 1);
  const end = JSON_AT + buffer.write(json, JSON_AT);
  buffer.write(checksum(buffer.subarray(JSON_AT, end)), 'latin1');
  buffer[CRC_DIGITS] = SPACE;
  buffer[end] = LF;
  return buffer.subarray(0, end + 1);
}

/** @returns the JSON of a line without its line feed; undefined when the checksum denies it */
export function openLine(line: Uint8Array): string | undefined {
  if (line.length <= JSON_AT || line[CRC_DIGITS] !== SPACE) return undefined;
  const buffer = Buffer.from(line.buffer, line.byteOffset, line.length);
  const digits = buffer.toString('latin1', 0, CRC_DIGITS);
  return digits === checksum(line.subarray(JSON_AT)) ? buffer.toString('utf8', JSON_AT) : undefined;
}

/** Eight hexadecimal digits. */
const checksum = (json: Uint8Array): string => crc32(json).toString(16).padStart(CRC_DIGITS, '0');
