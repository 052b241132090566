/** The text part of a mail. Pure. */
import { factRows, type Outline, type ProgramLine, type Row } from './outline.ts';
import type { Course, LogTail, Report } from './report.ts';
import { sparkline } from './vitals.ts';
import { clock, percent, size, span } from './words.ts';

const SPARK_WIDTH = 60;
/** Fewer looks make no course. */
export const LEAST_LOOKS = 3;

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`.trimEnd()).join('\n');

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`).join('\n');
}

/** The title of a log, and what is in it. */
export function tailTitle(title: string, { lines }: LogTail): string {
  if (lines.length === 0) return title;
  return `${lines.length === 1 ? 'Last line' : `Last ${lines.length} lines`} of ${title}`;
}

export const tailEmpty = ({ problem }: LogTail): string => `(${problem || 'empty'})`;

const tailText = (title: string, tail: LogTail): string =>
  `${tailTitle(title, tail)}:\n${indented(tail.lines.length > 0 ? tail.lines : [tailEmpty(tail)])}`;

/** What stands beside the picture: `last 12 %, highest 98 %`. */
export function courseNumbers({ cpuPercent, rssBytes }: Course): { readonly cpu: string; readonly memory: string } {
  const last = (values: readonly number[]): number => values.at(-1) ?? 0;
  return {
    cpu: `last ${percent(last(cpuPercent))}, highest ${percent(Math.max(0, ...cpuPercent))}`,
    memory: `last ${size(last(rssBytes))}, highest ${size(Math.max(0, ...rssBytes))}`,
  };
}

export const courseTitle = ({ cpuPercent, stepSeconds }: Course): string =>
  `The last ${span(cpuPercent.length * stepSeconds * 1000)} before the end, with all its child processes`;

function courseText(course: Course): readonly string[] {
  if (course.cpuPercent.length < LEAST_LOOKS) return [];
  const { cpu, memory } = courseNumbers(course);
  const lines = [
    `CPU     ${sparkline(course.cpuPercent, SPARK_WIDTH)}  ${cpu}`,
    `Memory  ${sparkline(course.rssBytes, SPARK_WIDTH)}  ${memory}`,
  ];
  return [`${courseTitle(course)}:\n${indented(lines)}`];
}

function reportText(report: Report): string {
  const { facts, detail, incident } = report;
  const timeline = facts.timeline.map(({ at, text }) => `${clock(at)}  ${text}`);
  const isShown = detail === 'full' && incident.kind !== 'daemon';
  return [
    table(factRows(report)),
    ...courseText(facts.course),
    ...(timeline.length === 0 ? [] : [`What happened (UTC):\n${indented(timeline)}`]),
    ...(facts.why.length === 0 ? [] : [`What superd says:\n${indented(facts.why)}`]),
    ...(isShown ? [tailText('stderr', facts.stderr), tailText('stdout', facts.stdout)] : []),
  ].join('\n\n');
}

function programsText(programs: readonly ProgramLine[], more: number): string {
  const width = Math.min(40, Math.max(7, ...programs.map(({ program }) => program.length)));
  const line = (...[program, crashes, last, state, cause]: readonly string[]): string =>
    `${(program ?? '').padEnd(width)}  ${(crashes ?? '').padStart(7)}  ${(last ?? '').padEnd(8)}  ${(state ?? '').padEnd(8)}  ${cause ?? ''}`;
  const lines = programs.map(({ program, crashes, last, state, cause }) =>
    line(program, String(crashes), last, state, cause),
  );
  const rest = more > 0 ? [`and ${more} more`] : [];
  return indented([line('Program', 'Crashes', 'Last', 'Now', 'Cause'), ...lines, ...rest]);
}

export function renderText({ opening, programs, more, shown, remarks }: Outline): string {
  const parts = [
    opening,
    ...(programs.length === 0 ? [] : [programsText(programs, more)]),
    ...shown.map((report, at) => (shown.length > 1 && at > 0 ? `${'-'.repeat(60)}\n\n` : '') + reportText(report)),
    ...(remarks.length === 0 ? [] : [remarks.join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}
