/**
 * The XML-RPC API as superctl calls it: typed methods over a transport port. A fault is an answer (the caller decides
 * what it means); everything else that goes wrong is a CallError. It knows no sockets and prints nothing.
 */
import { fail, type HostError, ok, type Result } from '../errors.ts';
import { decodeResponse, encodeCall, isList, isStruct, UNREADABLE, type XmlFault, type XmlValue } from './xml.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

/** How a live log ended: the server closed it, it was aborted, or it never began. */
export type TailEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable'; readonly error: HostError };

export interface Transport {
  /** Posts a call to /RPC2. */
  readonly post: (body: string) => Promise<Result<HttpAnswer, HostError>>;
  /** Follows a live log until it ends or is aborted. */
  readonly tail: (path: string, onChunk: (chunk: Uint8Array) => void, abort: AbortSignal) => Promise<TailEnd>;
}

export type CallProblem =
  /** `code` is an errno's name. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'status'; readonly status: number; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'fault'; readonly fault: XmlFault };

/** A call that brought no usable answer. */
export class CallError extends Error {
  readonly problem: CallProblem;
  constructor(problem: CallProblem) {
    super(`cannot call the server: ${problem.kind}`);
    this.problem = problem;
  }
}

export type Answer<T> = Promise<Result<T, XmlFault>>;

/** For a caller to whom every fault is a failure. @throws CallError */
export async function need<T>(answer: Answer<T>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new CallError({ kind: 'fault', fault: result.error });
  return result.value;
}

/** What getProcessInfo tells. @source spec api 2.4 */
export interface ProcessRow {
  readonly group: string;
  readonly name: string;
  readonly state: number;
  readonly statename: string;
  readonly description: string;
  readonly pid: number;
  readonly start: number;
  readonly stop: number;
  readonly now: number;
  readonly exitstatus: number;
  readonly spawnerr: string;
  readonly stdout_logfile: string;
  readonly stderr_logfile: string;
}

/** What became of one process in a batch; `status` is a fault code, or SUCCESS. */
export interface Outcome {
  readonly group: string;
  readonly name: string;
  readonly status: number;
  readonly description: string;
}

export interface ConfigRow {
  readonly group: string;
  readonly name: string;
  readonly inuse: boolean;
  readonly autostart: boolean;
  readonly group_prio: number;
  readonly process_prio: number;
}

export interface Rereading {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What an update would do, and why. */
export interface PlanAnswer {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly GroupChange[];
}

/** A record of the journal: when, what in words, and all of it as JSON. */
export interface HistoryRow {
  readonly serial: number;
  readonly time: number;
  readonly text: string;
  readonly json: string;
}

export interface HistoryPage {
  readonly records: readonly HistoryRow[];
  /** The serial for the next call. */
  readonly last: number;
}

export interface GroupChange {
  readonly group: string;
  readonly changes: readonly KeyChange[];
}

export interface KeyChange {
  readonly process: string;
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** Reads a value of an answer. @throws CallError */
export type Decode<T> = (value: XmlValue | undefined) => T;

function unreadable(why: string): never {
  throw new CallError({ kind: 'unreadable', why });
}

export const text = (value: XmlValue | undefined): string =>
  typeof value === 'string' ? value : unreadable('want a string');
export const integer = (value: XmlValue | undefined): number =>
  typeof value === 'number' ? value : unreadable('want a number');
const boolean = (value: XmlValue | undefined): boolean =>
  typeof value === 'boolean' ? value : unreadable('want a boolean');
/** Values of a configuration, whatever their type, as one text. */
const anything = (value: XmlValue | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const listOf =
  <T>(item: Decode<T>): Decode<readonly T[]> =>
  (value) =>
    isList(value) ? value.map(item) : unreadable('want an array');

export const struct = (value: XmlValue | undefined): { readonly [key: string]: XmlValue } =>
  isStruct(value) ? value : unreadable('want a struct');

function processRow(value: XmlValue | undefined): ProcessRow {
  const from = struct(value);
  return {
    group: text(from['group']),
    name: text(from['name']),
    state: integer(from['state']),
    statename: text(from['statename']),
    description: text(from['description']),
    pid: integer(from['pid']),
    start: integer(from['start']),
    stop: integer(from['stop']),
    now: integer(from['now']),
    exitstatus: integer(from['exitstatus']),
    spawnerr: text(from['spawnerr']),
    stdout_logfile: text(from['stdout_logfile']),
    stderr_logfile: text(from['stderr_logfile']),
  };
}

function outcome(value: XmlValue | undefined): Outcome {
  const from = struct(value);
  return {
    group: text(from['group']),
    name: text(from['name']),
    status: integer(from['status']),
    description: text(from['description']),
  };
}

function configRow(value: XmlValue | undefined): ConfigRow {
  const from = struct(value);
  return {
    group: text(from['group']),
    name: text(from['name']),
    inuse: boolean(from['inuse']),
    autostart: boolean(from['autostart']),
    group_prio: integer(from['group_prio']),
    process_prio: integer(from['process_prio']),
  };
}

/** The answer is an array that holds one array of the three lists. @source spec api 2.2 */
function rereading(value: XmlValue | undefined): Rereading {
  const [added = [], changed = [], removed = []] = listOf(listOf(listOf(text)))(value)[0] ?? [];
  return { added, changed, removed };
}

function keyChange(value: XmlValue | undefined): KeyChange {
  const from = struct(value);
  return {
    process: text(from['process']),
    key: text(from['key']),
    before: anything(from['before']),
    after: anything(from['after']),
  };
}

function groupChange(value: XmlValue | undefined): GroupChange {
  const from = struct(value);
  return { group: text(from['group']), changes: listOf(keyChange)(from['changes']) };
}

/** The process that answers. */
export interface BrainRow {
  readonly pid: number;
  readonly version: string;
  readonly lastEnd: string;
}

function brainRow(value: XmlValue | undefined): BrainRow {
  const from = struct(value);
  return { pid: integer(from['pid']), version: text(from['version']), lastEnd: text(from['lastend']) };
}

function plan(value: XmlValue | undefined): PlanAnswer {
  const from = struct(value);
  return {
    added: listOf(text)(from['added']),
    removed: listOf(text)(from['removed']),
    changed: listOf(groupChange)(from['changed']),
  };
}

function historyRow(value: XmlValue | undefined): HistoryRow {
  const from = struct(value);
  return {
    serial: integer(from['serial']),
    time: integer(from['time']),
    text: text(from['text']),
    json: text(from['json']),
  };
}

function historyPage(value: XmlValue | undefined): HistoryPage {
  const from = struct(value);
  return { records: listOf(historyRow)(from['records']), last: integer(from['last']) };
}

/** A single process gives true, a group form (`g:*`) a batch. */
const outcomes = (value: XmlValue | undefined): readonly Outcome[] => (isList(value) ? listOf(outcome)(value) : []);
const nothing = (): undefined => undefined;

/** One server's API. */
export class RpcClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Calls any method. @throws CallError when there is no answer in XML-RPC */
  async call<T>(method: string, params: readonly XmlValue[], decode: Decode<T>): Answer<T> {
    const reply = await this.#transport.post(encodeCall(method, params));
    if (!reply.ok) throw new CallError({ kind: 'unreachable', code: reply.error.code });
    const { status, reason, body } = reply.value;
    if (status !== 200) throw new CallError({ kind: 'status', status, reason });
    const answer = decodeResponse(body);
    if (answer.ok) return ok(decode(answer.value));
    if (answer.error.code === UNREADABLE) return unreadable(answer.error.text);
    return fail(answer.error);
  }

  #ask<T>(method: string, params: readonly XmlValue[], decode: Decode<T>): Answer<T> {
    return this.call(`supervisor.${method}`, params, decode);
  }

  apiVersion = (): Answer<string> => this.#ask('getVersion', [], text);
  supervisorVersion = (): Answer<string> => this.#ask('getSupervisorVersion', [], text);
  daemonPid = (): Answer<number> => this.#ask('getPID', [], integer);
  shutdown = (): Answer<undefined> => this.#ask('shutdown', [], nothing);
  restart = (): Answer<undefined> => this.#ask('restart', [], nothing);

  processInfo = (name: string): Answer<ProcessRow> => this.#ask('getProcessInfo', [name], processRow);
  allProcessInfo = (): Answer<readonly ProcessRow[]> => this.#ask('getAllProcessInfo', [], listOf(processRow));
  allConfigInfo = (): Answer<readonly ConfigRow[]> => this.#ask('getAllConfigInfo', [], listOf(configRow));

  /** A process action such as `startProcess`, with the name and what else it wants. */
  act = (method: string, ...params: readonly XmlValue[]): Answer<readonly Outcome[]> =>
    this.#ask(method, params, outcomes);

  sendStdin = (name: string, chars: string): Answer<undefined> => this.#ask('sendProcessStdin', [name, chars], nothing);
  /** The last `length` bytes of a log. */
  readProcessLog = (name: string, channel: 'stdout' | 'stderr', length: number): Answer<string> =>
    this.#ask(channel === 'stdout' ? 'readProcessStdoutLog' : 'readProcessStderrLog', [name, -length, 0], text);
  readMainLog = (length: number): Answer<string> => this.#ask('readLog', [-length, 0], text);

  reloadConfig = (): Answer<Rereading> => this.#ask('reloadConfig', [], rereading);
  addGroup = (name: string): Answer<undefined> => this.#ask('addProcessGroup', [name], nothing);
  removeGroup = (name: string): Answer<undefined> => this.#ask('removeProcessGroup', [name], nothing);
  /** superd only; others answer UNKNOWN_METHOD. */
  brain = (): Answer<BrainRow> => this.call('superd.getBrain', [], brainRow);
  upgrade = (): Answer<undefined> => this.call('superd.upgrade', [], nothing);
  plan = (): Answer<PlanAnswer> => this.call('superd.plan', [], plan);
  history = (options: Readonly<Record<string, XmlValue>>): Answer<readonly HistoryRow[]> =>
    this.call('superd.history', [options], listOf(historyRow));
  historyAfter = (serial: number, seconds: number, name: string): Answer<HistoryPage> =>
    this.call('superd.historyAfter', [serial, seconds, name], historyPage);
  why = (name: string): Answer<string> => this.call('superd.why', [name], text);
  disable = (name: string): Answer<undefined> => this.call('superd.disable', [name], nothing);
  enable = (name: string): Answer<undefined> => this.call('superd.enable', [name], nothing);
  disabled = (): Answer<readonly string[]> => this.call('superd.getDisabled', [], listOf(text));
}
