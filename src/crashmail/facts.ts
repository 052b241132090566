/**
 * Asks the supervisor for what the event does not tell. Every question has a short limit, and every answer may be
 * missing: a report with gaps is better than a listener that hangs.
 */
import { type Millis, millis } from '../units.ts';
import type { Run } from './history.ts';
import { type Incident, namespecOf } from './incident.ts';
import { endingInLog } from './main-log.ts';
import type { Answer, Rpc } from './ports.ts';
import type { Aftermath, Ending, Facts, LogTail } from './report.ts';
import { lastLines, oneLine } from './text.ts';

/** The longest wait for one answer; the questions are asked together, so this is nearly the longest wait at all. */
export const RPC_TIMEOUT: Millis = millis(2000);
/** How much of the main log is searched for the exit status. */
const MAIN_LOG_BYTES = 32 * 1024;
const SHUTDOWN_STATE = 6;

/** What facts are gathered from. */
export interface Witnesses {
  readonly rpc: Rpc;
  /** The end of a log file on this machine, for what XML-RPC cannot carry; undefined: cannot be read. */
  readTail(path: string, bytes: number): Promise<string | undefined>;
}

export interface Inquiry {
  readonly incident: Incident;
  readonly run: Run;
  /** Seconds since the epoch at which the event came. */
  readonly heard: number;
  /** Log lines wanted. */
  readonly lines: number;
}

type Struct = Readonly<Record<string, unknown>>;
const isStruct = (value: unknown): value is Struct =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const structOf = (answer: Answer): Struct => (answer.kind === 'value' && isStruct(answer.value) ? answer.value : {});
const textIn = (struct: Struct, key: string): string => (typeof struct[key] === 'string' ? struct[key] : '');
const numberIn = (struct: Struct, key: string): number =>
  typeof struct[key] === 'number' && Number.isFinite(struct[key]) ? struct[key] : 0;

const UNKNOWN_ENDING: Ending = { kind: 'unknown' };

/** superd's own `superd.getLastExit`; an answer about another process is no answer. */
function endingFromLastExit(exit: Struct, pid: number): Ending {
  if (pid === 0 || numberIn(exit, 'pid') !== pid) return UNKNOWN_ENDING;
  if (exit['kind'] === 'code') return { kind: 'code', code: numberIn(exit, 'code') };
  if (exit['kind'] !== 'signal') return UNKNOWN_ENDING;
  const number = numberIn(exit, 'signal');
  const signal = oneLine(textIn(exit, 'signal')) || (number === 0 ? '' : `signal ${number}`);
  return { kind: 'signal', signal, coreDumped: exit['coredumped'] === true };
}

/** getProcessInfo speaks of this exit only while the program has not been started again. @source spec api 2.4 */
function endingFromInfo(info: Struct): Ending {
  if (textIn(info, 'statename') !== 'EXITED') return UNKNOWN_ENDING;
  const status = numberIn(info, 'exitstatus');
  return status < 0 ? { kind: 'signal', signal: '', coreDumped: false } : { kind: 'code', code: status };
}

/** A program that was given up may have exited too quickly, or not even have started. */
function lastTry(incident: Incident, exit: Struct, info: Struct, mainLog: string): Ending {
  if (!textIn(info, 'spawnerr').startsWith('Exited too quickly')) return UNKNOWN_ENDING;
  const told = endingFromLastExit(exit, numberIn(exit, 'pid'));
  return told.kind === 'unknown' ? endingInLog(mainLog, incident.process, 0) : told;
}

function endingOf(incident: Incident, exit: Struct, info: Struct, mainLog: string): Ending {
  if (incident.kind === 'fatal') return lastTry(incident, exit, info, mainLog);
  const told = endingFromLastExit(exit, incident.pid);
  if (told.kind !== 'unknown') return told;
  const shown = endingFromInfo(info);
  if (shown.kind === 'code') return shown;
  const logged = endingInLog(mainLog, incident.process, incident.pid);
  return logged.kind === 'unknown' ? shown : logged;
}

/** When it started and stopped, from whoever knew. */
function timesOf({ incident, run, heard }: Inquiry, exit: Struct, info: Struct): Pick<Facts, 'started' | 'stopped'> {
  if (incident.pid !== 0 && numberIn(exit, 'pid') === incident.pid && numberIn(exit, 'stopped') > 0) {
    return { started: Math.floor(numberIn(exit, 'started')), stopped: Math.floor(numberIn(exit, 'stopped')) };
  }
  const stopped = numberIn(info, 'stop') || heard;
  if (textIn(info, 'statename') === 'EXITED') return { started: numberIn(info, 'start'), stopped };
  const isSameRun = run.startedAt !== undefined && (run.pid === 0 || run.pid === incident.pid);
  return { started: isSameRun ? Math.floor((run.startedAt ?? 0) / 1000) : 0, stopped };
}

/** Enough for the lines wanted, were they of common length. */
const tailBytes = (lines: number): number => Math.min(256 * 1024, Math.max(16 * 1024, lines * 1024));

/** A tail call answers `[text, size, overflow]`. @source spec api 2.5 */
const tailText = (answer: Answer): string | undefined =>
  answer.kind === 'value' && Array.isArray(answer.value) && typeof answer.value[0] === 'string'
    ? answer.value[0]
    : undefined;

/**
 * The last lines of a log. supervisord cannot send every log (control characters, a character cut in half: spec api
 * 1.7); the file itself is the second source.
 */
async function tailOf(witnesses: Witnesses, answer: Answer, path: string, lines: number): Promise<LogTail> {
  if (lines === 0) return { lines: [], problem: 'left out' };
  const sent = tailText(answer);
  const text = sent ?? (path === '' ? undefined : await witnesses.readTail(path, tailBytes(lines)));
  if (text !== undefined) return { lines: lastLines(text, lines), problem: '' };
  return { lines: [], problem: answer.kind === 'failed' ? oneLine(answer.reason) : 'the supervisor did not send it' };
}

const aftermathOf = (info: Struct): Aftermath => ({
  state: oneLine(textIn(info, 'statename')),
  pid: numberIn(info, 'pid'),
});

/** @returns undefined when the daemon is shutting down, which turns waiting programs FATAL on the way. */
export async function gatherFacts(witnesses: Witnesses, inquiry: Inquiry): Promise<Facts | undefined> {
  const { incident, lines, run } = inquiry;
  const name = namespecOf(incident);
  const full = `${incident.group}:${incident.process}`;
  const ask = (method: string, ...params: readonly (string | number)[]): Promise<Answer> =>
    witnesses.rpc.ask(method, params, RPC_TIMEOUT);
  const [last, first, stdoutAnswer, stderrAnswer, log] = await Promise.all([
    ask('superd.getLastExit', name),
    ask('supervisor.getProcessInfo', full),
    ask('supervisor.tailProcessStdoutLog', full, 0, tailBytes(lines)),
    ask('supervisor.tailProcessStderrLog', full, 0, tailBytes(lines)),
    ask('supervisor.readLog', -MAIN_LOG_BYTES, 0),
  ]);
  if (incident.kind === 'fatal' && first.kind === 'fault' && first.code === SHUTDOWN_STATE) return undefined;
  const exit = structOf(last);
  const info = structOf(first);
  const mainLog = log.kind === 'value' && typeof log.value === 'string' ? log.value : '';
  // An automatic restart may be just under way: look once more before saying that there is none.
  const isAtRest = textIn(info, 'statename') === 'EXITED';
  const after = isAtRest ? structOf(await ask('supervisor.getProcessInfo', full)) : info;
  const restarts = numberIn(exit, 'restarts');
  return {
    ending: endingOf(incident, exit, info, mainLog),
    ...timesOf(inquiry, exit, info),
    restarts: restarts > 0 ? restarts : run.restarts,
    reason: oneLine(textIn(info, 'spawnerr')),
    aftermath: aftermathOf(after),
    stdout: await tailOf(witnesses, stdoutAnswer, textIn(info, 'stdout_logfile'), lines),
    stderr: await tailOf(witnesses, stderrAnswer, textIn(info, 'stderr_logfile'), lines),
  };
}
