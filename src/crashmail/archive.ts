/** What the outbox tells those who only look: a mail at a glance, and in full. Pure. */

import type { Letter } from './letter.ts';
import type { OutboxRecord } from './outbox.ts';
import { outlineOf, programOf } from './outline.ts';
import { renderText } from './render-text.ts';
import type { Report } from './report.ts';
import { shortCause } from './words.ts';

/** A mail, or a report that is in none yet. */
export interface MailRow {
  /** Of the mail; for a report that is in none, its own. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly subject: string;
  readonly programs: readonly string[];
  /** Recipients; '' when the channel knows them itself. */
  readonly to: string;
  /** The channels that have taken it. */
  readonly sent: readonly string[];
  readonly attempts: number;
  /** What the last attempt met, or why a channel will never take it. */
  readonly problem: string;
  /** The reports in it. */
  readonly reports: readonly string[];
}

const programsOf = (reports: readonly Report[]): readonly string[] => [...new Set(reports.map(programOf))];

export const rowOfRecord = ({ letter, sent, refused, attempts, trouble }: OutboxRecord): MailRow => ({
  id: letter.id,
  at: letter.at,
  subject: outlineOf(letter).subject,
  programs: programsOf(letter.reports),
  to: letter.to,
  sent,
  attempts,
  problem: refused.map(({ channel, reason }) => `${channel}: ${reason}`).join('; ') || trouble,
  reports: letter.reports.map(({ id }) => id),
});

/** It waits for its mail. */
export const rowOfReport = (report: Report): MailRow => ({
  id: report.id,
  at: report.at,
  subject: `${programOf(report)} ${shortCause(report)}`,
  programs: [programOf(report)],
  to: '',
  sent: [],
  attempts: 0,
  problem: '',
  reports: [report.id],
});

/** The text part of the mail. */
export const textOfLetter = (letter: Letter): string => renderText(outlineOf(letter));

/** The text of one report, as if it were alone in a mail. */
export const textOfReport = (report: Report): string =>
  textOfLetter({
    id: report.id,
    at: report.at,
    host: report.host,
    to: '',
    reports: [report],
    troubles: [],
    recoveries: [],
    notices: [],
    channels: [],
  });
