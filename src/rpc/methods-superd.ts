/** Rows of the method table: superd's own, beside supervisord's. */
import type { GroupChange, KeyChange, ProcessChange } from '../config/plan.ts';
import type { LastExit } from '../supervisor/control.ts';
import { epochSeconds } from '../units.ts';
import { VERSION } from '../version.ts';
import { textOf } from './arguments.ts';
import { RpcFault } from './faults.ts';
import type { Method } from './method.ts';
import { findProcess } from './names.ts';
import type { XmlValue } from './xml.ts';

const row = (process: string, { key, from, to }: KeyChange): XmlValue => ({
  process,
  key,
  before: from ?? '',
  after: to ?? '',
});

function processRows(change: ProcessChange): readonly XmlValue[] {
  const { process } = change;
  switch (change.kind) {
    case 'added':
      return [row(process, { key: 'process', from: undefined, to: 'added' })];
    case 'removed':
      return [row(process, { key: 'process', from: undefined, to: 'removed' })];
    case 'changed':
      return change.keys.map((key) => row(process, key));
  }
}

const changeStruct = ({ group, keys, processes }: GroupChange): XmlValue => ({
  group,
  changes: [...keys.map((key) => row(group, key)), ...processes.flatMap(processRows)],
});

/** `kind` is code, signal or unknown; times are UNIX seconds, 0 when not known. */
function exitStruct({ pid, status, startedAt, stoppedAt }: LastExit, starts: number): XmlValue {
  return {
    pid,
    kind: status.kind,
    code: status.kind === 'code' ? status.code : 0,
    signal: status.kind === 'signal' ? status.signal : '',
    coredumped: status.kind === 'signal' && status.coreDumped,
    started: epochSeconds(startedAt),
    stopped: epochSeconds(stoppedAt),
    restarts: Math.max(0, starts - 1),
  };
}

export const SUPERD_METHODS: readonly Method[] = [
  {
    name: 'superd.plan',
    aliases: [],
    params: [],
    returns: 'struct',
    help:
      'Tell what an update would do with the files as they are now, and change nothing: arrays of group names `added` and ' +
      '`removed`, and `changed`, an array of {group, changes}, each change with process, key, before and after.',
    access: 'admin',
    gated: true,
    run({ ports }) {
      const plan = ports.control.plan();
      if (!plan.ok) throw new RpcFault('CANT_REREAD', plan.error);
      const { added, changed, removed } = plan.value;
      return {
        added: added.map(({ name }) => name),
        changed: changed.map(changeStruct),
        removed: removed.map(({ name }) => name),
      };
    },
  },
  {
    name: 'superd.getLastExit',
    aliases: [],
    params: [{ name: 'name', type: 'string', about: 'name of the process, or group:name' }],
    returns: 'struct',
    help:
      'Tell how the last child of a process ended: pid, kind (code, signal or unknown), code, signal, coredumped, started, ' +
      'stopped, restarts. FAILED when none has ended yet.',
    access: 'viewer',
    gated: true,
    run({ ports }, [first]) {
      const name = textOf(first);
      const { slot } = findProcess(ports.control, name);
      const history = ports.control.history(slot);
      if (history?.lastExit === undefined) throw new RpcFault('FAILED', `${name} has not ended yet`);
      return exitStruct(history.lastExit, history.starts);
    },
  },
  {
    name: 'superd.getBrain',
    aliases: [],
    params: [],
    returns: 'struct',
    help:
      'Tell about the process that answers: pid, version, served (how many brains of the same keeper came before it) and ' +
      'lastend (how the one before ended).',
    access: 'viewer',
    gated: false,
    run({ ports }) {
      const { pid, served, lastEnd } = ports.brain;
      return { pid, version: VERSION, served, lastend: lastEnd };
    },
  },
  {
    name: 'superd.upgrade',
    aliases: [],
    params: [],
    returns: 'boolean',
    help:
      'Replace the brain by the code now on disk; programs do not notice. Answers when the code has been checked; FAILED ' +
      'when it cannot be run. When the new brain does not come up, the old one is started again, and getBrain tells.',
    access: 'admin',
    gated: true,
    async run({ ports }) {
      const replaced = await ports.brain.replace();
      if (!replaced.ok) throw new RpcFault('FAILED', replaced.error);
      return true;
    },
  },
];
