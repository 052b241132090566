/** Random bytes of the system. node:crypto would cost each superd a megabyte and eight milliseconds for them. */
import { closeSync, openSync, readSync } from 'node:fs';

/** @throws the system error where there is no /dev/urandom */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const fd = openSync('/dev/urandom', 'r');
  try {
    readSync(fd, bytes, 0, length, null);
  } finally {
    closeSync(fd);
  }
  return bytes;
}
