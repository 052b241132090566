/** Which process comes when. Pure. */
import { isStopped } from '../process/state.ts';
import { allProcesses, type ProcessRecord, type World } from './world.ts';

/** What a daemon going down does next. */
export interface ShutdownStep {
  /** The processes of the priority level whose turn it is. */
  readonly turn: readonly ProcessRecord[];
  /** Every process that is not stopped yet, in the order of activation. */
  readonly left: readonly ProcessRecord[];
}

/**
 * The highest priority number goes first; a level waits until the one before is stopped. Groups of equal priority stop
 * together (supervisord does one group at a time, a second each), processes in descending priority.
 * @source spec lifecycle 5.3
 */
export function shutdownStep(world: World): ShutdownStep {
  const left = [...allProcesses(world)].filter(({ state }) => !isStopped(state.name));
  const levels = [...world.values()].filter((group) =>
    [...group.processes.values()].some(({ state }) => !isStopped(state.name)),
  );
  if (levels.length === 0) return { turn: [], left };
  const level = Math.max(...levels.map(({ config }) => config.priority));
  const turn = levels
    .filter(({ config }) => config.priority === level)
    .reverse()
    .flatMap(({ processes }) => [...processes.values()].reverse().sort((a, b) => b.config.priority - a.config.priority))
    .filter(({ state }) => !isStopped(state.name));
  return { turn, left };
}
