/**
 * What became of a process while no brain was there: decided from what was written down, from what the keeper knows, and
 * from what was found in the list of processes. Pure. A program is never started beside a live copy of itself.
 */
import { pidOf } from '../process/machine.ts';
import type { ProcessRecord } from './world.ts';

/** A live process that was identified beyond its pid. */
export interface Sighting {
  readonly serial: number;
  readonly pid: number;
  readonly startTime: string;
  /** Monotonic; when it was started, as far as is known. */
  readonly at: number;
}

/** What is known of one slot. */
export interface Evidence {
  /** The keeper's word: the child lives, or its end is about to be told. */
  readonly kept: Sighting | undefined;
  /** A live process with this slot's cookie, and no keeper that is its parent. */
  readonly found: Sighting | undefined;
}

export type Recovery =
  /** It is as it was. */
  | { readonly kind: 'as-it-was' }
  /** The keeper has it. */
  | { readonly kind: 'kept'; readonly child: Sighting }
  /** It lives, but its keeper does not: it is watched from now on. */
  | { readonly kind: 'adopted'; readonly child: Sighting }
  /** The spawn was asked for, and nothing of it is to be seen: it is asked for again. */
  | { readonly kind: 'spawn-again' }
  /** The same, but it was to be stopped anyway. */
  | { readonly kind: 'never-spawned' }
  /** It ended while nobody watched. */
  | { readonly kind: 'gone' }
  /** Its spawn was not written down, as nothing could be: it is taken over like any other. */
  | { readonly kind: 'unrecorded'; readonly child: Sighting; readonly by: 'keeper' | 'cookie' };

export function recover(record: ProcessRecord, { kept, found }: Evidence): Recovery {
  const { state, startTime, spawns } = record;
  const pid = pidOf(state);
  if (kept !== undefined && kept.serial > spawns) return { kind: 'unrecorded', child: kept, by: 'keeper' };
  if (found !== undefined && found.serial > spawns) return { kind: 'unrecorded', child: found, by: 'cookie' };
  if (pid !== undefined) {
    if (kept?.pid === pid) return { kind: 'kept', child: kept };
    const isSame = found !== undefined && found.pid === pid && found.startTime === startTime;
    return isSame ? { kind: 'adopted', child: found } : { kind: 'gone' };
  }
  if (state.name === 'STARTING' || state.name === 'STOPPING') {
    if (kept?.serial === spawns) return { kind: 'kept', child: kept };
    if (found?.serial === spawns) return { kind: 'adopted', child: found };
    return { kind: state.name === 'STARTING' ? 'spawn-again' : 'never-spawned' };
  }
  // A process of an earlier spawn is one that the program left behind; it may live.
  return { kind: 'as-it-was' };
}
