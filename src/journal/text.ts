/** Records as lines for people, in supervisord's words; times are those of the place where it runs. */
import { formatNamespec } from '../process/namespec.ts';
import { exitText } from '../process/state.ts';
import type { EpochMillis } from '../units.ts';
import type { Caller, JournalRecord, Stamp } from './record.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** `12:01:03`. */
export function formatClock(time: EpochMillis): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** `2026-11-22`. */
export function formatDay(time: EpochMillis): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `operator bob via unix_http_server`, `SIGHUP`, … */
export function formatCaller(by: Caller): string {
  switch (by.kind) {
    case 'server': {
      const who = by.user === undefined ? 'operator' : `operator ${by.user}`;
      return `${who} via ${by.section}${by.address === undefined ? '' : ` from ${by.address}`}`;
    }
    case 'signal':
      return by.name;
    case 'watch':
      return 'a change of the configuration files';
  }
}

type Of<K extends JournalRecord['kind']> = Extract<JournalRecord, { readonly kind: K }>;

const nameOf = ({ group, process }: { readonly group: string; readonly process: string }): string =>
  formatNamespec(group, process);

function stateText(record: Of<'process-state'>): string {
  const { from, to, pid = 0, tries = 0, expected, exit, reason } = record;
  const facts = [
    ...(pid > 0 ? [`pid ${pid}`] : []),
    ...(tries > 0 ? [`${tries} failed`] : []),
    ...(exit === undefined ? [] : [exitText(exit)]),
    ...(expected === undefined ? [] : [expected ? 'expected' : 'not expected']),
    ...(reason === undefined ? [] : [reason]),
  ];
  return `${nameOf(record)}: ${from} -> ${to}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`;
}

function signalText(record: Of<'signal'>): string {
  const { pid, signal, target, why, problem } = record;
  const whom = `${target === 'group' ? 'the process group of ' : ''}${nameOf(record)} (pid ${pid})`;
  const because = { stop: 'to stop it', kill: 'because the stop took too long', operator: 'as asked' }[why];
  return problem === undefined
    ? `${signal} sent to ${whom} ${because}`
    : `${signal} could not be sent to ${whom}: ${problem}`;
}

function operatorText({ action, args, by }: Of<'operator'>): string {
  const given = args.map(({ name, value }) => `${name}=${value}`).join(', ');
  return `${formatCaller(by)}: ${action}(${given})`;
}

function configText({ added, changed, removed }: Of<'config'>): string {
  const parts = [
    ...(added.length > 0 ? [`added ${added.join(', ')}`] : []),
    ...changed.map(({ group, keys }) => `changed ${group} (${keys.join(', ')})`),
    ...(removed.length > 0 ? [`removed ${removed.join(', ')}`] : []),
  ];
  return `configuration read: ${parts.join('; ')}`;
}

const DAEMON = {
  started: 'superd started',
  stopped: 'superd stopped',
  restarting: 'superd stopped everything, to start afresh',
  'brain-restarted': 'superd was started again while its programs ran on',
  recovered: 'superd took over what it found',
} as const;

function daemonText({ what, pid, version, found }: Of<'daemon'>): string {
  if (found === undefined) return `${DAEMON[what]} (pid ${pid}, version ${version})`;
  return `${DAEMON[what]}: ${found.live} processes go on, ${found.gone} ended meanwhile (before: ${found.why})`;
}

/** `login of bob via inet_http_server from 10.0.0.7 refused`; the main log says it in the same words. */
export function formatLogin({ what, by, more }: Omit<Of<'login'>, keyof Stamp>): string {
  const who = formatCaller(by).replace(/^operator /, '');
  const verdict = what === 'refused' ? ' refused' : '';
  return `${what === 'ended' ? 'logout' : 'login'} of ${who}${verdict}${more === undefined ? '' : `, and ${more} more`}`;
}

/** What a record says, without its time. */
export function formatRecord(record: JournalRecord): string {
  switch (record.kind) {
    case 'process-state':
      return stateText(record);
    case 'spawn-error':
      return `${nameOf(record)}: cannot be started: ${record.reason}`;
    case 'signal':
      return signalText(record);
    case 'operator':
      return operatorText(record);
    case 'config':
      return configText(record);
    case 'process-group':
      return `group ${record.group} ${record.change === 'ADDED' ? 'activated' : 'removed'}`;
    case 'supervisor-state':
      return `superd is ${record.to}`;
    case 'daemon':
      return daemonText(record);
    case 'adopted':
      return `${nameOf(record)}: pid ${record.pid} was found running and is watched`;
    case 'disabled':
      return `${nameOf(record)}: disabled, it will not be started`;
    case 'enabled':
      return `${nameOf(record)}: enabled`;
    case 'login':
      return formatLogin(record);
    case 'problem':
      return `problem: ${record.text}`;
    case 'bug':
      return `bug: ${record.text}`;
    case 'remote-communication':
      return `remote communication of type ${record.type}, ${record.data.length} characters`;
    case 'process-communication':
      return `${nameOf(record)}: sent ${Buffer.from(record.data, 'base64').length} bytes on ${record.channel}`;
  }
}

/** A line of `superctl history`: serial, day, time, text. Control characters of others never reach a terminal. */
export function formatLine({ at, serial }: Stamp, text: string): string {
  const harmless = text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
  return `${String(serial).padStart(6)}  ${formatDay(at)} ${formatClock(at)}  ${harmless}`;
}
