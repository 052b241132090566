/** Signals to children: kept in the journal, told in supervisord's words, and what it means when one cannot be sent. */
import type { Effect } from '../process/machine.ts';
import { signalName } from '../process/signal.ts';
import { type Pid, type Signal, signal } from '../units.ts';
import type { Children, MainLog } from './host.ts';
import type { Journal } from './journal.ts';
import type { ProcessRecord } from './world.ts';

export interface SignalPorts {
  readonly children: Pick<Children, 'signal'>;
  readonly log: MainLog;
  readonly journal: Journal;
}

interface Sending {
  readonly pid: Pid;
  readonly number: Signal;
  readonly target: 'process' | 'group';
  readonly why: 'stop' | 'kill' | 'operator';
  /** @see SignalTarget */
  readonly purpose: string | undefined;
}

const SIGKILL = signal(9);

/** A stop, and each SIGKILL after it, is meant once. */
const purposeOf = ({ state }: ProcessRecord): string | undefined =>
  state.name === 'STOPPING' ? `stop-${state.kills}` : undefined;

/** @returns the errno's name, or undefined */
function send(ports: SignalPorts, { slot }: ProcessRecord, sending: Sending): string | undefined {
  const { pid, number, target, why, purpose } = sending;
  const entry = { kind: 'signal', ...slot, pid, signal: signalName(number), target, why } as const;
  const sent = ports.children.signal(pid, number, { whom: target, purpose });
  // A vanished process is left to the reaper; whoever was to be told is told by its exit.
  ports.journal.append(sent.ok ? entry : { ...entry, problem: sent.error });
  return sent.ok ? undefined : sent.error;
}

/**
 * Carries out what a stop asks for: the program's stopsignal, or SIGKILL.
 * @returns the text of an error that is not a vanished process
 * @source spec lifecycle 4.6
 */
export function sendStop(
  ports: SignalPorts,
  record: ProcessRecord,
  effect: Extract<Effect, { readonly kind: 'signal' }>,
): string | undefined {
  const { config } = record;
  const { log } = ports;
  const { pid, signal: why } = effect;
  const number = why === 'kill' ? SIGKILL : config.stopsignal;
  const isGroup = why === 'kill' ? config.killasgroup : config.stopasgroup;
  if (why === 'kill') log.log('warn', `killing '${config.name}' (${pid}) with SIGKILL`);
  log.log(
    'debug',
    `killing ${config.name} (pid ${pid}) ${isGroup ? 'process group ' : ''}with signal ${signalName(number)}`,
  );
  const problem = send(ports, record, {
    pid,
    number,
    target: isGroup ? 'group' : 'process',
    why,
    purpose: purposeOf(record),
  });
  if (problem === undefined) return undefined;
  if (problem === 'ESRCH') {
    log.log('debug', `unable to signal ${config.name} (pid ${pid}), it probably just exited on its own`);
    return undefined;
  }
  const text = `unknown problem killing ${config.name} (${pid}):${problem}`;
  log.log('critical', text);
  return text;
}

/**
 * Sends what an operator asked for, to the process and never to its group.
 * @returns the text of an error that is not a vanished process
 * @source spec api 2.3
 */
export function sendAsked(ports: SignalPorts, record: ProcessRecord, to: Pid, number: Signal): string | undefined {
  const { name } = record.config;
  const { log } = ports;
  log.log('debug', `sending ${name} (pid ${to}) sig ${signalName(number)}`);
  const problem = send(ports, record, { pid: to, number, target: 'process', why: 'operator', purpose: undefined });
  if (problem === undefined) return undefined;
  if (problem === 'ESRCH') {
    log.log('debug', `unable to signal ${name} (pid ${to}), it probably just now exited on its own`);
    return undefined;
  }
  const text = `unknown problem sending sig ${name} (${to}):${problem}`;
  log.log('critical', text);
  return text;
}
