/**
 * One process as a pure function: (state, event, now, policy) → [next state, effects, states passed on the way].
 * Every pair of state and event is written out; time is an argument, so a late or stale wake-up is harmless.
 * It knows nothing of groups, logs, the daemon's mood or the machine.
 */
import type { ProcessConfig } from '../config/model.ts';
import { type Millis, millis, type Pid } from '../units.ts';
import type { ExitStatus, ProcessState } from './state.ts';

/** What the configuration says about starting and stopping. */
export type Policy = Pick<ProcessConfig, 'startsecs' | 'startretries' | 'stopwaitsecs' | 'exitcodes' | 'autorestart'>;

export type ProcessEvent =
  /** Somebody, or autostart, wants it to run. */
  | { readonly kind: 'start' }
  /** `isRestart`: it only makes room for a new start, which whoever asks takes care of. */
  | { readonly kind: 'stop'; readonly isRestart?: true }
  | { readonly kind: 'spawned'; readonly pid: Pid }
  | { readonly kind: 'spawn-failed'; readonly reason: string }
  | { readonly kind: 'exited'; readonly pid: Pid; readonly status: ExitStatus }
  /** The deadline may have passed. */
  | { readonly kind: 'wake' }
  /** The daemon is going down: nothing may start by itself any more. */
  | { readonly kind: 'abandon' };

export type Effect =
  | { readonly kind: 'spawn' }
  /** `stop` is the program's stopsignal, `kill` is SIGKILL. */
  | { readonly kind: 'signal'; readonly pid: Pid; readonly signal: 'stop' | 'kill' };

/** The states passed are those entered and left again within the step; each change is published. */
export type Step = readonly [state: ProcessState, effects: readonly Effect[], passed: readonly ProcessState[]];

type In<N extends ProcessState['name']> = Extract<ProcessState, { readonly name: N }>;

export const initial: ProcessState = { name: 'STOPPED' };

/** spec lifecycle 4.4: the pause before attempt n+1 is n seconds. */
const BACKOFF_STEP = 1000;
/** A process that ran shorter than this counts as quick; see `restartAt`. */
const QUICK_RUN = 1000;
/** So many quick runs in a row are restarted at once; after that starts are QUICK_RUN apart, so a storm costs little. */
const QUICK_RESTARTS = 3;
/** A process that survives SIGKILL (uninterruptible sleep) gets it again after this pause. */
const KILL_AGAIN = millis(10_000);
const TOO_QUICK = 'Exited too quickly (process log may have details)';

/** The instant (monotonic) at which `state` wants to hear `wake`, if any. */
export function deadlineOf(state: ProcessState): Millis | undefined {
  switch (state.name) {
    case 'STARTING':
      return state.pid === undefined ? undefined : state.runningAt;
    case 'BACKOFF':
      return state.retryAt;
    case 'STOPPING':
      return state.pid === undefined ? undefined : state.killAt;
    case 'EXITED':
      return state.restartAt;
    case 'STOPPED':
    case 'RUNNING':
    case 'FATAL':
      return undefined;
  }
}

/** The live child of a state, if there is one. */
export function pidOf(state: ProcessState): Pid | undefined {
  switch (state.name) {
    case 'STARTING':
    case 'RUNNING':
    case 'STOPPING':
      return state.pid;
    case 'STOPPED':
    case 'BACKOFF':
    case 'EXITED':
    case 'FATAL':
      return undefined;
  }
}

/** Is the exit one that `exitcodes` expects? Death by a signal never is. @source spec lifecycle 2.4 */
export const isExpected = (status: ExitStatus, policy: Policy): boolean =>
  status.kind === 'code' && policy.exitcodes.includes(status.code);

/**
 * Moves one process.
 * @param now when the event happened, monotonic
 * @source spec lifecycle 4.3
 */
export function step(state: ProcessState, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (state.name) {
    case 'STOPPED':
    case 'FATAL':
      return atRest(state, event, now, policy);
    case 'STARTING':
      return starting(state, event, now, policy);
    case 'RUNNING':
      return running(state, event, now, policy);
    case 'BACKOFF':
      return backoff(state, event, now, policy);
    case 'STOPPING':
      return stopping(state, event, now, policy);
    case 'EXITED':
      return exited(state, event, now, policy);
  }
}

const stay = (state: ProcessState): Step => [state, [], []];

function launch(now: Millis, policy: Policy, failures: number, quickRuns: number): Step {
  const runningAt = millis(now + policy.startsecs);
  return [{ name: 'STARTING', pid: undefined, since: now, runningAt, failures, quickRuns }, [{ kind: 'spawn' }], []];
}

/** spec lifecycle 4.4: BACKOFF counts one more failure; beyond startretries it is given up at once. */
function retryOrGiveUp(failures: number, reason: string, now: Millis, policy: Policy): Step {
  const retryAt = millis(now + failures * BACKOFF_STEP);
  const backoffState: ProcessState = { name: 'BACKOFF', retryAt, failures, reason };
  return failures > policy.startretries ? [{ name: 'FATAL', reason }, [], [backoffState]] : [backoffState, [], []];
}

function stopNow(pid: Pid | undefined, now: Millis, policy: Policy): Step {
  const killAt = millis(now + policy.stopwaitsecs);
  return [
    { name: 'STOPPING', pid, killAt, kills: 0 },
    pid === undefined ? [] : [{ kind: 'signal', pid, signal: 'stop' }],
    [],
  ];
}

function finish(run: In<'STARTING'> | In<'RUNNING'>, status: ExitStatus, now: Millis, policy: Policy): In<'EXITED'> {
  const expected = isExpected(status, policy);
  const again = policy.autorestart === 'always' || (policy.autorestart === 'unexpected' && !expected);
  const quickRuns = now - run.since < QUICK_RUN ? run.quickRuns + 1 : 0;
  const soonest = quickRuns > QUICK_RESTARTS ? millis(run.since + QUICK_RUN) : now;
  return { name: 'EXITED', status, expected, restartAt: again ? soonest : undefined, quickRuns };
}

function atRest(state: In<'STOPPED' | 'FATAL'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    case 'start':
      return launch(now, policy, 0, 0);
    case 'stop':
    case 'spawned':
    case 'spawn-failed':
    case 'exited':
    case 'wake':
    case 'abandon':
      return stay(state);
  }
}

function starting(state: In<'STARTING'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    case 'spawned':
      return policy.startsecs <= 0
        ? [{ name: 'RUNNING', pid: event.pid, since: now, quickRuns: state.quickRuns }, [], []]
        : stay({ ...state, pid: event.pid, since: now, runningAt: millis(now + policy.startsecs) });
    case 'spawn-failed':
      return retryOrGiveUp(state.failures + 1, event.reason, now, policy);
    case 'exited':
      return event.pid === state.pid ? exitWhileStarting(state, event.status, now, policy) : stay(state);
    case 'wake':
      return now >= state.runningAt && state.pid !== undefined
        ? [{ name: 'RUNNING', pid: state.pid, since: state.since, quickRuns: state.quickRuns }, [], []]
        : stay(state);
    case 'stop':
      return stopNow(state.pid, now, policy);
    case 'start':
    case 'abandon':
      return stay(state);
  }
}

/** spec lifecycle 4.3: too quick an exit is a failed start, whatever its status; a late one passes through RUNNING. */
function exitWhileStarting(state: In<'STARTING'>, status: ExitStatus, now: Millis, policy: Policy): Step {
  if (now < state.runningAt) return retryOrGiveUp(state.failures + 1, TOO_QUICK, now, policy);
  const passed: readonly ProcessState[] =
    state.pid === undefined
      ? []
      : [{ name: 'RUNNING', pid: state.pid, since: state.since, quickRuns: state.quickRuns }];
  return [finish(state, status, now, policy), [], passed];
}

function running(state: In<'RUNNING'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    case 'stop':
      return stopNow(state.pid, now, policy);
    case 'exited':
      return event.pid === state.pid ? [finish(state, event.status, now, policy), [], []] : stay(state);
    case 'start':
    case 'spawned':
    case 'spawn-failed':
    case 'wake':
    case 'abandon':
      return stay(state);
  }
}

function backoff(state: In<'BACKOFF'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    case 'wake':
      return now >= state.retryAt ? launch(now, policy, state.failures, 0) : stay(state);
    // spec lifecycle 4.3: a stop during BACKOFF goes straight to STOPPED.
    case 'stop':
      return [{ name: 'STOPPED' }, [], []];
    // spec lifecycle 5.3: at shutdown a process in BACKOFF is given up.
    case 'abandon':
      return [{ name: 'FATAL', reason: state.reason }, [], []];
    case 'start':
    case 'spawned':
    case 'spawn-failed':
    case 'exited':
      return stay(state);
  }
}

function stopping(state: In<'STOPPING'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    // The stop came while the spawn was under way.
    case 'spawned':
      return stopNow(event.pid, now, policy);
    case 'spawn-failed':
      return [{ name: 'STOPPED' }, [], []];
    case 'exited':
      return event.pid === state.pid ? [{ name: 'STOPPED' }, [], []] : stay(state);
    case 'wake':
      return now >= state.killAt && state.pid !== undefined
        ? [
            { ...state, killAt: millis(now + KILL_AGAIN), kills: state.kills + 1 },
            [{ kind: 'signal', pid: state.pid, signal: 'kill' }],
            [],
          ]
        : stay(state);
    case 'start':
    case 'stop':
    case 'abandon':
      return stay(state);
  }
}

function exited(state: In<'EXITED'>, event: ProcessEvent, now: Millis, policy: Policy): Step {
  switch (event.kind) {
    case 'start':
      return launch(now, policy, 0, 0);
    case 'wake':
      return state.restartAt !== undefined && now >= state.restartAt
        ? launch(now, policy, 0, state.quickRuns)
        : stay(state);
    case 'abandon':
      return stay({ ...state, restartAt: undefined });
    // spec lifecycle 4.4: nothing runs, so a stop is refused; but it must not come back by itself either.
    case 'stop':
      return stay({ ...state, restartAt: undefined });
    case 'spawned':
    case 'spawn-failed':
    case 'exited':
      return stay(state);
  }
}
