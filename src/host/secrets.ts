/** Hashes and random texts. node:crypto is loaded when first used: an idle daemon does without it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { HostError } from '../errors.ts';

/** Lower-case hexadecimal, of a text in UTF-8. */
export const sha1 = (text: string): string =>
  process.getBuiltinModule('node:crypto').createHash('sha1').update(text).digest('hex');

/** Hexadecimal, 32 digits. From the system's own source, which needs no library. */
export function randomToken(): string {
  const descriptor = openSync('/dev/urandom', 'r');
  try {
    const data = Buffer.alloc(16);
    if (readSync(descriptor, data) < data.length) throw new HostError('read', '/dev/urandom', 'EIO');
    return data.toString('hex');
  } finally {
    closeSync(descriptor);
  }
}
