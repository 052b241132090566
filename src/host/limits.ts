/**
 * Resource limits. Node raises its own soft limit of open files to the hard one; the programs must not inherit that, as
 * some walk over every possible descriptor. So the keeper takes back the limit that superd was started with.
 */
import { readFileSync } from 'node:fs';
import type { Limit } from '../keeper/protocol.ts';

type Resource = 'NOFILE' | 'NPROC';
const ROW: Readonly<Record<Resource, string>> = { NOFILE: 'Max open files', NPROC: 'Max processes' };

const amount = (text: string | undefined): number =>
  text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);

function limitOf(resource: Resource): { readonly soft: number; readonly hard: number } {
  const row = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(ROW[resource]));
  const [soft, hard] = row?.slice(ROW[resource].length).trim().split(/\s+/) ?? [];
  return { soft: amount(soft), hard: amount(hard) };
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

export interface LimitsWanted {
  readonly minfds: number;
  readonly minprocs: number;
  /** The soft limit of open files before Node raised it; 0 when unknown. */
  readonly foundFiles: number;
}

/** undefined: the limit is good as it is. */
export interface LimitsToSet {
  readonly nofile: Limit | undefined;
  readonly nproc: Limit | undefined;
  /** To be logged when they have been set. */
  readonly infos: readonly string[];
}

/** How many files this process may have open now. */
export const foundFileLimit = (): number => limitOf('NOFILE').soft;

/** What `minfds` and `minprocs` ask for. @source spec lifecycle 6.4 */
export function limitsFor({ minfds, minprocs, foundFiles }: LimitsWanted): LimitsToSet {
  const files = limitOf('NOFILE');
  const processes = limitOf('NPROC');
  const target = Math.max(foundFiles, minfds);
  const mayStay = files.soft === target || !Number.isFinite(target);
  const fewProcesses = processes.soft < minprocs;
  return {
    nofile: mayStay ? undefined : { soft: target, hard: finite(Math.max(files.hard, target)) },
    nproc: fewProcesses ? { soft: minprocs, hard: finite(Math.max(processes.hard, minprocs)) } : undefined,
    infos: [
      ...(foundFiles < minfds ? [`Increased RLIMIT_NOFILE limit to ${minfds}`] : []),
      ...(fewProcesses ? [`Increased RLIMIT_NPROC limit to ${minprocs}`] : []),
    ],
  };
}

/** The usage error for a limit that could not be raised. */
export function tooFew(what: 'nofile' | 'nproc', { minfds, minprocs }: LimitsWanted): string {
  const [things, kind, key, least] =
    what === 'nofile'
      ? ['file descriptors', 'process', 'minfds', minfds]
      : ['available processes', 'program', 'minprocs', minprocs];
  return (
    `The minimum number of ${things} required to run this ${kind} is ${least} as per the "${key}" setting. ` +
    'The current environment will not allow as many. Lower the setting, or raise the hard limit.'
  );
}
