/**
 * Who a process is: a pid alone may belong to somebody else tomorrow. A descriptor of /proc/PID/stat that is kept open
 * fails once the process is gone, even when its pid is used again.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { errnoOf } from './errno.ts';

/** Field 22, counted from after the parenthesis of the name. */
const START_TIME = 19;
const STATE = 0;
const SESSION = 3;
const BUFFER = Buffer.allocUnsafe(4096);

function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const isDead = (fields: readonly string[]): boolean => fields[STATE] === 'Z' || fields[STATE] === 'X';

/** A pid's start time in clock ticks since boot; undefined when there is no such process, or only its zombie. */
export function startTimeOf(pid: number, which: 'live' | 'even a zombie' = 'live'): string | undefined {
  try {
    const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return which === 'live' && isDead(fields) ? undefined : fields[START_TIME];
  } catch {
    return undefined;
  }
}

/** Differs after each boot; no pid or start time of an earlier one means anything. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** Watches one process that is not our child. */
export class Watched {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** undefined when the process is gone, or is another one. */
  static open(pid: number, startTime: string): Watched | undefined {
    let fd: number;
    try {
      fd = openSync(`/proc/${pid}/stat`, 'r');
    } catch {
      return undefined;
    }
    const watched = new Watched(fd);
    if (watched.#startTime() === startTime) return watched;
    watched.close();
    return undefined;
  }

  isAlive(): boolean {
    return this.#startTime() !== undefined;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #startTime(): string | undefined {
    try {
      const length = readSync(this.#fd, BUFFER, 0, BUFFER.length, 0);
      const fields = fieldsOf(BUFFER.toString('latin1', 0, length));
      return isDead(fields) ? undefined : fields[START_TIME];
    } catch {
      return undefined;
    }
  }
}

/** The variable by which a program and all that it starts can be found, wherever they hide. */
export const COOKIE = 'SUPERD_COOKIE';

export interface Marked {
  readonly pid: number;
  readonly startTime: string;
  /** What COOKIE says. */
  readonly cookie: string;
  /** It leads a session, as every child of the keeper does. */
  readonly isLeader: boolean;
}

/** Every live process whose environment, as it was started, holds a COOKIE that begins so. */
export function findMarked(prefix: string): readonly Marked[] {
  const wanted = Buffer.from(`${COOKIE}=${prefix}`);
  return readdirSync('/proc')
    .filter((name) => name >= '0' && name <= '9999999999')
    .flatMap((name) => look(Number(name), wanted) ?? []);
}

function look(pid: number, wanted: Buffer): Marked | undefined {
  try {
    const environ = readFileSync(`/proc/${pid}/environ`);
    let at = environ.indexOf(wanted);
    while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(wanted, at + 1);
    if (at < 0) return undefined;
    const end = environ.indexOf(0, at);
    const cookie = environ.toString('utf8', at + COOKIE.length + 1, end < 0 ? environ.length : end);
    const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const startTime = fields[START_TIME];
    if (startTime === undefined || isDead(fields)) return undefined;
    return { pid, startTime, cookie, isLeader: fields[SESSION] === String(pid) };
  } catch (cause) {
    // It went away, or belongs to somebody into whose environment we may not look.
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw cause;
  }
}
