/** Hashes and random texts. node:crypto is loaded when first used: an idle daemon does without it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { HostError } from '../errors.ts';

/** Lower-case hexadecimal, of a text in UTF-8. */
export const sha1 = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha1').update(text).digest('hex');

/** Lower-case hexadecimal, of a text in UTF-8. */
export const sha256 = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');

/** Hexadecimal, 32 digits. */
export const randomToken = (): string => randomData(16).toString('hex');

/** 32 bytes in base64url. */
export const randomSecret = (): string => randomData(32).toString('base64url');

/** From the system's own source, which needs no library. */
function randomData(size: number): Buffer {
  const descriptor = openSync('/dev/urandom', 'r');
  try {
    const data = Buffer.alloc(size);
    if (readSync(descriptor, data) < data.length) throw new HostError('read', '/dev/urandom', 'EIO');
    return data;
  } finally {
    closeSync(descriptor);
  }
}
