/** A letter as JSON for programs. Pure; the form is documented, so fields are added and never changed. */
import { namespecOf } from './incident.ts';
import { type Letter, serialsIn } from './letter.ts';
import type { Mail } from './mail.ts';
import type { Report } from './report.ts';
import { causeLine, nextStep, severityOf, shortCause } from './words.ts';

const reportJson = (report: Report): object => ({
  id: report.id,
  program: report.incident.kind === 'daemon' ? 'supervisor' : namespecOf(report.incident),
  group: report.incident.group,
  process: report.incident.process,
  kind: report.incident.kind,
  severity: severityOf(report),
  at: new Date(report.at).toISOString(),
  serials: report.serials,
  count: report.count,
  pid: report.incident.pid,
  ending: report.facts.ending,
  memory: report.facts.memory.kind,
  cause: shortCause(report),
  cause_text: causeLine(report),
  next: nextStep(report),
  state: report.facts.aftermath.state,
  started_at: report.facts.started,
  stopped_at: report.facts.stopped,
  command: report.facts.settings.command,
  configured: report.facts.settings.place,
  stdout: report.facts.stdout.lines,
  stderr: report.facts.stderr.lines,
});

export const webhookBody = (letter: Letter, mail: Mail): string =>
  JSON.stringify({
    version: 1,
    id: letter.id,
    message_id: mail.messageId,
    host: letter.host,
    at: new Date(letter.at).toISOString(),
    subject: mail.subject,
    text: mail.text,
    serials: serialsIn(letter),
    reports: letter.reports.map(reportJson),
    recovered: letter.recoveries,
    notices: letter.notices,
  });
