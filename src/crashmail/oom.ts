/** Was a process killed for its memory? What counts as evidence, and how it reads. Pure. */
import { type MemoryVerdict, NO_VERDICT } from './report.ts';

/** What was read of the machine. */
export interface MemoryEvidence {
  /** The kernel's log; '' when it may not be read. */
  readonly kernelLog: string;
  /** How many processes the program's control group lost to its limit since it was looked at while the program ran. */
  readonly groupKills: number;
  /** The same for the whole machine. */
  readonly machineKills: number;
}

/** Records of /dev/kmsg: `priority,sequence,microseconds,flags;text`. @source Documentation/ABI/testing/dev-kmsg */
const RECORD = /^\d+,\d+,(\d+),[^;]*;(.*)$/;
const KILLED = /Killed process (\d+) \(([^)]{0,64})\)/;

/** The line about one of these processes, if it is not older than `since` (microseconds since boot). */
function killLine(log: string, pids: readonly number[], since: number): string | undefined {
  return log
    .split('\n')
    .map((line) => RECORD.exec(line))
    .filter((record) => record !== null && Number(record[1]) >= since)
    .map((record) => record?.[2] ?? '')
    .findLast((text) => pids.includes(Number(KILLED.exec(text)?.[1] ?? -1)));
}

/** @param pids the program's own process first, then what was seen below it */
export function judgeMemory(evidence: MemoryEvidence, pids: readonly number[], since: number): MemoryVerdict {
  const line = killLine(evidence.kernelLog, pids, since);
  if (line !== undefined) {
    const [, pid, name] = KILLED.exec(line) ?? [];
    const isLimit = /memory cgroup out of memory/i.test(line);
    const whom = Number(pid) === pids[0] ? '' : ` (pid ${pid}, ${name}, below it)`;
    return { kind: isLimit ? 'limit' : 'killed', evidence: `the kernel log says so${whom}` };
  }
  if (evidence.groupKills > 0) {
    return { kind: 'limit', evidence: 'its control group counts a process killed at its memory limit' };
  }
  if (evidence.machineKills > 0) {
    return { kind: 'possibly', evidence: 'the kernel has killed some process for memory just then' };
  }
  return NO_VERDICT;
}

/** The number behind a word, as in memory.events, memory.oom_control and /proc/vmstat. */
export function counterIn(content: string, name: string): number {
  const line = content.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0) || 0;
}

/** Where the control group's counter stands: version 2, or the memory controller of version 1. */
export function counterFile(cgroup: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path.includes('..')) continue;
    if (controllers.split(',').includes('memory')) return `/sys/fs/cgroup/memory${path}/memory.oom_control`;
  }
  const unified = /^0::(.*)$/m.exec(cgroup)?.[1];
  return unified === undefined || unified.includes('..') ? undefined : `/sys/fs/cgroup${unified}/memory.events`;
}
