/** What deserves a mail: an unexpected exit, and on request a program that was given up or another state. Pure. */
import { formatNamespec, parseNamespec } from '../process/namespec.ts';
import { type EventFrame, parseTokens } from './frame.ts';

export interface Incident {
  /** `state`: it was asked for by --state; `daemon`: the supervisor itself died. */
  readonly kind: 'exited' | 'fatal' | 'state' | 'daemon';
  readonly process: string;
  readonly group: string;
  /** 0 when the event does not tell. */
  readonly pid: number;
  readonly fromState: string;
  /** The state that was reached. */
  readonly state: string;
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
  /** Start attempts so far, where the event tells; else 0. */
  readonly tries: number;
}

export interface Interest {
  /** Names as given with --program; empty: every program. */
  readonly programs: readonly string[];
  /** Are unexpected exits of interest? Not to superlance's fatalmailbatch. */
  readonly crashes: boolean;
  readonly fatal: boolean;
  /** Further states, such as STOPPED. */
  readonly states: readonly string[];
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
    tries: readNumber(tokens.get('tries')),
  };
}

/** A bare name means a process or a whole group of that name. */
function isNamed(name: string, event: StateEvent): boolean {
  if (!name.includes(':')) return name === event.process || name === event.group;
  const { group, process } = parseNamespec(name);
  return group === event.group && (process === undefined || process === event.process);
}

function kindOf(event: StateEvent, interest: Interest): Incident['kind'] | undefined {
  if (event.state === 'EXITED' && !event.expected && interest.crashes) return 'exited';
  if (event.state === 'FATAL' && interest.fatal) return 'fatal';
  return interest.states.includes(event.state) ? 'state' : undefined;
}

export function incidentOf(event: StateEvent, interest: Interest): Incident | undefined {
  const kind = kindOf(event, interest);
  if (kind === undefined) return undefined;
  if (interest.programs.length > 0 && !interest.programs.some((name) => isNamed(name, event))) return undefined;
  const { process, group, pid, fromState, state } = event;
  return { kind, process, group, pid, fromState, state };
}

export const namespecOf = (of: { readonly group: string; readonly process: string }): string =>
  formatNamespec(of.group, of.process);

/** The serial of an event; undefined when the header has none. */
export function serialOf({ headers }: EventFrame): number | undefined {
  const serial = headers.get('serial') ?? '';
  return /^[0-9]{1,15}$/.test(serial) ? Number(serial) : undefined;
}

/**
 * What makes an event the same event when it is delivered again.
 * @param daemon tells whose serials these are: superd counts on for ever, supervisord anew with each start
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
