/**
 * Resource limits. Node raises its own soft limit of open files to the hard one; the programs must not inherit that, as
 * some walk over every possible descriptor. So the limit that superd was started with is restored where it suffices.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { errnoOf } from './errno.ts';

type Resource = 'NOFILE' | 'NPROC';
const ROW: Readonly<Record<Resource, string>> = { NOFILE: 'Max open files', NPROC: 'Max processes' };

/** The first descriptor that may have been inherited by accident. */
const FIRST_STRAY_FD = 3;
const O_CLOEXEC = 0o2000000;

interface Limit {
  readonly soft: number;
  readonly hard: number;
}

const amount = (text: string | undefined): number =>
  text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);

function limitOf(resource: Resource): Limit {
  const row = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(ROW[resource]));
  const [soft, hard] = row?.slice(ROW[resource].length).trim().split(/\s+/) ?? [];
  return { soft: amount(soft), hard: amount(hard) };
}

const word = (value: number): string => (Number.isFinite(value) ? String(value) : 'unlimited');

function setLimit(resource: Resource, { soft, hard }: Limit): boolean {
  try {
    const option = `--${resource.toLowerCase()}=${word(soft)}:${word(hard)}`;
    execFileSync('prlimit', ['--pid', String(process.pid), option], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface LimitsWanted {
  readonly minfds: number;
  readonly minprocs: number;
  /** The soft limit of open files before Node raised it; 0 when unknown. */
  readonly foundFiles: number;
  /** How many descriptors superd itself may come to need. */
  readonly ownFiles: number;
}

/**
 * Raises limits as `minfds` and `minprocs` ask.
 * @returns lines for the log, or a usage error
 * @source spec lifecycle 6.4
 */
export function applyLimits(wanted: LimitsWanted): { readonly infos: readonly string[]; readonly error?: string } {
  const infos: string[] = [];
  const files = limitOf('NOFILE');
  const target = Math.max(wanted.foundFiles, wanted.minfds);
  const hard = Math.max(files.hard, target);
  if (hard > files.hard && !setLimit('NOFILE', { soft: target, hard })) {
    return { infos, error: tooFew('file descriptors', wanted.minfds) };
  }
  if (wanted.foundFiles < wanted.minfds) infos.push(`Increased RLIMIT_NOFILE limit to ${wanted.minfds}`);
  if (files.soft !== target && wanted.ownFiles < target) setLimit('NOFILE', { soft: target, hard });
  const processes = limitOf('NPROC');
  if (processes.soft < wanted.minprocs) {
    const raised = { soft: wanted.minprocs, hard: Math.max(processes.hard, wanted.minprocs) };
    if (!setLimit('NPROC', raised)) return { infos, error: tooFew('processes', wanted.minprocs) };
    infos.push(`Increased RLIMIT_NPROC limit to ${wanted.minprocs}`);
  }
  return { infos };
}

function tooFew(what: 'file descriptors' | 'processes', least: number): string {
  const kind = what === 'processes' ? 'available processes' : what;
  const run = what === 'processes' ? 'program' : 'process';
  return (
    `The minimum number of ${kind} required to run this ${run} is ${least} as per the "min${what === 'processes' ? 'procs' : 'fds'}" ` +
    `setting. The current environment will only allow you to open fewer. Lower the setting, or raise the hard limit.`
  );
}

/** Descriptors that whoever started superd left open would otherwise be inherited by every program. */
export function closeStrayDescriptors(keep: readonly number[]): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd < FIRST_STRAY_FD || keep.includes(fd)) continue;
    try {
      const flags = /^flags:\s*0?(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch (cause) {
      // The descriptor of the listing itself is gone already.
      if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'EBADF') throw cause;
    }
  }
}
