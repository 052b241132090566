/** What processes cost, as the kernel counts it. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Memory in MiB. */
export interface Memory {
  /** Pages that no other process shares and that were written to: what a copy more would cost. */
  readonly privateDirty: number;
  readonly rss: number;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Seconds of processor time so far, by the scheduler's own count in nanoseconds. Threads that ended are not in it. */
export function cpuSeconds(pids: readonly number[]): number {
  const ofThread = (pid: number, thread: string): number =>
    Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
  const all = pids.flatMap((pid) => threadsOf(pid).map((thread) => ofThread(pid, thread)));
  return all.reduce((sum, one) => sum + one, 0) / 1e9;
}

/** How often anything was read so far. */
export const readsOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + Number(/^syscr: (\d+)$/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0), 0);

export function memoryOf(pids: readonly number[]): Memory {
  const rollups = pids.map((pid) => read(`/proc/${pid}/smaps_rollup`));
  const total = (field: RegExp): number =>
    rollups.reduce((sum, text) => sum + Number(field.exec(text)?.[1] ?? 0), 0) / 1024;
  return { privateDirty: total(/^Private_Dirty:\s+(\d+)/m), rss: total(/^Rss:\s+(\d+)/m) };
}

export const descriptorsOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
};

interface Row {
  readonly pid: number;
  readonly ppid: number;
}

function everyProcess(): readonly Row[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = read(`/proc/${name}/stat`);
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === undefined || ppid === undefined || state === 'Z'
      ? []
      : [{ pid: Number(name), ppid: Number(ppid) }];
  });
}

/** The live processes below `root`, itself included. */
export function treeOf(root: number): readonly number[] {
  const rows = everyProcess();
  const mine = new Set(rows.some(({ pid }) => pid === root) ? [root] : []);
  for (let before = 0; before !== mine.size; ) {
    before = mine.size;
    for (const { pid, ppid } of rows) if (mine.has(ppid)) mine.add(pid);
  }
  return [...mine];
}

export function isLive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && stat[stat.lastIndexOf(')') + 2] !== 'Z';
}

export const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
