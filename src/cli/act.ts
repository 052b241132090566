/** start, stop, restart, signal and clear: one action on each of several targets, one line a process. */
import { parseNamespec } from '../process/namespec.ts';
import { need, type Outcome } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import { EXIT, type Invocation, type Session } from './command.ts';
import { markEach } from './history.ts';
import { ALL, isGroupThere, membersOf, nameOf, parseTarget } from './targets.ts';

/** What start, stop, signal and clear differ in. */
interface Action {
  readonly one: string;
  /** undefined: the server has no such method, so the members are taken one by one. */
  readonly group: string | undefined;
  readonly all: string;
  /** What the methods want besides a name. */
  readonly params: readonly string[];
  readonly done: string;
  /** supervisorctl's words for faults; of others the fault text is shown. */
  readonly reasons: Readonly<Record<number, string>>;
  /** A fault that does not count as failure: what was wanted is so already. */
  readonly ignored: number | undefined;
  readonly exitOfNoGroup: number;
}

const START: Action = {
  one: 'startProcess',
  group: 'startProcessGroup',
  all: 'startAllProcesses',
  params: [],
  done: 'started',
  reasons: {
    [FAULTS.BAD_NAME]: 'no such process',
    [FAULTS.NO_FILE]: 'no such file',
    [FAULTS.NOT_EXECUTABLE]: 'file is not executable',
    [FAULTS.ALREADY_STARTED]: 'already started',
    [FAULTS.SPAWN_ERROR]: 'spawn error',
    [FAULTS.ABNORMAL_TERMINATION]: 'abnormal termination',
  },
  ignored: FAULTS.ALREADY_STARTED,
  exitOfNoGroup: EXIT.INVALID_ARGUMENTS,
};

const STOP: Action = {
  one: 'stopProcess',
  group: 'stopProcessGroup',
  all: 'stopAllProcesses',
  params: [],
  done: 'stopped',
  reasons: {
    [FAULTS.BAD_NAME]: 'no such process',
    [FAULTS.BAD_SIGNAL]: 'bad signal name',
    [FAULTS.NOT_RUNNING]: 'not running',
  },
  ignored: FAULTS.NOT_RUNNING,
  exitOfNoGroup: EXIT.GENERIC,
};

const SIGNAL: Action = {
  ...STOP,
  one: 'signalProcess',
  group: 'signalProcessGroup',
  all: 'signalAllProcesses',
  done: 'signalled',
  ignored: undefined,
};

const CLEAR: Action = {
  ...STOP,
  one: 'clearProcessLogs',
  group: undefined,
  all: 'clearAllProcessLogs',
  done: 'cleared',
  reasons: { [FAULTS.BAD_NAME]: 'no such process', [FAULTS.FAILED]: 'failed' },
  ignored: undefined,
};

/** @source spec api 5.2 */
function exitOf(action: Action, status: number): number {
  switch (status) {
    case FAULTS.SUCCESS:
    case action.ignored:
      return EXIT.OK;
    case FAULTS.ABNORMAL_TERMINATION:
    case FAULTS.SPAWN_ERROR:
    case FAULTS.NOT_RUNNING:
      return EXIT.NOT_RUNNING;
    case FAULTS.FORBIDDEN:
      return EXIT.INSUFFICIENT_PRIVILEGES;
    default:
      return EXIT.GENERIC;
  }
}

/** superd's own refusal: `SPAWN_ERROR: web is disabled: superctl enable web`. */
const REFUSED = /^SPAWN_ERROR: (\S+ is disabled: .*)$/;

const reasonOf = (action: Action, { status, description }: Outcome): string =>
  REFUSED.exec(description)?.[1] ?? action.reasons[status] ?? description;

function report(session: Session, action: Action, outcome: Outcome): number {
  const { status } = outcome;
  const text = status === FAULTS.SUCCESS ? action.done : `ERROR (${reasonOf(action, outcome)})`;
  session.out(`${nameOf(outcome)}: ${text}\n`);
  return exitOf(action, status);
}

/** The code of the last failure; a success never clears it. */
const lastFailure = (codes: readonly number[]): number => codes.findLast((code) => code !== EXIT.OK) ?? EXIT.OK;

const reportAll = (session: Session, action: Action, outcomes: readonly Outcome[]): number =>
  lastFailure(outcomes.map((outcome) => report(session, action, outcome)));

function noSuchGroup(session: Session, action: Action, group: string): number {
  session.out(`${group}: ERROR (no such group)\n`);
  return action.exitOfNoGroup;
}

async function onMembers(session: Session, action: Action, group: string): Promise<number> {
  const members = membersOf(await need(session.server.rpc.allProcessInfo()), group);
  if (members.length === 0) return noSuchGroup(session, action, group);
  const codes: number[] = [];
  for (const member of members) codes.push(await onProcess(session, action, `${group}:${member.name}`));
  return lastFailure(codes);
}

async function onGroup(session: Session, action: Action, group: string): Promise<number> {
  if (action.group === undefined) return onMembers(session, action, group);
  const answer = session.server.rpc.act(action.group, group, ...action.params);
  const result = await answer;
  if (!result.ok && result.error.code === FAULTS.BAD_NAME) return noSuchGroup(session, action, group);
  return reportAll(session, action, await need(answer));
}

async function onProcess(session: Session, action: Action, word: string): Promise<number> {
  const { rpc } = session.server;
  const result = await rpc.act(action.one, word, ...action.params);
  if (!result.ok && result.error.code === FAULTS.BAD_NAME && (await isGroupThere(rpc, word))) {
    return onGroup(session, action, word);
  }
  const { group, process = '*' } = parseNamespec(word);
  const { code: status, text: description } = result.ok ? { code: FAULTS.SUCCESS, text: 'OK' } : result.error;
  return report(session, action, { group, name: process, status, description });
}

async function onEach(session: Session, action: Action, words: readonly string[]): Promise<number> {
  if (words.includes(ALL)) {
    return reportAll(session, action, await need(session.server.rpc.act(action.all, ...action.params)));
  }
  const codes: number[] = [];
  for (const word of words) {
    const target = parseTarget(word);
    const isGroup = target.kind === 'group';
    codes.push(await (isGroup ? onGroup(session, action, target.group) : onProcess(session, action, target.name)));
  }
  return lastFailure(codes);
}

export const start = (session: Session, { args }: Invocation): Promise<number> => onEach(session, START, args);
/** With `--persist` they are disabled first, so that nothing can start them in between. */
export async function stop(session: Session, { args, flags }: Invocation): Promise<number> {
  const disabled = flags.has('persist') ? await markEach(session, 'disable', args) : EXIT.OK;
  return lastFailure([disabled, await onEach(session, STOP, args)]);
}

export const clear = (session: Session, { args }: Invocation): Promise<number> => onEach(session, CLEAR, args);

export function signal(session: Session, { args: [name = '', ...words] }: Invocation): Promise<number> {
  return onEach(session, { ...SIGNAL, params: [name] }, words);
}

/** Stops everything named before it starts anything. @source spec api 5.3 */
export async function restart(session: Session, invocation: Invocation): Promise<number> {
  const stopped = await stop(session, invocation);
  return lastFailure([stopped, await start(session, invocation)]);
}
