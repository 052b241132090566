/**
 * Which processes a test has started, directly or through others. A test has a tag, the unique name of its private
 * directory. Linux only, as /proc is read.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  /** The arguments, joined by blanks. */
  readonly command: string;
}

/** undefined when the process is gone, or may not be looked at. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function describe(pid: number): RunningProcess | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything; the rest is separated by blanks.
  const [state, ppid, pgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  const command = (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim();
  return { pid, ppid: Number(ppid), pgid: Number(pgid), command };
}

/** Every process that is alive; zombies are not. */
function everyProcess(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((name) => describe(Number(name)))
    .filter((process) => process !== undefined);
}

/**
 * The live processes that show `tag` in their environment or in their command, and all that descend from them. (Some
 * servers write their title over their environment, so one sign is not enough.)
 */
export function processesOf(tag: string): readonly RunningProcess[] {
  const all = everyProcess().filter(({ pid }) => pid !== process.pid);
  const isTagged = ({ pid, command }: RunningProcess): boolean =>
    command.includes(tag) || (read(`/proc/${pid}/environ`) ?? '').includes(tag);
  const mine = new Set(all.filter(isTagged).map(({ pid }) => pid));
  for (let before = -1; before !== mine.size; ) {
    before = mine.size;
    for (const { pid, ppid } of all) if (mine.has(ppid)) mine.add(pid);
  }
  return all.filter(({ pid }) => mine.has(pid));
}

export const isAlive = (pid: number): boolean => describe(pid) !== undefined;
