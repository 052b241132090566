/**
 * Asks the supervisor and the machine for what the event does not tell. Every question has a short limit, and every
 * answer may be missing: a report with gaps is better than a listener that hangs.
 */
import { type Millis, millis } from '../units.ts';
import type { Run } from './history.ts';
import { type Incident, namespecOf } from './incident.ts';
import { endingInJournal, type JournalRow, readJournal, restartsSince, timesInJournal } from './journal-rows.ts';
import { endingInLog } from './main-log.ts';
import type { Answer, Rpc, RpcParam } from './ports.ts';
import {
  type Aftermath,
  type Course,
  type Ending,
  type Facts,
  type LogTail,
  type MemoryVerdict,
  NO_COURSE,
  NO_VERDICT,
  type Settings,
} from './report.ts';
import { lastLines, oneLine } from './text.ts';

/** The longest wait for one answer; the questions are asked together, so this is nearly the longest wait at all. */
export const RPC_TIMEOUT: Millis = millis(2000);
/** How much of the main log is searched for the exit status. */
const MAIN_LOG_BYTES = 32 * 1024;
const SHUTDOWN_STATE = 6;
/** Records of the journal that are asked for; of them so many make the timeline. */
const JOURNAL_RECORDS = 60;
const BRIEF_RECORDS = 12;
const TIMELINE = 12;
const MAX_WHY = 12;
/** Changes of state in the last day that are counted. */
const DAY_RECORDS = 1000;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** What facts are gathered from. */
export interface Witnesses {
  readonly rpc: Rpc;
  /** The end of a log file on this machine, for what XML-RPC cannot carry; undefined: cannot be read. */
  readTail(path: string, bytes: number): Promise<string | undefined>;
  /** Processor and memory use before the end. */
  course(program: string): Course;
  /** What the kernel says about the death of this process; asked only where it could be the cause. */
  memory(program: string, pid: number): MemoryVerdict;
  settings(incident: Incident): Settings;
  /** Hides the secrets of the program. */
  mask(program: string, text: string): string;
}

export interface Inquiry {
  readonly incident: Incident;
  readonly serials: readonly number[];
  readonly run: Run;
  /** Seconds since the epoch at which the event came. */
  readonly heard: number;
  /** Log lines wanted. */
  readonly lines: number;
  /** `brief`: how it ended and what came of it, and no more. */
  readonly detail: 'full' | 'brief';
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
  if (incident.kind !== 'exited') return lastTry(incident, exit, info, mainLog);
  const told = endingFromLastExit(exit, incident.pid);
  if (told.kind !== 'unknown') return told;
  const shown = endingFromInfo(info);
  if (shown.kind === 'code') return shown;
  const logged = endingInLog(mainLog, incident.process, incident.pid);
  return logged.kind === 'unknown' ? shown : logged;
}

/** When it started and stopped, from whoever knew. */
function timesOf(
  { incident, run, heard, serials }: Inquiry,
  { exit, info, rows }: { readonly exit: Struct; readonly info: Struct; readonly rows: readonly JournalRow[] },
): Pick<Facts, 'started' | 'stopped'> {
  if (incident.pid !== 0 && numberIn(exit, 'pid') === incident.pid && numberIn(exit, 'stopped') > 0) {
    return { started: Math.floor(numberIn(exit, 'started')), stopped: Math.floor(numberIn(exit, 'stopped')) };
  }
  // An event that is told late is not of the last run, nor of now.
  const told = timesInJournal(rows, serials);
  if (incident.kind === 'exited' && told.started > 0) return told;
  const stopped = told.stopped || numberIn(info, 'stop') || heard;
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
async function tailOf(
  witnesses: Witnesses,
  {
    answer,
    path,
    lines,
    mask,
  }: {
    readonly answer: Answer;
    readonly path: string;
    readonly lines: number;
    readonly mask: (text: string) => string;
  },
): Promise<LogTail> {
  if (lines === 0) return LEFT_OUT;
  const sent = tailText(answer);
  const text = sent ?? (path === '' ? undefined : await witnesses.readTail(path, tailBytes(lines)));
  if (text !== undefined) return { lines: lastLines(mask(text), lines), problem: '' };
  return { lines: [], problem: answer.kind === 'failed' ? oneLine(answer.reason) : 'the supervisor did not send it' };
}

const aftermathOf = (info: Struct): Aftermath => ({
  state: oneLine(textIn(info, 'statename')),
  pid: numberIn(info, 'pid'),
});

const LEFT_OUT: LogTail = { lines: [], problem: 'left out' };
const UNASKED: Answer = { kind: 'failed', reason: 'left out' };

/** All the answers of one inquiry. */
interface Answers {
  readonly last: Answer;
  readonly info: Answer;
  readonly stdout: Answer;
  readonly stderr: Answer;
  readonly log: Answer;
  readonly journal: Answer;
  /** The changes of state in the last day. */
  readonly day: Answer;
  readonly why: Answer;
}

/** In a storm nothing is asked that can be done without. */
async function askBriefly({ rpc }: Witnesses, { incident, serials }: Inquiry): Promise<Answers> {
  const full = `${incident.group}:${incident.process}`;
  const ask = (method: string, ...params: readonly RpcParam[]): Promise<Answer> => rpc.ask(method, params, RPC_TIMEOUT);
  const [info, journal] = await Promise.all([
    ask('supervisor.getProcessInfo', full),
    ask('superd.history', { name: full, limit: BRIEF_RECORDS }),
  ]);
  const rest = { info, journal, stdout: UNASKED, stderr: UNASKED, day: UNASKED, why: UNASKED };
  if (endingInJournal(readJournal(journal), serials).kind !== 'unknown')
    return { ...rest, last: UNASKED, log: UNASKED };
  const [last, log] = await Promise.all([
    ask('superd.getLastExit', namespecOf(incident)),
    ask('supervisor.readLog', -MAIN_LOG_BYTES, 0),
  ]);
  return { ...rest, last, log };
}

async function askAll({ rpc }: Witnesses, { incident, lines, heard }: Inquiry): Promise<Answers> {
  const full = `${incident.group}:${incident.process}`;
  const ask = (method: string, ...params: readonly RpcParam[]): Promise<Answer> => rpc.ask(method, params, RPC_TIMEOUT);
  const [last, info, stdout, stderr, log, journal, day, why] = await Promise.all([
    ask('superd.getLastExit', namespecOf(incident)),
    ask('supervisor.getProcessInfo', full),
    ask('supervisor.tailProcessStdoutLog', full, 0, tailBytes(lines)),
    ask('supervisor.tailProcessStderrLog', full, 0, tailBytes(lines)),
    ask('supervisor.readLog', -MAIN_LOG_BYTES, 0),
    ask('superd.history', { name: full, limit: JOURNAL_RECORDS }),
    ask('superd.history', { name: full, since: heard - DAY_SECONDS, kinds: ['process-state'], limit: DAY_RECORDS }),
    ask('superd.why', full),
  ]);
  return { last, info, stdout, stderr, log, journal, day, why };
}

/** A process that the kernel kills for its memory ends by SIGKILL; one whose child is killed may end in any way. */
function verdictOf(witnesses: Witnesses, { incident }: Inquiry, ending: Ending): MemoryVerdict {
  if (incident.kind !== 'exited' || incident.pid === 0) return NO_VERDICT;
  const verdict = witnesses.memory(namespecOf(incident), incident.pid);
  const isKill = ending.kind === 'signal' && (ending.signal === 'SIGKILL' || ending.signal === '');
  return verdict.kind === 'possibly' && !isKill && ending.kind !== 'unknown' ? NO_VERDICT : verdict;
}

function gather(witnesses: Witnesses, inquiry: Inquiry, answers: Answers): Omit<Facts, 'stdout' | 'stderr'> {
  const { incident, run, serials, detail } = inquiry;
  const program = namespecOf(incident);
  const exit = structOf(answers.last);
  const info = structOf(answers.info);
  const mainLog = answers.log.kind === 'value' && typeof answers.log.value === 'string' ? answers.log.value : '';
  const rows = readJournal(answers.journal);
  const day = readJournal(answers.day);
  const since = (seconds: number): number => restartsSince(day, (inquiry.heard - seconds) * 1000);
  const story = [...day, ...rows];
  const told = endingInJournal(story, serials);
  const ending = told.kind === 'unknown' ? endingOf(incident, exit, info, mainLog) : told;
  const restarts = numberIn(exit, 'restarts');
  const mask = (text: string): string => witnesses.mask(program, text);
  const why =
    answers.why.kind === 'value' && typeof answers.why.value === 'string' ? answers.why.value.split('\n') : [];
  const moments = rows.length > 0 ? rows.map(({ at, text }) => ({ at, text })) : run.timeline;
  const isFull = detail === 'full';
  return {
    ending,
    memory: verdictOf(witnesses, inquiry, ending),
    ...timesOf(inquiry, { exit, info, rows: story }),
    restarts: restarts > 0 ? restarts : run.restarts,
    // The journal knows also what happened before this listener started.
    restartsHour: Math.max(run.restartsHour, since(HOUR_SECONDS)),
    restartsDay: Math.max(run.restartsDay, since(DAY_SECONDS)),
    tries: run.tries,
    reason: oneLine(mask(textIn(info, 'spawnerr'))),
    aftermath: aftermathOf(info),
    settings: witnesses.settings(incident),
    timeline: isFull ? moments.slice(-TIMELINE).map(({ at, text }) => ({ at, text: oneLine(mask(text)) })) : [],
    why: isFull ? why.slice(0, MAX_WHY).map((line) => oneLine(mask(line))) : [],
    course: isFull ? witnesses.course(program) : NO_COURSE,
  };
}

/** @returns undefined when the daemon is shutting down, which turns waiting programs FATAL on the way. */
export async function gatherFacts(witnesses: Witnesses, inquiry: Inquiry): Promise<Facts | undefined> {
  const { incident, lines, detail } = inquiry;
  const answers = await (detail === 'full' ? askAll : askBriefly)(witnesses, inquiry);
  const { info: first } = answers;
  if (incident.kind === 'fatal' && first.kind === 'fault' && first.code === SHUTDOWN_STATE) return undefined;
  const facts = gather(witnesses, inquiry, answers);
  const info = structOf(first);
  // An automatic restart may be just under way: look once more before saying that there is none.
  const isAtRest = incident.kind === 'exited' && textIn(info, 'statename') === 'EXITED';
  const full = `${incident.group}:${incident.process}`;
  const again = isAtRest ? structOf(await witnesses.rpc.ask('supervisor.getProcessInfo', [full], RPC_TIMEOUT)) : info;
  const mask = (text: string): string => witnesses.mask(namespecOf(incident), text);
  const tail = async (answer: Answer, path: string): Promise<LogTail> =>
    detail === 'full' ? tailOf(witnesses, { answer, path, lines, mask }) : LEFT_OUT;
  return {
    ...facts,
    aftermath: aftermathOf(again),
    stdout: await tail(answers.stdout, textIn(info, 'stdout_logfile')),
    stderr: await tail(answers.stderr, textIn(info, 'stderr_logfile')),
  };
}
