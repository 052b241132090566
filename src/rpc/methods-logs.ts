/** Rows of the method table: the logs of processes and of superd itself. */
import type { Result } from '../errors.ts';
import { formatNamespec } from '../process/namespec.ts';
import { integerOf, textOf } from './arguments.ts';
import { runBatch } from './batch.ts';
import { RpcFault } from './faults.ts';
import { readLogText, tailLogText } from './log-text.ts';
import type { Method, Param, RpcContext } from './method.ts';
import { allInOrder, findProcess } from './names.ts';
import type { RpcPorts } from './ports.ts';
import type { XmlValue } from './xml.ts';

const NAME: Param = { name: 'name', type: 'string', about: 'process or group:process' };
const OFFSET: Param = { name: 'offset', type: 'int', about: 'first byte; negative: that many bytes from the end' };
const LENGTH: Param = { name: 'length', type: 'int', about: 'most bytes to read; 0: to the end' };
const TAIL_OFFSET: Param = {
  name: 'offset',
  type: 'int',
  about: 'where the caller got to: the offset of the last answer',
};
const TAIL_LENGTH: Param = { name: 'length', type: 'int', about: 'most bytes to read' };

/** @param path '' and undefined stand for no log. @source spec api 2.1, 2.5 */
function readLog(ports: RpcPorts, path: string | undefined, args: readonly XmlValue[]): string {
  if (path === undefined || path === '') throw new RpcFault('NO_FILE');
  const text: Result<string, 'missing' | 'failed' | 'bad-arguments'> = readLogText(ports.logs, path, {
    offset: integerOf(args[0]),
    length: integerOf(args[1]),
  });
  if (text.ok) return text.value;
  switch (text.error) {
    case 'missing':
      throw new RpcFault('NO_FILE', path);
    case 'failed':
      throw new RpcFault('FAILED');
    case 'bad-arguments':
      throw new RpcFault('BAD_ARGUMENTS');
  }
}

function tailLog(ports: RpcPorts, path: string, args: readonly XmlValue[]): XmlValue {
  const [offset, length] = [integerOf(args[0]), integerOf(args[1])];
  if (path === '') return ['', 0, false];
  const tail = tailLogText(ports.logs, path, { offset, length });
  return [tail.text, tail.offset, tail.overflow];
}

function clearLogs({ ports }: RpcContext, name: string): void {
  const { slot } = findProcess(ports.control, name);
  if (!ports.control.clearLogs(slot).ok) throw new RpcFault('FAILED', name);
}

/** The read and the tail method of one channel; those of stdout have older names too. */
function channelRows(channel: 'Stdout' | 'Stderr'): readonly Method[] {
  const field = channel === 'Stdout' ? 'stdoutLog' : 'stderrLog';
  const pathOf = ({ control }: RpcPorts, name: XmlValue | undefined): string =>
    findProcess(control, textOf(name))[field];
  const aliases = (name: string): readonly string[] => (channel === 'Stdout' ? [name] : []);
  const common = { access: 'viewer', gated: true } as const;
  return [
    {
      ...common,
      name: `supervisor.readProcess${channel}Log`,
      aliases: aliases('supervisor.readProcessLog'),
      params: [NAME, OFFSET, LENGTH],
      returns: 'string',
      help: `Read bytes of the ${channel.toLowerCase()} log of a process as text.`,
      run: ({ ports }, [name, ...range]) => readLog(ports, pathOf(ports, name), range),
    },
    {
      ...common,
      name: `supervisor.tailProcess${channel}Log`,
      aliases: aliases('supervisor.tailProcessLog'),
      params: [NAME, TAIL_OFFSET, TAIL_LENGTH],
      returns: 'array',
      help: `Follow the ${channel.toLowerCase()} log of a process: its newest text, the offset for the next call, and whether bytes were skipped.`,
      run: ({ ports }, [name, ...range]) => tailLog(ports, pathOf(ports, name), range),
    },
  ];
}

export const LOG_METHODS: readonly Method[] = [
  {
    name: 'supervisor.readLog',
    aliases: ['supervisor.readMainLog'],
    params: [OFFSET, LENGTH],
    returns: 'string',
    help: "Read bytes of superd's own log as text.",
    access: 'viewer',
    gated: true,
    run: ({ ports }, range) => readLog(ports, ports.mainLogFile.path, range),
  },
  {
    name: 'supervisor.clearLog',
    aliases: [],
    params: [],
    returns: 'boolean',
    help: "Empty superd's own log.",
    access: 'admin',
    gated: true,
    run({ ports: { mainLogFile, logs } }) {
      const { path } = mainLogFile;
      if (path === undefined || logs.identity(path) === undefined) throw new RpcFault('NO_FILE');
      if (!mainLogFile.clear().ok) throw new RpcFault('FAILED');
      return true;
    },
  },
  ...channelRows('Stdout'),
  ...channelRows('Stderr'),
  {
    name: 'supervisor.clearProcessLogs',
    aliases: ['supervisor.clearProcessLog'],
    params: [NAME],
    returns: 'boolean',
    help: 'Empty the stdout and stderr logs of a process.',
    access: 'operator',
    gated: true,
    run(context, [name]) {
      clearLogs(context, textOf(name));
      return true;
    },
  },
  {
    name: 'supervisor.clearAllProcessLogs',
    aliases: [],
    params: [],
    returns: 'array',
    help: 'Empty the logs of all processes. Answers with one struct for each: name, group, status and description.',
    access: 'operator',
    gated: true,
    run: (context) =>
      runBatch(
        allInOrder(context.ports.control),
        ({ slot }) => {
          clearLogs(context, formatNamespec(slot.group, slot.process));
          return { rest: undefined };
        },
        () => context.ports.control.wall(),
      ),
  },
];
