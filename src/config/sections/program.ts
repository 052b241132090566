/** `[program:x]`: its keys, and the processes made of them. The other kinds of programs build on it. @source spec lifecycle 2.4 */

import { blame, type Context, find, type Key, key, read, readMaybe, readRequired } from '../key.ts';
import type { ProcessConfig } from '../model.ts';
import { compareText } from '../text.ts';
import {
  autorestart,
  boolean,
  duration,
  environment,
  exitCodes,
  integer,
  name as nameType,
  octal,
  serverUrl,
  signalType,
  text,
  userType,
} from '../values.ts';
import { MAILTO } from './crashmail.ts';
import { readEvents, readStream, STDERR_KEYS, STDOUT_KEYS, withoutLog } from './stream.ts';
import { warnCutCommand, warnCutEnvironment } from './warnings.ts';

/** More are a slip of the keyboard, and would fill the memory before they fill the process table. */
export const MAX_NUMPROCS = 10_000;

const names = 'program';

/** In the order in which supervisord looks at them; the keys of the streams come in between. */
const KEYS = {
  priority: key('priority', integer, {
    initial: '999',
    names: 'here',
    doc: 'Lower numbers start first and stop last.',
  }),
  autostart: key('autostart', boolean, { initial: 'true', names, doc: 'Start together with superd.' }),
  autorestart: key('autorestart', autorestart, {
    initial: 'unexpected',
    names,
    doc: 'Whether to start again after an exit: always, never, or when the exit status is not in `exitcodes`.',
  }),
  startsecs: key('startsecs', duration, {
    initial: '1',
    names,
    doc: 'How long the program must stay up for a start to count as successful; `0` counts every start.',
  }),
  startretries: key('startretries', integer, {
    initial: '3',
    names,
    doc: 'How often to try again when a start fails. The waits grow by a second each time; then the state is FATAL.',
  }),
  stopsignal: key('stopsignal', signalType, {
    initial: 'TERM',
    names,
    doc: 'The signal that asks the program to stop.',
  }),
  stopwaitsecs: key('stopwaitsecs', duration, {
    initial: '10',
    names,
    doc: 'How long to wait for the program to stop before it is killed.',
  }),
  stopasgroup: key('stopasgroup', boolean, {
    initial: 'false',
    names,
    since: '3.0b1',
    doc: 'Send the stop signal to the whole process group; implies `killasgroup`.',
  }),
  killasgroup: key('killasgroup', boolean, {
    names,
    since: '3.0a11',
    initially: 'the value of `stopasgroup`',
    doc: 'Kill the whole process group.',
  }),
  exitcodes: key('exitcodes', exitCodes, {
    initial: '0',
    names,
    doc: 'The exit statuses that are expected. Death by a signal never is.',
  }),
  redirect_stderr: key('redirect_stderr', boolean, {
    initial: 'false',
    names,
    doc: 'Send stderr where stdout goes.',
  }),
  numprocs: key('numprocs', integer, {
    initial: '1',
    names,
    doc: `How many processes to make. Above 1, \`process_name\` must hold \`%(process_num)\`; at most ${MAX_NUMPROCS}.`,
  }),
  numprocs_start: key('numprocs_start', integer, { initial: '0', names, doc: 'The first `process_num`.' }),
  serverurl: key('serverurl', serverUrl, {
    initial: 'AUTO',
    names,
    doc: 'The variable SUPERVISOR_SERVER_URL of the program. `AUTO` takes the first server, a unix socket before TCP; empty does not set it.',
  }),
  user: key('user', userType, { names, doc: 'The user to run as; only root can run programs as somebody else.' }),
  umask: key('umask', octal(), {
    names,
    initially: 'that of superd',
    doc: 'The file mode creation mask of the program.',
  }),
  process_name: key('process_name', text, {
    initial: '%(program_name)s',
    names: 'process',
    where: 'process_name',
    doc: 'The name of the process; it must be unique in its group.',
  }),
  environment: key('environment', environment, {
    initial: '',
    initially: 'empty',
    names: 'process',
    where: 'environment',
    doc: 'Variables for this program, over those of `[supervisord]`. Each `K` is also a name `%(ENV_K)s` in the keys that are expanded for each process.',
  }),
  directory: key('directory', text, { names: 'process', doc: 'The directory that the program starts in.' }),
  command: key('command', text, {
    names: 'process',
    initially: 'required',
    doc: 'The command to run, split into words as a shell does, but run without a shell. A backslash at the very end of a line continues it.',
  }),
};

export const PROGRAM_KEYS: readonly Key<unknown>[] = [
  ...Object.values(KEYS),
  MAILTO,
  ...Object.values(STDOUT_KEYS),
  ...Object.values(STDERR_KEYS),
];

/** The part of a section's name after the first colon, which is checked. */
export function sectionName(context: Context): string {
  const { section, report } = context;
  const result = nameType.parse(section.name.slice(section.name.indexOf(':') + 1), context.source);
  if (result.ok) return result.value;
  const { place, name } = section;
  report.error({ place, section: name, message: result.error, summary: result.error + context.suffix });
  return '';
}

export const readPriority = (context: Context): number => read({ ...context, suffix: '' }, KEYS.priority);
export const readRedirect = (context: Context): boolean => read(context, KEYS.redirect_stderr);
export const readUser = (context: Context): ProcessConfig['user'] => readMaybe(context, KEYS.user);

function readStopping(
  context: Context,
): Pick<ProcessConfig, 'stopsignal' | 'stopwaitsecs' | 'stopasgroup' | 'killasgroup'> {
  const stopsignal = read(context, KEYS.stopsignal);
  const stopwaitsecs = read(context, KEYS.stopwaitsecs);
  const stopasgroup = read(context, KEYS.stopasgroup);
  const killasgroup = readMaybe(context, KEYS.killasgroup) ?? stopasgroup;
  return { stopsignal, stopwaitsecs, stopasgroup, killasgroup };
}

/** superd's own: whom crashmail mails. */
export function readMailto(context: Context): { readonly mailto?: readonly string[] } {
  const mailto = readMaybe(context, MAILTO);
  return mailto === undefined ? {} : { mailto };
}

/** What is the same for every process of the program. */
interface Common {
  readonly policy: Omit<
    ProcessConfig,
    'name' | 'program' | 'command' | 'directory' | 'environment' | 'stdout' | 'stderr' | 'place'
  >;
  readonly stdout: ReturnType<typeof readEvents>;
  readonly stderr: ReturnType<typeof readEvents>;
  readonly numprocs: number;
  readonly first: number;
}

function readCommon(context: Context): Common {
  const priority = read(context, KEYS.priority);
  const start = {
    autostart: read(context, KEYS.autostart),
    autorestart: read(context, KEYS.autorestart),
    startsecs: read(context, KEYS.startsecs),
    startretries: read(context, KEYS.startretries),
  };
  const stopping = readStopping(context);
  const exitcodes = read(context, KEYS.exitcodes);
  const redirectStderr = read(context, KEYS.redirect_stderr);
  const numprocs = read(context, KEYS.numprocs);
  const first = read(context, KEYS.numprocs_start);
  const stdout = readEvents(context, STDOUT_KEYS);
  const stderr = readEvents(context, STDERR_KEYS);
  const serverurl = read(context, KEYS.serverurl);
  const user = readMaybe(context, KEYS.user);
  const umask = readMaybe(context, KEYS.umask);
  const mailto = readMailto(context);
  const policy = { priority, ...start, ...stopping, exitcodes, redirectStderr, serverurl, user, umask, ...mailto };
  return { policy, stdout, stderr, numprocs, first };
}

/** @returns how many processes to make: one where the number cannot be right, so that no process is blamed for it */
function checkNumprocs(context: Context, { numprocs }: Common): number {
  const entry = find(context, 'process_name');
  const written = entry?.value ?? '';
  const unexpanded = nameType.parse(written, context.source);
  if (!unexpanded.ok) blame(context, 'process_name', unexpanded.error);
  else if (numprocs > 1 && !written.includes('%(process_num)')) {
    const key = entry === undefined ? 'numprocs' : 'process_name';
    blame(context, key, '%(process_num) must be present within process_name when numprocs > 1');
  } else if (context.report.isBlamed(context.section.name, 'numprocs')) {
    return 1;
  } else if (numprocs > MAX_NUMPROCS) {
    blame(context, 'numprocs', `cannot make ${numprocs} processes: the most is ${MAX_NUMPROCS}`);
  } else return numprocs;
  return 1;
}

function readName(context: Context): string {
  const written = read(context, KEYS.process_name);
  const result = nameType.parse(written, context.source);
  if (result.ok) return result.value;
  blame(context, 'process_name', result.error);
  return written;
}

/** Reads the keys that are expanded for each process. */
function readProcess(context: Context, common: Common, inherited: Readonly<Record<string, string>>): ProcessConfig {
  const own = read(context, KEYS.environment);
  warnCutEnvironment(context, own);
  const ownNames = Array.from(own.variables, ([variable, value]): [string, string] => [`ENV_${variable}`, value]);
  const inner: Context = { ...context, names: new Map([...context.names, ...ownNames]) };
  const directory = readMaybe(inner, KEYS.directory);
  const stdout = readStream(inner, STDOUT_KEYS, common.stdout);
  const stderr = readStream(inner, STDERR_KEYS, common.stderr);
  const { name: section, place } = context.section;
  const command = readRequired(inner, KEYS.command, `program section ${section} does not specify a command`);
  const name = readName(inner);
  return {
    ...common.policy,
    name,
    program: String(context.names.get('program_name')),
    command,
    directory,
    environment: { ...inherited, ...Object.fromEntries(own.variables) },
    stdout,
    stderr: common.policy.redirectStderr ? withoutLog(inner, STDERR_KEYS, stderr) : stderr,
    place,
  };
}

/** The program whose section it is, and the group that it is read for. */
export interface Membership {
  readonly program: string;
  readonly group: string;
  /** `[supervisord] environment`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The processes of one section, in their order: by priority, which is the same for all, then name. */
export function readProcesses(
  outer: Context,
  { program, group, environment: inherited }: Membership,
): readonly ProcessConfig[] {
  const extra: readonly [string, string][] = [
    ['program_name', program],
    ['group_name', group],
  ];
  const context: Context = { ...outer, names: new Map<string, string | number>([...outer.names, ...extra]) };
  const common = readCommon(context);
  const count = checkNumprocs(context, common);
  if (common.policy.stopasgroup && !common.policy.killasgroup) {
    blame(context, 'killasgroup', 'Cannot set stopasgroup=true and killasgroup=false');
  }
  warnCutCommand(context);
  const processes: ProcessConfig[] = [];
  for (let i = 0; i < count; i += 1) {
    const numbers: readonly [string, number][] = [
      ['process_num', common.first + i],
      ['numprocs', common.numprocs],
    ];
    const inner: Context = { ...context, names: new Map<string, string | number>([...context.names, ...numbers]) };
    processes.push(readProcess(inner, common, inherited));
  }
  return processes.sort((a, b) => compareText(a.name, b.name));
}
