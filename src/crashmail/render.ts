/** A report as a mail: subject, headers and text. Pure, and the only place that words it. */
import { namespecOf } from './incident.ts';
import type { Aftermath, Ending, Facts, LogTail, Report } from './report.ts';
import { duration, oneLine } from './text.ts';

/** A mail before it becomes bytes; every header value is one safe line. */
export interface Mail {
  /** Stable for one report, so that sending it again is not a new mail. */
  readonly id: string;
  readonly messageId: string;
  readonly date: number;
  readonly from: string;
  /** '' when the way of sending knows its recipients itself. */
  readonly to: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Letterhead {
  /** '' for `superd@<host>`. */
  readonly from: string;
  readonly to: string;
  /** superlance's --optionalheader; '' for none. */
  readonly prefix: string;
}

/** How it ended, as the end of a sentence whose subject is the program. */
function endingPhrase(ending: Ending): string {
  switch (ending.kind) {
    case 'code':
      return `exited with code ${ending.code}`;
    case 'signal':
      return `was terminated by ${oneLine(ending.signal) || 'a signal'}${ending.coreDumped ? ' (core dumped)' : ''}`;
    case 'unknown':
      return 'exited';
  }
}

const headline = (report: Report): string =>
  report.incident.kind === 'exited' ? `${endingPhrase(report.facts.ending)} (unexpected)` : 'is FATAL: it was given up';

function reasonLine({ incident, facts }: Report): string {
  const { ending } = facts;
  if (incident.kind === 'exited') {
    return ending.kind === 'unknown'
      ? 'not an expected exit code; the details could not be learned'
      : endingPhrase(ending);
  }
  const reason = facts.reason === '' ? 'could not be started' : facts.reason;
  return ending.kind === 'unknown' ? reason : `${reason}; at last it ${endingPhrase(ending)}`;
}

function nextStep({ state, pid }: Aftermath): string {
  switch (state) {
    case '':
      return 'unknown (the supervisor did not answer)';
    case 'STARTING':
    case 'RUNNING':
      return `restarted by autorestart (now ${state}${pid === 0 ? '' : `, pid ${pid}`})`;
    case 'BACKOFF':
      return 'restarted by autorestart, but the start failed; it is tried again (now BACKOFF)';
    case 'EXITED':
      return 'none: it stays EXITED until somebody starts it';
    case 'FATAL':
      return 'none: it was given up (FATAL) until somebody starts it';
    default:
      return `none by itself (now ${state})`;
  }
}

const moment = (seconds: number): string =>
  seconds > 0 ? `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC` : 'unknown';

const uptime = ({ started, stopped }: Facts): string =>
  started > 0 && stopped >= started ? duration((stopped - started) * 1000) : 'unknown';

function tailSection(title: string, tail: LogTail): string {
  const body =
    tail.lines.length > 0
      ? tail.lines.map((line) => `  ${line}`.trimEnd()).join('\n')
      : `  (${tail.problem || 'empty'})`;
  const count = tail.lines.length === 1 ? 'Last line' : `Last ${tail.lines.length} lines`;
  return `${tail.lines.length === 0 ? title : `${count} of ${title}`}:\n${body}\n`;
}

function renderText(report: Report): string {
  const { incident, facts } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['Program', oneLine(namespecOf(incident))],
    ['Host', oneLine(report.host)],
    ['Supervisor', oneLine(report.server)],
    [incident.kind === 'exited' ? 'Exited' : 'Given up', moment(facts.stopped)],
    ['Reason', reasonLine(report)],
    ['Pid', incident.pid === 0 ? 'unknown' : String(incident.pid)],
    ...(incident.kind === 'exited' ? [['Uptime', uptime(facts)] as const] : []),
    ['Restarts', `${facts.restarts} so far`],
    ['Next', nextStep(facts.aftermath)],
  ];
  const table = rows.map(([name, value]) => `${`${name}:`.padEnd(12)}${value}`).join('\n');
  const opening = `${oneLine(namespecOf(incident))} on ${oneLine(report.host)} ${headline(report)}.`;
  return `${opening}\n\n${table}\n\n${tailSection('stderr', facts.stderr)}\n${tailSection('stdout', facts.stdout)}`;
}

/** A host name as the right-hand side of an address. */
const domainOf = (host: string): string =>
  host.replace(/[^A-Za-z0-9.-]/g, '').replace(/^[.-]+|[.-]+$/g, '') || 'localhost';

export function renderMail(report: Report, { from, to, prefix }: Letterhead): Mail {
  const program = oneLine(namespecOf(report.incident));
  const subject = `[${oneLine(report.host)}] ${program} ${headline(report)}`;
  return {
    id: report.id,
    messageId: `<crashmail.${report.id}@${domainOf(report.host)}>`,
    date: report.at,
    from: oneLine(from) || `superd@${domainOf(report.host)}`,
    to: oneLine(to),
    subject: prefix === '' ? subject : `${oneLine(prefix)}: ${subject}`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Superd-Program': program },
    text: renderText(report),
  };
}
