/** Reads what the kernel tells about processes that it killed for memory. Decides nothing. @source spec node 6 */
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { counterFile, counterIn, type MemoryEvidence } from '../crashmail/oom.ts';

/** The newest part of the kernel's log is enough. */
const MAX_RECORDS = 5000;
const RECORD_BYTES = 8192;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** One record for each read, until there is none; an EPIPE says that older ones were overwritten meanwhile. */
function readKernelLog(): string {
  const lines: string[] = [];
  let fd: number;
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  const buffer = Buffer.alloc(RECORD_BYTES);
  try {
    for (;;) {
      const [line = ''] = buffer.toString('utf8', 0, readSync(fd, buffer)).split('\n', 1);
      lines.push(line);
      if (lines.length > MAX_RECORDS) lines.shift();
    }
  } catch {
    return lines.join('\n');
  } finally {
    closeSync(fd);
  }
}

/** What is remembered of a program while it runs. */
export interface MemoryBaseline {
  /** The file with the counter of its control group; undefined: none. */
  readonly counter: string | undefined;
  readonly groupKills: number;
  /** Microseconds since boot. */
  readonly since: number;
}

export const microsecondsUp = (): number => Number(read('/proc/uptime').split(' ', 1)[0] ?? 0) * 1e6;
export const machineKills = (): number => counterIn(read('/proc/vmstat'), 'oom_kill');

export function memoryBaseline(pid: number): MemoryBaseline {
  const counter = counterFile(read(`/proc/${pid}/cgroup`));
  const groupKills = counter === undefined ? 0 : counterIn(read(counter), 'oom_kill');
  return { counter, groupKills, since: microsecondsUp() };
}

/** @param machineBefore what `machineKills` said a moment before */
export function memoryEvidence(baseline: MemoryBaseline | undefined, machineBefore: number): MemoryEvidence {
  const { counter, groupKills = 0 } = baseline ?? {};
  const before = machineKills() - machineBefore;
  return {
    // The kernel counts every such kill: without one there is nothing to look for.
    kernelLog: before > 0 ? readKernelLog() : '',
    groupKills: counter === undefined ? 0 : Math.max(0, counterIn(read(counter), 'oom_kill') - groupKills),
    machineKills: Math.max(0, before),
  };
}
