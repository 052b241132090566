/**
 * One move of one process, as a value: the new record, what to do, which changes to publish and what to log.
 * Pure: it turns the machine's answer into supervisord's history fields, events and log wording.
 */
import type { LogLevel } from '../config/model.ts';
import type { SupervisorEvent } from '../events/event.ts';
import { type Effect, type Policy, type ProcessEvent, pidOf, step } from '../process/machine.ts';
import { type ExitStatus, exitText, isStopped, isUnkillable, type ProcessState } from '../process/state.ts';
import type { EpochMillis, Millis } from '../units.ts';
import type { ProcessRecord } from './world.ts';

/** A line for the main log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** From one state to the next; both names differ. */
export interface Change {
  readonly from: ProcessState;
  readonly to: ProcessState;
}

export interface Transition {
  readonly record: ProcessRecord;
  readonly effects: readonly Effect[];
  readonly changes: readonly Change[];
  readonly events: readonly SupervisorEvent[];
  readonly lines: readonly LogLine[];
}

/** The times of a move: when it happened (monotonic), and what the clock on the wall says. */
export interface Moment {
  readonly at: Millis;
  readonly wall: EpochMillis;
}

export function transition(record: ProcessRecord, event: ProcessEvent, moment: Moment): Transition {
  const before = record.state;
  const [after, effects, passed] = step(before, event, moment.at, policyOf(record));
  const changes: Change[] = [];
  let from = before;
  for (const to of [...passed, after]) {
    if (to.name !== from.name) changes.push({ from, to });
    from = to;
  }
  const isDue = event.kind === 'stop' ? event.isRestart === true : record.isDue;
  const next = withHistory({ ...record, isDue, state: after }, before, event, moment.wall);
  return {
    record: next,
    effects,
    changes,
    events: changes.map((change) => ({ ...stateEvent(next, change), ...detailOf(change.to, event) })),
    lines: [...linesOf(record, event, changes), ...stuckLine(before, next)],
  };
}

/** Told once; SIGKILL is sent again all the same, should it ever come back. */
function stuckLine(before: ProcessState, { config, state }: ProcessRecord): readonly LogLine[] {
  if (isUnkillable(before) || !isUnkillable(state)) return [];
  const message = `${config.name} (${pidOf(state)}) survives SIGKILL, it hangs in the kernel; a shutdown does not wait for it`;
  return [{ level: 'critical', message }];
}

/** The code that the API reports: -1 stands for a signal. @source spec lifecycle 2.4 */
export const exitCode = (status: ExitStatus): number => (status.kind === 'code' ? status.code : -1);

/** What is disabled is not started again by itself, neither after it ended nor after a start that failed. */
const policyOf = ({ config, isDisabled }: ProcessRecord): Policy =>
  isDisabled ? { ...config, autorestart: 'never', startretries: 0 } : config;

/** spec lifecycle 4.4: which move sets or clears what the API tells of the last run. */
function withHistory(
  record: ProcessRecord,
  before: ProcessState,
  event: ProcessEvent,
  wall: EpochMillis,
): ProcessRecord {
  const { state } = record;
  if (state.name === 'STARTING' && before.name !== 'STARTING') {
    return { ...record, isDue: false, spawns: record.spawns + 1, startedAt: wall, spawnError: '', exitStatus: 0 };
  }
  if (event.kind === 'spawned') return { ...record, startedAt: wall };
  if (event.kind === 'spawn-failed' && 'reason' in state) return { ...record, spawnError: state.reason };
  if (event.kind !== 'exited' || state === before) return record;
  const lastExit = { pid: event.pid, status: event.status, startedAt: record.startedAt, stoppedAt: wall };
  const ended = { ...record, stoppedAt: wall, lastExit };
  if (state.name === 'BACKOFF' || state.name === 'FATAL') {
    return { ...ended, spawnError: state.reason, exitStatus: 0 };
  }
  const code = exitCode(event.status);
  const unexpected = state.name === 'EXITED' && !state.expected;
  return { ...ended, exitStatus: code, spawnError: unexpected ? `Bad exit code ${code}` : record.spawnError };
}

type StateEvent = Extract<SupervisorEvent, { readonly kind: 'process-state' }>;

/** How the child ended, for the state that this led to, and why a start failed. */
function detailOf(to: ProcessState, event: ProcessEvent): Pick<StateEvent, 'detail'> {
  const exit = event.kind === 'exited' && to.name !== 'RUNNING' ? { exit: event.status } : {};
  const reason = 'reason' in to ? { reason: to.reason } : {};
  const detail = { ...exit, ...reason };
  return Object.keys(detail).length === 0 ? {} : { detail };
}

/** @source spec api 3.2 */
function stateEvent(record: ProcessRecord, { from, to }: Change): StateEvent {
  const common = {
    kind: 'process-state',
    process: record.slot.process,
    group: record.slot.group,
    from: from.name,
  } as const;
  switch (to.name) {
    case 'STARTING':
    case 'BACKOFF':
      return { ...common, to: { name: to.name, tries: to.failures } };
    case 'RUNNING':
    case 'STOPPING':
      return { ...common, to: { name: to.name, pid: to.pid ?? 0 } };
    case 'STOPPED':
      return { ...common, to: { name: to.name, pid: pidOf(from) ?? 0 } };
    case 'EXITED':
      return { ...common, to: { name: to.name, pid: pidOf(from) ?? 0, expected: to.expected } };
    case 'FATAL':
      return { ...common, to: { name: to.name } };
  }
}

/** What a move says in the main log. @source spec lifecycle 7.2 */
function linesOf(record: ProcessRecord, event: ProcessEvent, changes: readonly Change[]): readonly LogLine[] {
  const { name } = record.config;
  const lines: LogLine[] = [];
  const say = (level: LogLevel, message: string): void => {
    lines.push({ level, message });
  };
  if (event.kind === 'spawned') say('info', `spawned: '${name}' with pid ${event.pid}`);
  if (event.kind === 'spawn-failed') say('info', `spawnerr: ${event.reason}`);
  if (event.kind === 'exited' && changes.length > 0) sayExit(record, event.status, changes, say);
  for (const { from, to } of changes) {
    if (to.name === 'RUNNING' && event.kind !== 'exited') {
      const startsecs = record.config.startsecs / 1000;
      say(
        'info',
        `success: ${name} entered RUNNING state, process has stayed up for > than ${startsecs} seconds (startsecs)`,
      );
    }
    if (to.name === 'FATAL' && event.kind !== 'abandon') {
      say('info', `gave up: ${name} entered FATAL state, too many start retries too quickly`);
    }
    if (from.name === 'BACKOFF' && to.name === 'STOPPED') {
      say('debug', `Attempted to kill ${name}, which is in BACKOFF state.`);
    }
  }
  return lines;
}

function sayExit(
  { config }: ProcessRecord,
  status: ExitStatus,
  changes: readonly Change[],
  say: (level: LogLevel, message: string) => void,
): void {
  const last = changes.find(({ to }) => isStopped(to.name))?.to;
  const text = exitText(status);
  if (last?.name === 'STOPPED') {
    const level = status.kind === 'code' && config.exitcodes.includes(status.code) ? 'info' : 'warn';
    return say(level, `stopped: ${config.name} (${text})`);
  }
  const expected = last?.name === 'EXITED' && last.expected;
  say(expected ? 'info' : 'warn', `exited: ${config.name} (${text}; ${expected ? 'expected' : 'not expected'})`);
}
