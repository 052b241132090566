/** Reads log files for the API and the live tails. Opens without blocking and never what is no plain file or device. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { fail, HostError, ok } from '../errors.ts';
import type { LogReader, LogStat, OpenLog } from '../rpc/ports.ts';
import { epochMillis } from '../units.ts';
import { errnoOf } from './errno.ts';

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** A device such as /dev/null counts as an empty log; reading a pipe would take bytes from its owner. */
const isReadable = (stats: Stats): boolean => stats.isFile() || stats.isCharacterDevice();

class FileLog implements OpenLog {
  readonly #descriptor: number;
  readonly #path: string;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  stat(): LogStat {
    const stats = fstatSync(this.#descriptor);
    const size = stats.isFile() ? stats.size : 0;
    return { size, modifiedAt: epochMillis(stats.mtimeMs), identity: identityOf(stats) };
  }

  read(offset: number, length: number): Uint8Array {
    const data = Buffer.allocUnsafe(length);
    let filled = 0;
    try {
      while (filled < length) {
        const count = readSync(this.#descriptor, data, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
    } catch (error) {
      throw new HostError('read', this.#path, errnoOf(error), error);
    }
    return data.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

export const logReader: LogReader = {
  open(path) {
    try {
      if (!isReadable(statSync(path))) return fail('failed');
      return ok(new FileLog(path, openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)));
    } catch (error) {
      return fail(errnoOf(error) === 'ENOENT' ? 'missing' : 'failed');
    }
  },
  identity(path) {
    try {
      return identityOf(statSync(path));
    } catch {
      return undefined;
    }
  },
};
