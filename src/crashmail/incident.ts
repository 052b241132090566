/** What deserves a mail: an unexpected exit, and on request a program that was given up. Pure. */
import { formatNamespec, parseNamespec } from '../process/namespec.ts';
import { type EventFrame, parseTokens } from './frame.ts';

export interface Incident {
  readonly kind: 'exited' | 'fatal';
  readonly process: string;
  readonly group: string;
  /** 0 when the event does not tell. */
  readonly pid: number;
  readonly fromState: string;
}

/** A PROCESS_STATE event. */
export interface StateEvent {
  /** Such as `EXITED`. */
  readonly state: string;
  readonly process: string;
  readonly group: string;
  readonly fromState: string;
  readonly pid: number;
  readonly expected: boolean;
}

export interface Interest {
  /** Names as given with --program; empty: every program. */
  readonly programs: readonly string[];
  readonly fatal: boolean;
}

const PREFIX = 'PROCESS_STATE_';

const readNumber = (text: string | undefined): number =>
  text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : 0;

/** @returns undefined for an event of any other kind. */
export function readStateEvent({ headers, payload }: EventFrame): StateEvent | undefined {
  const name = headers.get('eventname') ?? '';
  if (!name.startsWith(PREFIX)) return undefined;
  const tokens = parseTokens(payload);
  return {
    state: name.slice(PREFIX.length),
    process: tokens.get('processname') ?? '',
    group: tokens.get('groupname') ?? '',
    fromState: tokens.get('from_state') ?? '',
    pid: readNumber(tokens.get('pid')),
    expected: tokens.get('expected') !== '0',
  };
}

/** A bare name means a process or a whole group of that name. */
function isNamed(name: string, event: StateEvent): boolean {
  if (!name.includes(':')) return name === event.process || name === event.group;
  const { group, process } = parseNamespec(name);
  return group === event.group && (process === undefined || process === event.process);
}

export function incidentOf(event: StateEvent, interest: Interest): Incident | undefined {
  const isUnexpectedExit = event.state === 'EXITED' && !event.expected;
  if (!isUnexpectedExit && !(interest.fatal && event.state === 'FATAL')) return undefined;
  if (interest.programs.length > 0 && !interest.programs.some((name) => isNamed(name, event))) return undefined;
  const { process, group, pid, fromState } = event;
  return { kind: isUnexpectedExit ? 'exited' : 'fatal', process, group, pid, fromState };
}

export const namespecOf = (of: { readonly group: string; readonly process: string }): string =>
  formatNamespec(of.group, of.process);

/**
 * What makes an event the same event when it is delivered again: serials start anew with the daemon, so the daemon's
 * own mark belongs to it.
 */
export const incidentKey = (daemon: string, { headers }: EventFrame, incident: Incident): string =>
  [
    daemon,
    headers.get('server') ?? '',
    headers.get('serial') ?? '',
    incident.kind,
    incident.group,
    incident.process,
    incident.pid,
  ].join('\n');
