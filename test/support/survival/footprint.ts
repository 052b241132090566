/** What superd itself takes of the machine while programs come and go. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Daemon } from '../daemon.ts';
import { until } from '../until.ts';
import { brainOf } from './rig.ts';

/** Of one process. */
export interface Footprint {
  /** Resident, in kilobytes. */
  readonly rss: number;
  /** Resident and shared with nobody, in kilobytes. */
  readonly own: number;
  readonly descriptors: number;
}

export interface Footprints {
  readonly keeper: Footprint;
  readonly brain: Footprint;
}

/** Every one of these ends at once and is started again, at most once a second. */
export const RESTLESS = (programs: number): string => `
[program:restless]
command=/bin/true
numprocs=${programs}
process_name=%(program_name)s_%(process_num)d
autorestart=true
startsecs=0
`;

export function footprintOf(pid: number): Footprint {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return {
    rss: of('Rss'),
    own: of('Private_Clean') + of('Private_Dirty'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

export async function footprints(daemon: Daemon): Promise<Footprints> {
  const brain = await until('a brain', () => brainOf(daemon.pid));
  return { keeper: footprintOf(daemon.pid), brain: footprintOf(brain) };
}

/** How many children the main log tells of. */
export const spawnsIn = (log: string): number => log.split('\n').filter((line) => line.includes(' spawned: ')).length;
