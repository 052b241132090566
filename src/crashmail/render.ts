/** A letter as a mail: subject, headers, both parts and the pictures. Pure; who can draw is asked. */
import { type Letter, serialsIn } from './letter.ts';
import type { Letterhead, Mail, Picture } from './mail.ts';
import { outlineOf, programOf } from './outline.ts';
import { renderHtml } from './render-html.ts';
import { LEAST_LOOKS, renderText } from './render-text.ts';
import type { Course, Report } from './report.ts';
import { oneLine } from './text.ts';

export interface Studio {
  readonly letterhead: Letterhead;
  /** A PNG. */
  readonly draw: (course: Course) => Uint8Array;
  /** A short name for a text, always the same for the same text. */
  readonly digest: (text: string) => string;
}

/** A host name as the right-hand side of an address. */
const domainOf = (host: string): string =>
  host.replace(/[^A-Za-z0-9.-]/g, '').replace(/^[.-]+|[.-]+$/g, '') || 'localhost';

/** Programs named in the header. */
const MAX_PROGRAMS = 50;

function headersOf(letter: Letter, programs: readonly string[]): Readonly<Record<string, string>> {
  const serials = serialsIn(letter);
  return {
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    ...(programs.length === 0 ? {} : { 'X-Superd-Program': programs.slice(0, MAX_PROGRAMS).join(', ') }),
    ...(serials.length === 0 ? {} : { 'X-Superd-Event-Serials': serials.join(', ') }),
    'X-Superd-Host': oneLine(letter.host),
  };
}

export function renderMail(letter: Letter, { letterhead, draw, digest }: Studio): Mail {
  const outline = outlineOf(letter);
  const domain = domainOf(letter.host);
  const programs = [
    ...new Set([...letter.reports.map(programOf), ...letter.recoveries.map(({ program }) => oneLine(program))]),
  ];
  const pictures = new Map<Report, Picture>();
  for (const [at, report] of outline.shown.entries()) {
    if (report.facts.course.cpuPercent.length < LEAST_LOOKS) continue;
    const cid = `course${at + 1}.${letter.id}@${domain}`;
    pictures.set(report, { cid, filename: `course${at + 1}.png`, png: draw(report.facts.course) });
  }
  // Mails about many programs have a thread of their own.
  const topic = programs.length === 1 ? programs[0] : programs.length === 0 ? 'notices' : 'many';
  const { from, prefix } = letterhead;
  return {
    id: letter.id,
    messageId: `<crashmail.${letter.id}@${domain}>`,
    thread: `<crashmail.thread.${digest(`${letter.host}\n${topic}`)}@${domain}>`,
    date: letter.at,
    from: oneLine(from) || `superd@${domain}`,
    to: letter.to.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' '),
    subject: prefix === '' ? outline.subject : `${oneLine(prefix)}: ${outline.subject}`,
    headers: headersOf(letter, programs),
    text: renderText(outline),
    html: renderHtml(outline, (report) => pictures.get(report)?.cid),
    pictures: [...pictures.values()],
  };
}
