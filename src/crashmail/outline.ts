/** What a mail says, before it is text or HTML: its sentence, its facts, its tables. Pure, and the same for both parts. */
import type { MailSeverity } from '../config/model.ts';
import { namespecOf } from './incident.ts';
import { type Letter, SHOWN_IN_FULL, type Trouble } from './letter.ts';
import type { Report } from './report.ts';
import { oneLine } from './text.ts';
import {
  causeLine,
  clock,
  headline,
  moment,
  nextStep,
  restartsLine,
  severityOf,
  shortCause,
  span,
  times,
  uptime,
} from './words.ts';

export type Row = readonly [name: string, value: string];

/** One line of the table of a digest. */
export interface ProgramLine {
  readonly program: string;
  readonly crashes: number;
  readonly cause: string;
  readonly last: string;
  readonly state: string;
}

export interface Outline {
  readonly subject: string;
  /** The first sentence. */
  readonly opening: string;
  readonly severity: MailSeverity | 'good';
  /** Empty for a mail about one crash. */
  readonly programs: readonly ProgramLine[];
  /** Programs that the table leaves out. */
  readonly more: number;
  /** Reports that are shown with everything. */
  readonly shown: readonly Report[];
  readonly remarks: readonly string[];
}

/** Programs named in a table and in a subject. */
const MAX_LINES = 100;
const MAX_NAMES = 3;

export const programOf = (report: Report): string =>
  report.incident.kind === 'daemon' ? 'supervisor' : oneLine(namespecOf(report.incident));

const eventsIn = (reports: readonly Report[]): number => reports.reduce((sum, { count }) => sum + count, 0);

function programLine(program: string, reports: readonly Report[]): ProgramLine {
  const causes = new Map<string, number>();
  for (const report of reports) causes.set(shortCause(report), (causes.get(shortCause(report)) ?? 0) + report.count);
  const last = reports.at(-1);
  const cause = [...causes].map(([name, count]) => (causes.size === 1 ? name : `${name} (${count}×)`)).join(', ');
  return {
    program,
    crashes: eventsIn(reports),
    cause,
    last: last === undefined ? '' : clock(Math.max(last.at, last.facts.stopped * 1000)),
    state: oneLine(last?.facts.aftermath.state ?? '') || 'unknown',
  };
}

/** The first and the last of one program; of many programs the first of each, the gravest before the others. */
function chooseShown(reports: readonly Report[], programs: ReadonlyMap<string, readonly Report[]>): readonly Report[] {
  const full = (some: readonly Report[]): readonly Report[] => some.filter(({ detail }) => detail !== 'event');
  if (programs.size === 1) {
    const known = full(reports);
    const [first] = known;
    const last = known.findLast(
      (report) => report !== first && (report.detail === 'full' || report.incident.kind === 'fatal'),
    );
    return first === undefined ? reports.slice(0, 1) : last === undefined ? [first] : [first, last];
  }
  const firsts = [...programs.values()]
    .map((some) => full(some)[0] ?? some[0])
    .filter((report) => report !== undefined);
  const grave = firsts.filter((report) => severityOf(report) === 'critical');
  const other = firsts.filter((report) => severityOf(report) !== 'critical');
  return [...grave, ...other].slice(0, SHOWN_IN_FULL);
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  const rest = names.length - MAX_NAMES;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function until(troubles: readonly Trouble[]): readonly string[] {
  const [first, ...others] = troubles;
  if (first === undefined) return [];
  if (others.length > 0) return ['Further crashes of these programs are collected, and come in one mail.'];
  const time = `${clock(first.until)} UTC`;
  return [`Further crashes of ${oneLine(first.program)} are collected until ${time}, and come in one mail.`];
}

/** One program: the whole story of one report, or a digest of several. */
function outlineOne(letter: Letter, program: string): Pick<Outline, 'subject' | 'opening'> {
  const { reports, troubles, host } = letter;
  const [first] = reports;
  const [trouble] = troubles;
  const events = eventsIn(reports);
  const fatal = reports.findLast(({ incident }) => incident.kind === 'fatal');
  const on = oneLine(host);
  if (first !== undefined && (events === 1 || (fatal !== undefined && events <= 2))) {
    const told = fatal ?? first;
    const again =
      trouble !== undefined && trouble.crashes > 1 ? `, crash ${trouble.crashes} since ${moment(trouble.since)}` : '';
    return { subject: `${program} ${headline(told)}`, opening: `${program} on ${on} ${headline(told)}${again}.` };
  }
  const last = reports.at(-1);
  const length = span((last?.at ?? 0) - (first?.at ?? 0));
  const cause = programLine(program, reports).cause;
  const flapping = trouble !== undefined && trouble.mails > 2;
  const count = `crashed ${times(events)} in ${length}`;
  const total = flapping ? ` It has crashed ${times(trouble.crashes)} since ${moment(trouble.since)}.` : '';
  const gaveUp = fatal === undefined ? '' : ', then gave up (FATAL)';
  return {
    subject: flapping ? `${program} is still flapping: ${count} (${cause})` : `${program} ${count} (${cause})${gaveUp}`,
    opening: `${program} on ${on} ${count}: ${cause}${gaveUp}.${total}`,
  };
}

function outlineMany(letter: Letter, names: readonly string[]): Pick<Outline, 'subject' | 'opening'> {
  const { reports, host } = letter;
  const [first] = reports;
  const ats = reports.map(({ at }) => at);
  const length = span(Math.max(...ats) - (first?.at ?? 0));
  const what = `${names.length} programs crashed ${times(eventsIn(reports))} in ${length}`;
  return {
    subject: `${what}: ${listNames(names)}`,
    opening: `${what} on ${oneLine(host)}, from ${moment(first?.at ?? 0)} on: ${listNames(names)}.`,
  };
}

function outlineRecovered({ recoveries, host }: Letter): Pick<Outline, 'subject' | 'opening'> {
  const names = recoveries.map(({ program }) => oneLine(program));
  const [first] = recoveries;
  if (first === undefined || recoveries.length > 1) {
    const what = `${names.length} programs recovered: ${listNames(names)}`;
    return { subject: what, opening: `On ${oneLine(host)} ${what}.` };
  }
  const since = `running since ${moment(first.since)}, pid ${first.pid}`;
  const what = `${oneLine(first.program)} recovered`;
  return {
    subject: `${what} after ${first.crashes === 1 ? '1 crash' : `${first.crashes} crashes`}`,
    opening: `${what} on ${oneLine(host)}: ${since}. It had crashed ${times(first.crashes)} since ${moment(first.firstCrash)}.`,
  };
}

export function outlineOf(letter: Letter): Outline {
  const { reports, recoveries, notices, troubles, host } = letter;
  const programs = Map.groupBy(reports, programOf);
  const names = [...programs.keys()];
  const [only = ''] = names;
  const main =
    names.length === 1
      ? outlineOne(letter, only)
      : names.length > 1
        ? outlineMany(letter, names)
        : recoveries.length > 0
          ? outlineRecovered(letter)
          : { subject: notices[0]?.title ?? 'crashmail', opening: `${notices[0]?.title ?? ''} (${oneLine(host)}).` };
  const isDigest = eventsIn(reports) > 1;
  const severities = reports.map(severityOf);
  const recovered = reports.length === 0 ? [] : recoveries;
  return {
    subject: `[${oneLine(host)}] ${main.subject}`,
    opening: main.opening,
    severity: severities.includes('critical')
      ? 'critical'
      : severities.length > 0
        ? 'warning'
        : recoveries.length > 0
          ? 'good'
          : 'warning',
    programs: isDigest ? [...programs].slice(0, MAX_LINES).map(([name, some]) => programLine(name, some)) : [],
    more: isDigest ? Math.max(0, programs.size - MAX_LINES) : 0,
    shown: chooseShown(reports, programs),
    remarks: [
      ...recovered.map(({ program, since }) => `${oneLine(program)} has recovered: it runs since ${moment(since)}.`),
      ...notices.flatMap(({ title, lines }) => [title, ...lines]),
      ...until(troubles),
    ],
  };
}

/** The facts of one report; what is not known is left out where it would say nothing. */
export function factRows(report: Report): readonly Row[] {
  const { incident, facts } = report;
  const { settings } = facts;
  const when = facts.stopped > 0 ? facts.stopped * 1000 : report.at;
  const optional = (name: string, value: string): readonly Row[] => (value === '' ? [] : [[name, oneLine(value)]]);
  const labels = { exited: 'Exited', fatal: 'Given up', state: 'Since', daemon: 'Came back' } as const;
  return [
    ['Program', programOf(report)],
    ['Host', oneLine(report.host)],
    ...optional('Supervisor', report.server),
    [labels[incident.kind], moment(incident.kind === 'exited' ? when : report.at)],
    ['Cause', causeLine(report)],
    ...(incident.pid === 0 ? [] : [['Pid', String(incident.pid)] as const]),
    ...(incident.kind === 'exited' ? [['Uptime', uptime(facts)] as const] : []),
    ...(incident.kind === 'daemon'
      ? []
      : [['Restarts', restartsLine(facts)] as const, ['Next', nextStep(report)] as const]),
    ...optional('Command', settings.command),
    ...optional('User', settings.user),
    ...optional('Directory', settings.directory),
    ...optional('Configured', settings.place),
  ];
}
