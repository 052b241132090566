/** One line of /proc/PID/stat, as far as the metrics want it. Pure. @source proc_pid_stat(5) */

/** A process at one moment. Times are in ticks of the kernel's clock. */
export interface Stat {
  readonly pid: number;
  readonly ppid: number;
  readonly session: number;
  /** Since boot; with the pid, the identity of a process. */
  readonly startTime: number;
  /** What it used itself. */
  readonly own: number;
  /** What those of its children used that ended and that it waited for, with all below them. */
  readonly reaped: number;
  /** Resident, in pages. */
  readonly pages: number;
}

/** Positions after the parenthesis of the name: the third field of the line is the first here. */
const FIELD = { ppid: 1, session: 3, utime: 11, stime: 12, cutime: 13, cstime: 14, startTime: 19, rss: 21 } as const;

/** undefined: it is no such line. A zombie uses no memory, and what it used counts until its parent has asked for it. */
export function parseStat(line: string): Stat | undefined {
  // The second field, in parentheses, is named by the program: it may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const number = (at: number): number => Number(fields[at]);
  const stat = {
    pid: Number.parseInt(line, 10),
    ppid: number(FIELD.ppid),
    session: number(FIELD.session),
    startTime: number(FIELD.startTime),
    own: number(FIELD.utime) + number(FIELD.stime),
    reaped: number(FIELD.cutime) + number(FIELD.cstime),
    pages: number(FIELD.rss),
  };
  return Object.values(stat).every(Number.isFinite) ? stat : undefined;
}
