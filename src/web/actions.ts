/** What the buttons of the plain pages do, and the sentence that tells how it went. */
import { dispatch } from '../rpc/dispatch.ts';
import { type FaultName, RpcFault } from '../rpc/faults.ts';
import type { Access } from '../rpc/method.ts';
import type { RpcPorts } from '../rpc/ports.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sun Nov 22 10:10:18 2026`, local time. */
export function formatCtime(time: number): string {
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  const day = String(date.getDate()).padStart(2, ' ');
  return `${DAYS[date.getDay()] ?? ''} ${MONTHS[date.getMonth()] ?? ''} ${day} ${clock.join(':')} ${date.getFullYear()}`;
}

const START_FAULTS: Partial<Record<FaultName, string>> = {
  NO_FILE: 'no such file',
  NOT_EXECUTABLE: 'file not executable',
  ALREADY_STARTED: 'already started',
  SPAWN_ERROR: 'spawn error',
  ABNORMAL_TERMINATION: 'abnormal termination',
};

/** @source spec api 7 */
function failure(name: string, action: string, error: unknown): string {
  if (!(error instanceof RpcFault)) throw error;
  if (error.fault === 'BAD_NAME') return `No such process named ${name}`;
  const known = action === 'start' || action === 'restart' ? START_FAULTS[error.fault] : undefined;
  return `ERROR: Process ${name}: ${known ?? `unexpected rpc fault [${error.code}] ${error.text}`}`;
}

/** Stops a process if it runs, then starts it. It goes on to the end even if the browser leaves. @source spec api 1.8 */
async function restart(ports: RpcPorts, name: string): Promise<void> {
  await dispatch(ports, 'supervisor.stopProcess', [name]).catch((error: unknown) => {
    if (!(error instanceof RpcFault) || error.fault !== 'NOT_RUNNING') throw error;
  });
  await dispatch(ports, 'supervisor.startProcess', [name]);
}

interface Action {
  readonly access: Access;
  run(ports: RpcPorts, name: string): Promise<unknown>;
  success(name: string, ports: RpcPorts): string;
}

const now = ({ control }: RpcPorts): string => formatCtime(control.wall());

export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    'refresh',
    { access: 'viewer', run: () => Promise.resolve(), success: (_, ports) => `Page refreshed at ${now(ports)}` },
  ],
  [
    'start',
    {
      access: 'operator',
      run: (ports, name) => dispatch(ports, 'supervisor.startProcess', [name]),
      success: (name) => `Process ${name} started`,
    },
  ],
  [
    'stop',
    {
      access: 'operator',
      run: (ports, name) => dispatch(ports, 'supervisor.stopProcess', [name]),
      success: (name) => `Process ${name} stopped`,
    },
  ],
  ['restart', { access: 'operator', run: restart, success: (name) => `Process ${name} restarted` }],
  [
    'clearlog',
    {
      access: 'operator',
      run: (ports, name) => dispatch(ports, 'supervisor.clearProcessLogs', [name]),
      success: (name) => `Log for ${name} cleared`,
    },
  ],
  [
    'stopall',
    {
      access: 'operator',
      run: (ports) => dispatch(ports, 'supervisor.stopAllProcesses', []),
      success: (_, ports) => `All stopped at ${now(ports)}`,
    },
  ],
  [
    'restartall',
    {
      access: 'operator',
      run: async (ports) => {
        await dispatch(ports, 'supervisor.stopAllProcesses', []);
        await dispatch(ports, 'supervisor.startAllProcesses', []);
      },
      success: (_, ports) => `All restarted at ${now(ports)}`,
    },
  ],
]);

/** Runs an action; undefined: there is none of that name. */
export async function runAction(ports: RpcPorts, action: string, name: string): Promise<string | undefined> {
  const found = ACTIONS.get(action);
  if (found === undefined) return undefined;
  try {
    await found.run(ports, name);
    return found.success(name, ports);
  } catch (error) {
    return failure(name, action, error);
  }
}
