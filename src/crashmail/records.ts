/** Records as text, and back: whatever stands in a file, only what has the right shape is taken. Pure. */
import { type MailRow, rowOfRecord, textOfLetter } from './archive.ts';
import { type OutboxRecord, RECORD_VERSION } from './outbox.ts';
import type { Report } from './report.ts';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTruth: Check = (value) => typeof value === 'boolean';
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
const anyOf =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const isTail = shape({ lines: listOf(isText), problem: isText });
const isEnding = anyOf(
  shape({ kind: oneOf('code'), code: isNumber }),
  shape({ kind: oneOf('signal'), signal: isText, coreDumped: isTruth }),
  shape({ kind: oneOf('unknown') }),
);

const isFacts = shape({
  ending: isEnding,
  memory: shape({ kind: oneOf('none', 'possibly', 'killed', 'limit'), evidence: isText }),
  started: isNumber,
  stopped: isNumber,
  restarts: isNumber,
  restartsHour: isNumber,
  restartsDay: isNumber,
  tries: isNumber,
  reason: isText,
  aftermath: shape({ state: isText, pid: isNumber }),
  settings: shape({ command: isText, user: isText, directory: isText, place: isText }),
  timeline: listOf(shape({ at: isNumber, text: isText })),
  why: listOf(isText),
  course: shape({ stepSeconds: isNumber, cpuPercent: listOf(isNumber), rssBytes: listOf(isNumber) }),
  stdout: isTail,
  stderr: isTail,
});

const isReport = shape({
  id: isText,
  at: isNumber,
  serials: listOf(isNumber),
  count: isNumber,
  host: isText,
  server: isText,
  incident: shape({
    kind: oneOf('exited', 'fatal', 'state', 'daemon'),
    process: isText,
    group: isText,
    pid: isNumber,
    fromState: isText,
    state: isText,
  }),
  detail: oneOf('event', 'brief', 'full'),
  facts: isFacts,
});

const isLetter = shape({
  id: isText,
  at: isNumber,
  host: isText,
  to: isText,
  reports: listOf(isReport),
  troubles: listOf(shape({ program: isText, since: isNumber, crashes: isNumber, mails: isNumber, until: isNumber })),
  recoveries: listOf(
    shape({ program: isText, pid: isNumber, since: isNumber, crashes: isNumber, firstCrash: isNumber }),
  ),
  notices: listOf(shape({ title: isText, lines: listOf(isText) })),
  channels: listOf(isText),
});

const isVersion: Check = (value) => value === RECORD_VERSION;

const isRecordShape = shape({
  version: isVersion,
  letter: isLetter,
  sent: listOf(isText),
  refused: listOf(shape({ channel: isText, reason: isText })),
  owed: listOf(shape({ channel: isText, addresses: listOf(isText) })),
  attempts: isNumber,
  trouble: isText,
});

const isRecord = (value: unknown): value is OutboxRecord => isRecordShape(value);
const isReportRecord = (value: unknown): value is { readonly report: Report } =>
  isFields(value) && isVersion(value['version']) && isReport(value['report']);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const writeRecord = (record: OutboxRecord): string => `${JSON.stringify(record)}\n`;

/** @returns undefined for anything that is not a record of this version, however it came about. */
export function readRecord(text: string): OutboxRecord | undefined {
  const value = parse(text);
  return isRecord(value) ? value : undefined;
}

export const writeReport = (report: Report): string => `${JSON.stringify({ version: RECORD_VERSION, report })}\n`;

/** The same for a report that waits for a letter. */
export function readReport(text: string): Report | undefined {
  const value = parse(text);
  return isReportRecord(value) ? value.report : undefined;
}

/** Characters that are kept of a mail that was sent. */
const MAX_TEXT = 64 * 1024;

/** What is kept of a letter that was sent: enough to know its reports again, and to look it up. */
export const writeReceipt = (record: OutboxRecord): string =>
  `${JSON.stringify({
    version: RECORD_VERSION,
    ...rowOfRecord(record),
    serials: record.letter.reports.flatMap(({ serials }) => serials),
    text: textOfLetter(record.letter).slice(0, MAX_TEXT),
  })}\n`;

export interface Receipt {
  readonly row: MailRow;
  /** The text part of the mail. */
  readonly text: string;
}

const RECEIPT = shape({
  id: isText,
  at: isNumber,
  to: isText,
  reports: listOf(isText),
  sent: listOf(isText),
  attempts: isNumber,
  subject: orAbsent(isText),
  programs: orAbsent(listOf(isText)),
  problem: orAbsent(isText),
  text: orAbsent(isText),
});
type Fresh = 'subject' | 'programs' | 'problem';
type Written = Omit<MailRow, Fresh> & Partial<Pick<MailRow, Fresh>> & { readonly text?: string };
const isReceipt = (value: unknown): value is Written => RECEIPT(value);

/** Receipts of an earlier superd have no subject and no text. */
export function readReceipt(json: string): Receipt | undefined {
  const value = parse(json);
  if (!isReceipt(value)) return undefined;
  const { id, at, to, reports, sent, attempts, subject = '', programs = [], problem = '', text = '' } = value;
  return { row: { id, at, subject, programs, to, sent, attempts, problem, reports }, text };
}

const isIds = (value: unknown): value is readonly string[] => listOf(isText)(value);

/** The reports that are in a letter or in a receipt. */
export function readIds(text: string): readonly string[] {
  const record = readRecord(text);
  if (record !== undefined) return record.letter.reports.map(({ id }) => id);
  const receipt = parse(text);
  return isFields(receipt) && isIds(receipt['reports']) ? receipt['reports'] : [];
}
