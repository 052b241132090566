/**
 * What differs between the groups that run and the groups that are wanted, and why. Pure; what to do about it is decided
 * elsewhere. @source spec lifecycle 5.5, api 6
 */
import type { FcgiSocket, GroupConfig, LogTarget, ProcessConfig, StreamConfig } from './model.ts';
import { compareText } from './text.ts';

/** One difference, with values as they would be written; secrets are masked. */
export interface KeyChange {
  readonly key: string;
  /** undefined: not set. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export type ProcessChange =
  | { readonly kind: 'added' | 'removed'; readonly process: string }
  | { readonly kind: 'changed'; readonly process: string; readonly keys: readonly KeyChange[] };

export interface GroupChange {
  readonly group: string;
  readonly from: GroupConfig;
  readonly to: GroupConfig;
  /** Differences of the group itself, such as its priority or the order of its processes. */
  readonly keys: readonly KeyChange[];
  readonly processes: readonly ProcessChange[];
}

export interface Plan {
  /** By priority, then name. */
  readonly added: readonly GroupConfig[];
  /** In the order of the wanted groups. */
  readonly changed: readonly GroupChange[];
  /** In the order of the active groups. */
  readonly removed: readonly GroupConfig[];
}

/** A key and its value as text, ready for comparison. */
export type Row = readonly [key: string, text: string | undefined];

const MASK = '********';

/** Names of variables whose values nobody should read in a log. */
const SECRET = /pass|secret|token|key|credential|auth|private|dsn|url/i;

const logText = (target: LogTarget): string => (target.kind === 'file' ? target.path : target.kind.toUpperCase());

const streamRows = (name: 'stdout' | 'stderr', stream: StreamConfig): readonly Row[] => [
  [`${name}_logfile`, logText(stream.logfile)],
  [`${name}_logfile_maxbytes`, String(stream.maxbytes)],
  [`${name}_logfile_backups`, String(stream.backups)],
  [`${name}_capture_maxbytes`, String(stream.captureMaxbytes)],
  [`${name}_events_enabled`, String(stream.eventsEnabled)],
  [`${name}_syslog`, String(stream.syslog)],
  [`${name}_logfile_direct`, String(stream.isDirect)],
];

const octalText = (mode: number | undefined): string | undefined =>
  mode === undefined ? undefined : mode.toString(8).padStart(3, '0');

export function processRows(process: ProcessConfig): readonly Row[] {
  const variables = Object.entries(process.environment).sort(([a], [b]) => compareText(a, b));
  return [
    ['command', process.command],
    ['directory', process.directory],
    ['umask', octalText(process.umask)],
    ['priority', String(process.priority)],
    ['autostart', String(process.autostart)],
    ['autorestart', process.autorestart],
    ['startsecs', String(process.startsecs / 1000)],
    ['startretries', String(process.startretries)],
    ['stopsignal', String(process.stopsignal)],
    ['stopwaitsecs', String(process.stopwaitsecs / 1000)],
    ['stopasgroup', String(process.stopasgroup)],
    ['killasgroup', String(process.killasgroup)],
    ['exitcodes', process.exitcodes.join(',')],
    ['redirect_stderr', String(process.redirectStderr)],
    ['user', process.user === undefined ? undefined : String(process.user.uid)],
    ['serverurl', process.serverurl],
    ...streamRows('stdout', process.stdout),
    ...streamRows('stderr', process.stderr),
    ...(process.socket === undefined ? [] : socketRows(process.socket)),
    ...variables.map(([name, value]): Row => [`environment ${name}`, value]),
  ];
}

function socketRows(socket: FcgiSocket): readonly Row[] {
  const common: readonly Row[] = [
    ['socket', socket.url],
    ['socket_backlog', socket.backlog === undefined ? undefined : String(socket.backlog)],
  ];
  if (socket.kind === 'tcp') return common;
  const owner = socket.owner === undefined ? undefined : `${socket.owner.uid}:${socket.owner.gid}`;
  return [...common, ['socket_mode', octalText(socket.mode)], ['socket_owner', owner]];
}

function groupRows(group: GroupConfig): readonly Row[] {
  const common: readonly Row[] = [
    ['kind', group.kind],
    ['priority', String(group.priority)],
  ];
  switch (group.kind) {
    case 'program':
    case 'group':
      return common;
    case 'fcgi-program':
      return [...common, ...socketRows(group.socket)];
    case 'eventlistener': {
      // spec api 6: the order of events= does not matter.
      const events = [...new Set(group.events)].sort(compareText).join(',');
      return [
        ...common,
        ['buffer_size', String(group.bufferSize)],
        ['events', events],
        ['result_handler', group.resultHandler],
        ['replay', String(group.replay)],
      ];
    }
  }
}

/** A password in a URL or on a command line, and the value of a variable that sounds like a secret. */
export function masked(key: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (key.startsWith('environment ') && SECRET.test(key)) return MASK;
  return text
    .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${MASK}@`)
    .replace(/((?:pass(?:word|wd)?|secret|token|api-?key)[=\s]+)[^\s'"]+/gi, `$1${MASK}`);
}

function compareRows(before: readonly Row[], after: readonly Row[]): readonly KeyChange[] {
  const old = new Map(before);
  const young = new Map(after);
  const keys = new Set([...old.keys(), ...young.keys()]);
  return [...keys]
    .filter((key) => old.get(key) !== young.get(key))
    .map((key) => ({ key, from: masked(key, old.get(key)), to: masked(key, young.get(key)) }));
}

function compareProcesses(from: GroupConfig, to: GroupConfig): readonly ProcessChange[] {
  const old = new Map(from.processes.map((process) => [process.name, process]));
  const young = new Map(to.processes.map((process) => [process.name, process]));
  const changes: ProcessChange[] = [];
  for (const [name, process] of young) {
    const before = old.get(name);
    if (before === undefined) changes.push({ kind: 'added', process: name });
    else {
      const keys = compareRows(processRows(before), processRows(process));
      if (keys.length > 0) changes.push({ kind: 'changed', process: name, keys });
    }
  }
  for (const name of old.keys()) if (!young.has(name)) changes.push({ kind: 'removed', process: name });
  return changes;
}

/** The stored order counts, among the processes that both have. */
function orderChange(from: GroupConfig, to: GroupConfig): readonly KeyChange[] {
  const [old, young] = [from, to].map(({ processes }) => processes.map(({ name }) => name));
  const before = (old ?? []).filter((name) => young?.includes(name)).join(',');
  const after = (young ?? []).filter((name) => old?.includes(name)).join(',');
  return before === after ? [] : [{ key: 'order', from: before, to: after }];
}

/** undefined: equal. */
export function compareGroups(from: GroupConfig, to: GroupConfig): GroupChange | undefined {
  const keys = [...compareRows(groupRows(from), groupRows(to)), ...orderChange(from, to)];
  const processes = compareProcesses(from, to);
  if (keys.length === 0 && processes.length === 0) return undefined;
  return { group: to.name, from, to, keys, processes };
}

/** Would `update` leave the group alone? Where it stands in which file does not matter. */
export const sameGroup = (a: GroupConfig, b: GroupConfig): boolean =>
  a.name === b.name && compareGroups(a, b) === undefined;

export function diffGroups(active: readonly GroupConfig[], wanted: readonly GroupConfig[]): Plan {
  const running = new Map(active.map((group) => [group.name, group]));
  const names = new Set(wanted.map((group) => group.name));
  const changed = wanted.flatMap((group) => {
    const from = running.get(group.name);
    return (from === undefined ? undefined : compareGroups(from, group)) ?? [];
  });
  return {
    added: wanted
      .filter((group) => !running.has(group.name))
      .toSorted((a, b) => a.priority - b.priority || compareText(a.name, b.name)),
    changed,
    removed: active.filter((group) => !names.has(group.name)),
  };
}
