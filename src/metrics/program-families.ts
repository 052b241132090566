/** What `/metrics` tells of each program. */
import { STATE_CODES, type StateName } from '../process/state.ts';
import type { Control, ProcessInfo } from '../supervisor/control.ts';
import { CAUSES, type Exits } from './exits.ts';
import { counter, type Family, gauge, labels, type Value } from './exposition.ts';
import { nameOf, type Sample } from './metrics.ts';

const STATES = Object.keys(STATE_CODES).filter((name): name is StateName => name in STATE_CODES);

export interface ProgramFacts {
  readonly control: Pick<Control, 'groups' | 'history'>;
  /** undefined: nothing is sampled. */
  readonly sample: Sample | undefined;
  readonly exits: (name: string) => Exits;
}

interface Program {
  readonly info: ProcessInfo;
  /** Its group and its name. */
  readonly names: string;
}

/** One value of each program; those without one are left out. */
const each = (programs: readonly Program[], value: (info: ProcessInfo) => number | undefined): readonly Value[] =>
  programs.flatMap(({ info, names }) => {
    const found = value(info);
    return found === undefined ? [] : [{ labels: names, value: found }];
  });

function stateFamilies(programs: readonly Program[]): readonly Family[] {
  return [
    gauge(
      'superd_process_up',
      'Whether the process is RUNNING.',
      each(programs, ({ state }) => Number(state === 'RUNNING')),
    ),
    gauge(
      'superd_process_state',
      'The state of the process: 1 for the one that it is in, 0 for the others.',
      programs.flatMap(({ info, names }) =>
        STATES.map((state) => ({ labels: `${names},state="${state}"`, value: Number(info.state === state) })),
      ),
    ),
    gauge(
      'superd_process_disabled',
      'Whether an operator wants the process to stay down.',
      each(programs, ({ isDisabled }) => Number(isDisabled)),
    ),
    gauge(
      'superd_process_start_time_seconds',
      'When the live child was started, in UNIX seconds.',
      each(programs, ({ pid, startedAt }) => (pid === 0 || startedAt === undefined ? undefined : startedAt / 1000)),
    ),
  ];
}

function lifeFamilies(programs: readonly Program[], { control, exits }: ProgramFacts): readonly Family[] {
  return [
    counter(
      'superd_process_restarts_total',
      'Starts after the first, since the group became active.',
      each(programs, ({ slot }) => Math.max(0, (control.history(slot)?.starts ?? 1) - 1)),
    ),
    counter(
      'superd_process_exits_total',
      'How children ended: expected or unexpected by exitcodes, by a signal, before startsecs (start_failed), or as asked (stopped).',
      programs.flatMap(({ info, names }) => {
        const counts = exits(nameOf(info.slot));
        return CAUSES.map((cause) => ({ labels: `${names},cause="${cause}"`, value: counts[cause] }));
      }),
    ),
  ];
}

function useFamilies(programs: readonly Program[], { sample }: ProgramFacts): readonly Family[] {
  const reading = ({ slot }: ProcessInfo): ReturnType<Sample['readings']['get']> => sample?.readings.get(nameOf(slot));
  return [
    counter(
      'superd_process_cpu_seconds_total',
      'Processor time used by the process and all that descend from it.',
      each(programs, (info) => reading(info)?.cpuSeconds),
    ),
    gauge(
      'superd_process_resident_memory_bytes',
      'Resident memory of the process and all that descend from it; what they share counts for each.',
      each(programs, (info) => reading(info)?.rss),
    ),
    gauge(
      'superd_process_tree_processes',
      'How many processes the process and all that descend from it are.',
      each(programs, (info) => reading(info)?.processes),
    ),
  ];
}

export function programFamilies(facts: ProgramFacts): readonly Family[] {
  const programs = facts.control
    .groups()
    .flatMap(({ processes }) => processes)
    .map((info) => ({ info, names: labels({ group: info.slot.group, process: info.slot.process }) }));
  return [...stateFamilies(programs), ...lifeFamilies(programs, facts), ...useFamilies(programs, facts)];
}
