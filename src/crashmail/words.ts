/** How things are said: causes, states, times, sizes. Pure; all mails take their words from here. */
import type { MailSeverity } from '../config/model.ts';
import type { Aftermath, Ending, Facts, Report } from './report.ts';
import { duration, oneLine } from './text.ts';

/** What signals mean, for those who do not meet them every day. */
const SIGNAL_MEANINGS: Readonly<Record<string, string>> = {
  SIGABRT: 'it gave up by itself: abort, a failed assertion',
  SIGBUS: 'a broken memory access',
  SIGFPE: 'a forbidden calculation, such as a division by zero',
  SIGHUP: 'its terminal was closed, or somebody sent it',
  SIGILL: 'a forbidden instruction',
  SIGINT: 'somebody interrupted it',
  SIGKILL: 'somebody or the kernel killed it; it could not prevent that',
  SIGPIPE: 'it wrote to something that nobody reads any more',
  SIGQUIT: 'somebody asked it to quit with a core dump',
  SIGSEGV: 'a forbidden memory access',
  SIGSYS: 'a forbidden system call',
  SIGTERM: 'somebody, but not the supervisor, asked it to end',
  SIGXCPU: 'it used up its processor time',
  SIGXFSZ: 'it wrote a file that is too large',
};

const SHELL_SIGNALS: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM',
};

function codeMeaning(code: number): string {
  if (code === 126) return 'a command could not be executed, as shells say it';
  if (code === 127) return 'a command was not found, as shells say it';
  const signal = SHELL_SIGNALS[code];
  return signal === undefined ? '' : `a command was ended by ${signal}, as shells say it`;
}

/** How it ended, as the end of a sentence whose subject is the program. */
export function endingPhrase({ ending, memory }: Pick<Facts, 'ending' | 'memory'>): string {
  if (memory.kind === 'limit') return 'was killed by the kernel at its memory limit';
  if (memory.kind === 'killed') return 'was killed by the kernel for memory';
  switch (ending.kind) {
    case 'code':
      return `exited with code ${ending.code}`;
    case 'signal': {
      const maybe = memory.kind === 'possibly' ? ', possibly by the kernel for memory' : '';
      return `was terminated by ${oneLine(ending.signal) || 'a signal'}${ending.coreDumped ? ' (core dumped)' : ''}${maybe}`;
    }
    case 'unknown':
      return 'exited';
  }
}

/** The same in a few words, for tables. */
export function shortCause(report: Report): string {
  const { incident, facts } = report;
  if (incident.kind === 'fatal') return 'gave up';
  if (incident.kind === 'state') return incident.state;
  if (incident.kind === 'daemon') return 'the supervisor died';
  if (facts.memory.kind === 'limit') return 'memory limit';
  if (facts.memory.kind === 'killed') return 'killed for memory';
  switch (facts.ending.kind) {
    case 'code':
      return `exit code ${facts.ending.code}`;
    case 'signal':
      return oneLine(facts.ending.signal) || 'a signal';
    case 'unknown':
      return 'unexpected exit';
  }
}

function endingCause(ending: Ending): string {
  switch (ending.kind) {
    case 'code': {
      const meaning = codeMeaning(ending.code);
      return `exit code ${ending.code}, which is not an expected one${meaning === '' ? '' : ` (${meaning})`}`;
    }
    case 'signal': {
      const name = oneLine(ending.signal);
      const meaning = SIGNAL_MEANINGS[name];
      const core = ending.coreDumped ? ', core dumped' : '';
      return `${name === '' ? 'a signal' : `signal ${name}`}${core}${meaning === undefined ? '' : ` (${meaning})`}`;
    }
    case 'unknown':
      return 'not an expected exit; the details could not be learned';
  }
}

function exitCause({ ending, memory }: Facts): string {
  switch (memory.kind) {
    case 'limit':
      return `killed by the kernel because it reached its memory limit (${memory.evidence})`;
    case 'killed':
      return `killed by the kernel because the machine ran out of memory (${memory.evidence})`;
    case 'possibly':
      return `${endingCause(ending)}; possibly for memory: ${memory.evidence}`;
    case 'none':
      return endingCause(ending);
  }
}

const starts = (tries: number): string => (tries === 1 ? '1 start' : `${tries} starts`);

/** Why it is so, in a line. */
export function causeLine({ incident, facts }: Report): string {
  switch (incident.kind) {
    case 'exited':
      return exitCause(facts);
    case 'fatal': {
      const reason = facts.reason === '' ? 'could not be started' : facts.reason;
      const tries = facts.tries > 0 ? `${starts(facts.tries)} in a row failed: ` : '';
      return facts.ending.kind === 'unknown'
        ? `${tries}${reason}`
        : `${tries}${reason}; at last it ${endingPhrase(facts)}`;
    }
    case 'state':
      return `it came from ${oneLine(incident.fromState) || 'an unknown state'}`;
    case 'daemon':
      return facts.reason;
  }
}

/** What the first line and the subject say after the name of the program. */
export function headline({ incident, facts }: Report): string {
  switch (incident.kind) {
    case 'exited':
      return `${endingPhrase(facts)} (unexpected)`;
    case 'fatal':
      return facts.tries > 0 ? `gave up after ${starts(facts.tries)} (FATAL)` : 'gave up (FATAL)';
    case 'state':
      return `is ${oneLine(incident.state)}`;
    case 'daemon':
      return 'died and came back';
  }
}

/** What happens next by itself, and when. */
export function nextStep({ incident, facts: { aftermath, tries } }: Report): string {
  const { state, pid }: Aftermath = aftermath;
  if (incident.kind === 'daemon') return 'none: it runs again';
  switch (state) {
    case '':
      return 'unknown (the supervisor did not answer)';
    case 'STARTING':
    case 'RUNNING':
      return `restarted by autorestart (now ${state}${pid === 0 ? '' : `, pid ${pid}`})`;
    case 'BACKOFF':
      return `tried again ${tries > 0 ? `${tries} s` : 'soon'} after the last start, which failed (now BACKOFF)`;
    case 'EXITED':
      return 'none: it stays EXITED until somebody starts it';
    case 'FATAL':
      return 'none: it was given up (FATAL) until somebody starts it';
    default:
      return `none by itself (now ${state})`;
  }
}

/** Is somebody needed now? */
export function severityOf({ incident, facts, detail }: Report): MailSeverity {
  if (incident.kind === 'fatal' || incident.kind === 'daemon') return 'critical';
  if (incident.kind === 'state') return 'warning';
  const isUpAgain = ['STARTING', 'RUNNING', 'BACKOFF'].includes(facts.aftermath.state);
  return detail !== 'event' && isUpAgain ? 'warning' : 'critical';
}

/** `2026-11-22 09:53:25 UTC`, from milliseconds. */
export const moment = (ms: number): string =>
  ms > 0 ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC` : 'unknown';

/** `09:53:25`, from milliseconds. */
export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

export const uptime = ({ started, stopped }: Facts): string =>
  started > 0 && stopped >= started ? duration((stopped - started) * 1000) : 'unknown';

/** `5 min`, `2 h`: a length of time, roughly. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `12 MB`, `1.5 GB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? ''}`;
}

export const percent = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;

export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

export const restartsLine = ({ restarts, restartsHour, restartsDay }: Facts): string =>
  restartsDay > 0 ? `${restartsHour} in the last hour, ${restartsDay} in the last day` : `${restarts} so far`;
