/** Which process comes when. Pure. */
import { isStopped, isUnkillable } from '../process/state.ts';
import { allProcesses, type ProcessRecord, type World } from './world.ts';

/** What a daemon going down does next. */
export interface ShutdownStep {
  /** The processes of the priority level whose turn it is. */
  readonly turn: readonly ProcessRecord[];
  /** Every process that is not stopped yet and may still be, in the order of activation. */
  readonly left: readonly ProcessRecord[];
}

/** What hangs in the kernel must not keep the others from being stopped, nor superd from ending. */
const isWaitedFor = ({ state }: ProcessRecord): boolean => !isStopped(state.name) && !isUnkillable(state);

/**
 * The highest priority number goes first; a level waits until the one before is stopped. Groups of equal priority stop
 * together (supervisord does one group at a time, a second each), processes in descending priority.
 * @source spec lifecycle 5.3
 */
export function shutdownStep(world: World): ShutdownStep {
  const left = [...allProcesses(world)].filter(isWaitedFor);
  const levels = [...world.values()].filter((group) => [...group.processes.values()].some(isWaitedFor));
  if (levels.length === 0) return { turn: [], left };
  const level = Math.max(...levels.map(({ config }) => config.priority));
  const turn = levels
    .filter(({ config }) => config.priority === level)
    .reverse()
    .flatMap(({ processes }) => [...processes.values()].reverse().sort((a, b) => b.config.priority - a.config.priority))
    .filter(isWaitedFor);
  return { turn, left };
}
