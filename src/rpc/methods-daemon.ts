/** Rows of the method table: superd itself, its configuration and its groups. */
import { VERSION } from '../version.ts';
import { textOf } from './arguments.ts';
import { RpcFault } from './faults.ts';
import type { Method, Param } from './method.ts';
import { pythonText } from './python-text.ts';

/** The API that clients ask for; supervisorctl refuses any other. @source spec api 0 */
export const API_VERSION = '3.0';

const GROUP: Param = { name: 'name', type: 'string', about: 'name of the group' };
const LOOK = { aliases: [], params: [], access: 'viewer', gated: true } as const;
const CHANGE = { aliases: [], params: [], returns: 'boolean', access: 'admin', gated: true } as const;

export const DAEMON_METHODS: readonly Method[] = [
  {
    ...LOOK,
    name: 'supervisor.getAPIVersion',
    aliases: ['supervisor.getVersion'],
    returns: 'string',
    help: 'Tell the version of this API.',
    run: () => API_VERSION,
  },
  {
    ...LOOK,
    name: 'supervisor.getSupervisorVersion',
    returns: 'string',
    help: 'Tell the version of superd.',
    run: () => VERSION,
  },
  {
    ...LOOK,
    name: 'supervisor.getIdentification',
    returns: 'string',
    help: 'Tell the identifier of this superd.',
    run: ({ ports }) => ports.control.identifier,
  },
  {
    ...LOOK,
    name: 'supervisor.getState',
    returns: 'struct',
    help: 'Tell the state of superd as statecode and statename.',
    // The gate lets no other state through.
    run: () => ({ statecode: 1, statename: 'RUNNING' }),
  },
  {
    ...LOOK,
    name: 'supervisor.getPID',
    returns: 'int',
    help: 'Tell the process id of superd.',
    run: ({ ports }) => ports.control.pid,
  },
  {
    ...CHANGE,
    name: 'supervisor.shutdown',
    help: 'Stop all processes, then superd. Answers at once.',
    run({ ports }) {
      ports.control.shutdown();
      return true;
    },
  },
  {
    ...CHANGE,
    name: 'supervisor.restart',
    help: 'Stop all processes, read the configuration again and start anew; refused when the configuration is broken. Answers at once.',
    run({ ports }) {
      const restarting = ports.control.restart();
      if (!restarting.ok) throw new RpcFault('CANT_REREAD', restarting.error);
      return true;
    },
  },
  {
    ...CHANGE,
    name: 'supervisor.reloadConfig',
    returns: 'array',
    help: 'Read the configuration again without changing what runs. Answers [[added, changed, removed]], three arrays of group names.',
    run({ ports }) {
      const rereading = ports.control.reread();
      if (!rereading.ok) throw new RpcFault('CANT_REREAD', rereading.error);
      const { added, changed, removed } = rereading.value;
      return [[added, changed, removed]];
    },
  },
  {
    ...CHANGE,
    name: 'supervisor.addProcessGroup',
    params: [GROUP],
    help: 'Activate a group of the configuration last read, and start those of its processes that have autostart.',
    run({ ports }, [first]) {
      const name = textOf(first);
      const added = ports.control.addGroup(name);
      if (!added.ok) throw new RpcFault(added.error === 'bad-name' ? 'BAD_NAME' : 'ALREADY_ADDED', name);
      return true;
    },
  },
  {
    ...CHANGE,
    name: 'supervisor.removeProcessGroup',
    params: [GROUP],
    help: 'Deactivate a group whose processes are all stopped.',
    run({ ports }, [first]) {
      const name = textOf(first);
      const removed = ports.control.removeGroup(name);
      if (!removed.ok) throw new RpcFault(removed.error === 'bad-name' ? 'BAD_NAME' : 'STILL_RUNNING', name);
      return true;
    },
  },
  {
    ...CHANGE,
    name: 'supervisor.sendRemoteCommEvent',
    params: [
      { name: 'type', type: 'string', about: 'a name that listeners tell such events apart by' },
      { name: 'data', type: 'string', about: 'the body of the event', secret: true },
    ],
    help: 'Send a REMOTE_COMMUNICATION event to the event listeners.',
    access: 'operator',
    gated: false,
    run({ ports }, [type = '', data = '']) {
      ports.control.emitRemoteCommunication(pythonText(type), pythonText(data));
      return true;
    },
  },
];
