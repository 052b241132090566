/**
 * Start, stop, signal and write for one process, with supervisord's checks in supervisord's order. A command has
 * begun when its function resolves; what is left to wait for is in `rest`, and goes on when nobody waits.
 */
import { parseSignal } from '../process/signal.ts';
import { isRunning, isSignallable, isStopped, type StateName } from '../process/state.ts';
import type { Control, ProcessInfo } from '../supervisor/control.ts';
import { RpcFault } from './faults.ts';
import { pythonText } from './python-text.ts';
import type { XmlValue } from './xml.ts';

export interface Begun {
  /** undefined: done. Rejects with RpcFault. */
  readonly rest: Promise<void> | undefined;
}
const DONE: Begun = { rest: undefined };

const hasLeftStarting = (state: StateName): boolean => state !== 'STARTING';

/** What became of a start; EXITED is reached only through RUNNING, so it was a success. @source spec api 2.3 */
function checkStarted(info: ProcessInfo | undefined, name: string): void {
  if (info?.state === 'RUNNING') return;
  if (info !== undefined && info.spawnError !== '') throw new RpcFault('SPAWN_ERROR', name);
  if (info?.state !== 'EXITED') throw new RpcFault('ABNORMAL_TERMINATION', name);
}

/** @param name the process as the caller named it, for fault texts. @source spec api 2.3 (startProcess) */
export async function beginStart(
  control: Control,
  { slot, state, isDisabled }: ProcessInfo,
  { name, wait }: { readonly name: string; readonly wait: boolean },
): Promise<Begun> {
  const problem = control.check(slot);
  if (problem !== undefined) {
    throw new RpcFault(problem.kind === 'no-file' ? 'NO_FILE' : 'NOT_EXECUTABLE', problem.text);
  }
  if (isRunning(state)) throw new RpcFault('ALREADY_STARTED', name);
  // A fault that supervisorctl has words for; superctl shows the text.
  if (isDisabled) throw new RpcFault('SPAWN_ERROR', `${name} is disabled: superctl enable ${name}`);
  if (state === 'UNKNOWN') throw new RpcFault('FAILED', `${name} is in an unknown process state`);
  // Nothing can be started while its predecessor is stopping; without wait, supervisord would claim success.
  if (state === 'STOPPING') throw new RpcFault('ABNORMAL_TERMINATION', name);
  if ((await control.start(slot)) === 'failed') throw new RpcFault('SPAWN_ERROR', name);
  if (!wait) return DONE;
  const now = control.process(slot);
  if (now?.state !== 'STARTING') {
    checkStarted(now, name);
    return DONE;
  }
  return { rest: control.settled(slot, hasLeftStarting).then((info) => checkStarted(info, name)) };
}

/** @source spec api 2.3 (stopProcess) */
export function beginStop(
  control: Control,
  { slot, state }: ProcessInfo,
  { name, wait }: { readonly name: string; readonly wait: boolean },
): Begun {
  if (!isRunning(state)) {
    // It may be about to be restarted; whoever says stop does not want that.
    control.stop(slot);
    throw new RpcFault('NOT_RUNNING', name);
  }
  const stopped = control.stop(slot);
  if (!stopped.ok) throw new RpcFault('FAILED', stopped.error);
  const now = control.process(slot);
  if (!wait || now === undefined || isStopped(now.state)) return DONE;
  return { rest: control.settled(slot, isStopped).then(() => undefined) };
}

/** @param asked the signal as the caller gave it. @source spec api 2.3 (signalProcess) */
export function sendSignal(
  control: Control,
  { slot, state }: ProcessInfo,
  { name, asked }: { readonly name: string; readonly asked: XmlValue },
): void {
  const signal = parseSignal(pythonText(asked));
  if (!signal.ok) throw new RpcFault('BAD_SIGNAL', pythonText(asked));
  if (!isSignallable(state)) throw new RpcFault('NOT_RUNNING', name);
  const sent = control.signal(slot, signal.value);
  if (!sent.ok) throw new RpcFault('FAILED', sent.error);
}

/** @source spec api 2.3 (sendProcessStdin) */
export function writeStdin(
  control: Control,
  { slot, state, pid }: ProcessInfo,
  { name, chars }: { readonly name: string; readonly chars: string },
): void {
  if (pid === 0 || state === 'STOPPING') throw new RpcFault('NOT_RUNNING', name);
  const written = control.write(slot, new TextEncoder().encode(chars));
  if (written.ok) return;
  if (written.error === 'closed') throw new RpcFault('NO_FILE', name);
  throw new RpcFault('FAILED', `${name} does not read its standard input`);
}
