/** The names of AUTO child logs, and which files are left-overs of an earlier run. Knows nothing of the file system. */
import type { Channel } from '../events/event.ts';

export interface AutoLog {
  readonly childlogdir: string;
  readonly process: string;
  readonly channel: Channel;
  readonly identifier: string;
  /** Eight of `[a-z0-9_]`. */
  readonly random: string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789_';
/** How many random bytes `randomPart` wants. */
export const RANDOM_LENGTH = 8;

/** Random bytes as the part of a name that makes it unique. */
export const randomPart = (random: Uint8Array): string =>
  Array.from(random, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');

/** File names end at 255 bytes; some are for the number of a backup. */
const LONGEST_NAME = 249;

/** As much of a text as fits, without half a character. */
function shortened(text: string, room: number): string {
  let result = '';
  let left = room;
  for (const character of text) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    result += character;
  }
  return result;
}

/** Of a process name that is too long for a file name the beginning is used. @source spec lifecycle 6.5 */
export function autoLogPath({ childlogdir, process, channel, identifier, random }: AutoLog): string {
  const directory = childlogdir.endsWith('/') ? childlogdir : `${childlogdir}/`;
  const rest = `-${channel}---${identifier}-${random}.log`;
  return `${directory}${shortened(process, LONGEST_NAME - Buffer.byteLength(rest))}${rest}`;
}

/**
 * Tells the AUTO logs of this identifier, backups included, by their file names. supervisord takes the identifier for a
 * pattern and looks at the beginning of names only; deleting files is no place for that.
 * @source spec lifecycle 6.5
 */
export function isAutoLog(identifier: string): (name: string) => boolean {
  const literal = identifier.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const pattern = new RegExp(`^.+?---${literal}-\\S+\\.log\\.?\\d{0,4}$`, 's');
  return (name) => pattern.test(name);
}
