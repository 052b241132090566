/** Tells processes apart beyond their pid: the boot, and the moment of their start, as Linux counts it. */
import { readFileSync } from 'node:fs';

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat behind the command's name: state, ppid, pgrp, … @source proc_pid_stat(5) */
function statFields(pid: number | 'self'): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const PPID = 1;
const PGRP = 2;
const START_TIME = 19;

const bootId = (): string => (read('/proc/sys/kernel/random/boot_id') ?? '').trim();

/** @returns undefined when there is no such process, or no /proc */
export function processMark(pid: number): string | undefined {
  const start = statFields(pid)?.[START_TIME];
  return start === undefined ? undefined : `${bootId()} ${pid} ${start}`;
}

/**
 * The mark of the daemon that started us, even through a shell: the daemon makes its child a process group leader, so
 * the daemon is the parent of the leader of our group.
 */
export function daemonMark(): string | undefined {
  const leader = Number(statFields('self')?.[PGRP] ?? 0);
  const parent = Number(statFields(leader)?.[PPID] ?? 0) || process.ppid;
  return processMark(parent);
}
