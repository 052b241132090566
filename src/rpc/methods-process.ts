/** Rows of the method table: start, stop, signal and write to processes, and what is known of them. */
import { isRunning, isSignallable, isStopped } from '../process/state.ts';
import type { ProcessInfo } from '../supervisor/control.ts';
import { allProcessInfo } from './all-info.ts';
import { textOf, truthOf } from './arguments.ts';
import { runBatch } from './batch.ts';
import { type Begun, beginStart, beginStop, sendSignal, writeStdin } from './commands.ts';
import { RpcFault } from './faults.ts';
import { configStructs, processStruct } from './info.ts';
import type { Method, Param, RpcContext } from './method.ts';
import { allByName, allInOrder, findGroup, findProcess, findTarget, groupInOrder } from './names.ts';
import { pythonText } from './python-text.ts';
import type { XmlValue } from './xml.ts';

const NAME: Param = { name: 'name', type: 'string', about: 'process, group:process, or group:* for a whole group' };
const GROUP: Param = { name: 'name', type: 'string', about: 'name of the group, without a colon' };
const WAIT: Param = {
  name: 'wait',
  type: 'boolean',
  about: 'answer only when the outcome is known',
  otherwise: true,
};
const SIGNAL: Param = { name: 'signal', type: 'string', about: 'name, with or without SIG, or number' };

/** One command in its three forms: for a process, for a group, for all. */
interface Command {
  readonly verb: 'start' | 'stop' | 'signal';
  readonly help: string;
  readonly extra: Param;
  /** Which processes of a batch are meant. */
  readonly applies: (process: ProcessInfo) => boolean;
  readonly begin: (
    context: RpcContext,
    process: ProcessInfo,
    given: { readonly name: string; readonly extra: XmlValue },
  ) => Begun | Promise<Begun>;
  /** What a batch does to each process besides, and waits for: what was under way already. */
  readonly besides: (context: RpcContext, process: ProcessInfo, extra: XmlValue) => Promise<unknown>;
}

const NOTHING = Promise.resolve();

const COMMANDS: readonly Command[] = [
  {
    verb: 'start',
    help: 'Start',
    extra: WAIT,
    // Who starts everything does not mean what somebody disabled.
    applies: ({ state, isDisabled }) => !isRunning(state) && !isDisabled,
    begin: ({ ports }, process, { name, extra }) => beginStart(ports.control, process, { name, wait: truthOf(extra) }),
    besides: () => NOTHING,
  },
  {
    verb: 'stop',
    help: 'Stop',
    extra: WAIT,
    applies: ({ state }) => isRunning(state),
    begin: ({ ports }, process, { name, extra }) => beginStop(ports.control, process, { name, wait: truthOf(extra) }),
    besides: ({ ports }, { slot, state }, extra) => {
      // It may be about to be restarted: that ends, though there is nothing to tell of.
      if (state === 'EXITED') ports.control.stop(slot);
      // Whoever stops a group in order to remove it finds it stopped, also when somebody else began.
      return state === 'STOPPING' && truthOf(extra) ? ports.control.settled(slot, isStopped) : NOTHING;
    },
  },
  {
    verb: 'signal',
    help: 'Send a signal to',
    extra: SIGNAL,
    applies: ({ state }) => isSignallable(state),
    begin: ({ ports }, process, { name, extra }) => {
      sendSignal(ports.control, process, { name, asked: extra });
      return { rest: undefined };
    },
    besides: () => NOTHING,
  },
];

const BATCH_HELP =
  'Answers with one struct for each process that it applied to: name, group, status (80, or a fault code) and description.';

function rowsOf(command: Command): readonly Method[] {
  const { verb, help, extra, applies, begin, besides } = command;
  const common = { aliases: [], access: 'operator', gated: true } as const;
  const batch = async (context: RpcContext, processes: readonly ProcessInfo[], given: XmlValue): Promise<XmlValue> => {
    const underWay = processes.map((process) => besides(context, process, given));
    const answer = await runBatch(
      processes.filter(applies),
      (process, name) => begin(context, process, { name, extra: given }),
      () => context.ports.control.wall(),
    );
    await Promise.all(underWay);
    return answer;
  };
  return [
    {
      ...common,
      name: `supervisor.${verb}Process`,
      params: [NAME, extra],
      returns: 'boolean',
      help: `${help} one process. With the name of a whole group, answers like ${verb}ProcessGroup.`,
      async run(context, [first, given = null]) {
        const name = textOf(first);
        const target = findTarget(context.ports.control, name);
        if (target.kind === 'group') return batch(context, groupInOrder(target.group), given);
        const { rest } = await begin(context, target.process, { name, extra: given });
        await rest;
        return true;
      },
    },
    {
      ...common,
      name: `supervisor.${verb}ProcessGroup`,
      params: [GROUP, extra],
      returns: 'array',
      help: `${help} all processes of a group. ${BATCH_HELP}`,
      run: (context, [name, given = null]) =>
        batch(context, groupInOrder(findGroup(context.ports.control, textOf(name))), given),
    },
    {
      ...common,
      name: `supervisor.${verb}AllProcesses`,
      params: [extra],
      returns: 'array',
      help: `${help} all processes, event listeners included. ${BATCH_HELP}`,
      run: (context, [given = null]) => batch(context, allInOrder(context.ports.control), given),
    },
  ];
}

export const PROCESS_METHODS: readonly Method[] = [
  ...COMMANDS.flatMap(rowsOf),
  {
    name: 'supervisor.sendProcessStdin',
    aliases: [],
    params: [
      { ...NAME, about: 'process or group:process' },
      { name: 'chars', type: 'string', about: 'text to write, as UTF-8', secret: true },
    ],
    returns: 'boolean',
    help: 'Write text to the standard input of a running process.',
    access: 'operator',
    gated: true,
    run({ ports }, [first, chars = null]) {
      if (typeof chars !== 'string') throw new RpcFault('INCORRECT_PARAMETERS', pythonText(chars));
      const name = textOf(first);
      writeStdin(ports.control, findProcess(ports.control, name), { name, chars });
      return true;
    },
  },
  {
    name: 'supervisor.getProcessInfo',
    aliases: [],
    params: [{ ...NAME, about: 'process or group:process' }],
    returns: 'struct',
    help: 'Tell the state of one process: names, times in UNIX seconds, state, exit status, log files, pid and a description.',
    access: 'viewer',
    gated: true,
    run: ({ ports }, [name]) => processStruct(ports.control, findProcess(ports.control, textOf(name))),
  },
  {
    name: 'supervisor.getAllProcessInfo',
    aliases: [],
    params: [],
    returns: 'array',
    help: 'Tell the state of all processes, ordered by group and process name, as structs of getProcessInfo.',
    access: 'viewer',
    gated: true,
    run: ({ ports }) => allByName(ports.control).map((info) => processStruct(ports.control, info)),
    encoded: ({ ports }) => allProcessInfo(ports.control),
  },
  {
    name: 'supervisor.getAllConfigInfo',
    aliases: [],
    params: [],
    returns: 'array',
    help: 'Tell the configuration of all processes as last read, whether it is in use or not, ordered by process name.',
    access: 'viewer',
    gated: true,
    run: ({ ports }) => configStructs(ports.control),
  },
];
