/**
 * The HTML part of a mail: one narrow column of tables with their styles inline, since mail programs drop much of the
 * rest; what a dark theme changes stands in a style sheet. Pure.
 */
import { factRows, type Outline, type ProgramLine } from './outline.ts';
import { courseNumbers, courseTitle, tailEmpty, tailTitle } from './render-text.ts';
import type { LogTail, Report } from './report.ts';
import { clock } from './words.ts';

/** The content id of the picture of a report; undefined: there is none. */
export type PictureOf = (report: Report) => string | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? '');

const COLOURS: Readonly<Record<Outline['severity'], string>> = {
  critical: '#c62828',
  warning: '#b26a00',
  good: '#2e7d32',
  info: '#1565c0',
};

const SANS = 'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';
const MONO = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

const STYLE = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background:#14171c!important}.card{background:#1d2229!important;border-color:#323943!important}
.text{color:#e6e9ee!important}.dim{color:#a3adba!important}.line{border-color:#323943!important}
.log{background:#0f1216!important;color:#e6e9ee!important;border-color:#323943!important}}
@media (max-width:480px){.pad{padding:14px!important}.name{white-space:normal!important}}`;

const heading = (text: string): string =>
  `<h2 class="text" style="margin:22px 0 8px;font-size:14px;line-height:20px;color:#1c2330;${SANS}">${escape(text)}</h2>`;

function factsHtml(report: Report): string {
  const rows = factRows(report).map(
    ([name, value]) =>
      `<tr><td class="dim line name" style="padding:5px 14px 5px 0;border-bottom:1px solid #e4e7ec;color:#5b6675;vertical-align:top;white-space:nowrap">${escape(name)}</td>` +
      `<td class="text line" style="padding:5px 0;border-bottom:1px solid #e4e7ec;color:#1c2330;word-break:break-word;overflow-wrap:anywhere">${escape(value)}</td></tr>`,
  );
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:14px;line-height:20px;${SANS}">${rows.join('')}</table>`;
}

const block = (text: string): string =>
  `<pre class="log" style="margin:0;padding:10px 12px;background:#f4f6f8;border:1px solid #e4e7ec;border-radius:6px;color:#1c2330;font-size:12px;line-height:17px;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere;${MONO}">${text}</pre>`;

const tailHtml = (title: string, tail: LogTail): string =>
  heading(tailTitle(title, tail)) +
  block(tail.lines.length > 0 ? tail.lines.map(escape).join('\n') : escape(tailEmpty(tail)));

function courseHtml(report: Report, pictureOf: PictureOf): string {
  const cid = pictureOf(report);
  if (cid === undefined) return '';
  const { cpu, memory } = courseNumbers(report.facts.course);
  const alt = escape(`CPU: ${cpu}. Memory: ${memory}.`);
  return (
    heading(courseTitle(report.facts.course)) +
    `<img src="cid:${escape(cid)}" alt="${alt}" width="600" style="display:block;width:100%;max-width:636px;height:auto;border:0;border-radius:6px">` +
    `<p class="dim" style="margin:6px 0 0;font-size:12px;line-height:17px;color:#5b6675;${SANS}">${alt}</p>`
  );
}

function reportHtml(report: Report, pictureOf: PictureOf): string {
  const { facts, detail, incident } = report;
  const timeline = facts.timeline.map(
    ({ at, text }) => `<span class="dim" style="color:#5b6675">${clock(at)}</span>  ${escape(text)}`,
  );
  const isShown = detail === 'full' && incident.kind !== 'daemon';
  return [
    factsHtml(report),
    courseHtml(report, pictureOf),
    timeline.length === 0 ? '' : heading('What happened (UTC)') + block(timeline.join('\n')),
    facts.why.length === 0 ? '' : heading('What superd says') + block(facts.why.map(escape).join('\n')),
    isShown ? tailHtml('stderr', facts.stderr) + tailHtml('stdout', facts.stdout) : '',
  ].join('');
}

function programsHtml(programs: readonly ProgramLine[], more: number): string {
  const cell = (text: string, style = ''): string =>
    `<td class="text line" style="padding:5px 10px 5px 0;border-bottom:1px solid #e4e7ec;color:#1c2330;vertical-align:top;${style}">${escape(text)}</td>`;
  const head = ['Program', 'Crashes', 'Last', 'Now', 'Cause']
    .map(
      (name) =>
        `<th align="left" class="dim line" style="padding:5px 10px 5px 0;border-bottom:1px solid #c8ced6;color:#5b6675;font-weight:normal">${name}</th>`,
    )
    .join('');
  const rows = programs.map(
    ({ program, crashes, cause, last, state }) =>
      `<tr>${cell(program, 'font-weight:600;word-break:break-word;overflow-wrap:anywhere')}${cell(String(crashes))}${cell(last, 'white-space:nowrap')}${cell(state)}${cell(cause)}</tr>`,
  );
  const rest =
    more > 0 ? `<tr><td colspan="5" class="dim" style="padding:5px 0;color:#5b6675">and ${more} more</td></tr>` : '';
  return `<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;margin:0 0 18px;font-size:13px;line-height:18px;${SANS}"><tr>${head}</tr>${rows.join('')}${rest}</table>`;
}

export function renderHtml(outline: Outline, pictureOf: PictureOf): string {
  const { subject, opening, severity, programs, more, shown, remarks } = outline;
  const colour = COLOURS[severity];
  const divider =
    '<div class="line" style="margin:26px 0 18px;border-top:2px solid #e4e7ec;font-size:0;line-height:0">&nbsp;</div>';
  const remark = remarks
    .map(
      (line) =>
        `<p class="dim" style="margin:14px 0 0;font-size:13px;line-height:18px;color:#5b6675;${SANS}">${escape(line)}</p>`,
    )
    .join('');
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${escape(subject)}</title><style>${STYLE}</style></head>
<body class="page" style="margin:0;padding:0;background:#eef1f4">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#eef1f4"><tr><td align="center" style="padding:12px 8px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:680px;background:#ffffff;border:1px solid #dfe3e8;border-radius:8px"><tr><td class="pad" align="left" style="padding:22px;border-top:5px solid ${colour};border-radius:8px">
<h1 class="text" style="margin:0 0 16px;font-size:18px;line-height:25px;color:#1c2330;word-break:break-word;overflow-wrap:anywhere;${SANS}">${escape(opening)}</h1>
${programs.length === 0 ? '' : programsHtml(programs, more)}
${shown.map((report) => reportHtml(report, pictureOf)).join(divider)}
${remark}
</td></tr></table></td></tr></table></body></html>
`;
}
