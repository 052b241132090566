/**
 * Who a process is: a pid alone may belong to somebody else tomorrow. A descriptor of /proc/PID/stat that is kept open
 * fails once the process is gone, even when its pid is used again.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { errnoOf } from './errno.ts';

/** Field 22, counted from after the parenthesis of the name. */
const START_TIME = 19;
const STATE = 0;
const GROUP = 2;
const SESSION = 3;
const FLAGS = 6;
const KERNEL_THREAD = 0x00200000;
const BUFFER = Buffer.allocUnsafe(4096);

function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Half as long as readFileSync(), which asks for the size first and reads twice. */
function readFields(fd: number): readonly string[] {
  const length = readSync(fd, BUFFER, 0, BUFFER.length, 0);
  return fieldsOf(BUFFER.toString('latin1', 0, length));
}

const isDead = (fields: readonly string[]): boolean => fields[STATE] === 'Z' || fields[STATE] === 'X';

/** A pid's start time in clock ticks since boot; undefined when there is no such process, or only its zombie. */
export function startTimeOf(pid: number, which: 'live' | 'even a zombie' = 'live'): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
    const fields = readFields(fd);
    return which === 'live' && isDead(fields) ? undefined : fields[START_TIME];
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
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
      const fields = readFields(this.#fd);
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
  /** What COOKIE says; '' when it was found by its session or process group alone. */
  readonly cookie: string;
  /** It leads a session, as every child of the keeper does. */
  readonly isLeader: boolean;
  readonly session: number;
  readonly group: number;
}

const NO_SESSIONS: ReadonlySet<number> = new Set();

/**
 * Every live process whose environment, as it was started, holds a COOKIE that begins so.
 * @param sessions also whoever is in one of these sessions or process groups, whose leaders have ended: a process may
 * have been given another environment. The kernel uses such a number for nobody else while there are members.
 */
export function findMarked(prefix: string, sessions: ReadonlySet<number> = NO_SESSIONS): readonly Marked[] {
  const wanted = Buffer.from(`${COOKIE}=${prefix}`);
  const orphaned = new Set([...sessions].filter((pid) => startTimeOf(pid) === undefined));
  return readdirSync('/proc')
    .filter((name) => name >= '0' && name <= '9999999999')
    .flatMap((name) => look(Number(name), wanted, orphaned) ?? []);
}

function look(pid: number, wanted: Buffer, sessions: ReadonlySet<number>): Marked | undefined {
  try {
    const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const startTime = fields[START_TIME];
    if (startTime === undefined || isDead(fields) || Number(fields[FLAGS]) & KERNEL_THREAD) return undefined;
    const [session, group] = [Number(fields[SESSION]), Number(fields[GROUP])];
    const marked = { pid, startTime, isLeader: session === pid, session, group };
    const cookie = cookieOf(pid, wanted);
    if (cookie !== undefined) return { ...marked, cookie };
    return sessions.has(session) || sessions.has(group) ? { ...marked, cookie: '' } : undefined;
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw cause;
  }
}

function cookieOf(pid: number, wanted: Buffer): string | undefined {
  let environ: Buffer;
  try {
    environ = readFileSync(`/proc/${pid}/environ`);
  } catch (cause) {
    // It went away, or belongs to somebody into whose environment we may not look.
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw cause;
  }
  let at = environ.indexOf(wanted);
  while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(wanted, at + 1);
  if (at < 0) return undefined;
  const end = environ.indexOf(0, at);
  return environ.toString('utf8', at + COOKIE.length + 1, end < 0 ? environ.length : end);
}

/** The arguments of a process for a person to recognise it by, within `length`. */
export function commandOf(pid: number, length: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return words.length > length ? `${words.slice(0, length)}...` : words;
  } catch {
    return '';
  }
}
