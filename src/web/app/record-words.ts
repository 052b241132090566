/** What a record of the journal says, for people. Pure but for the language. */
import { exitWords } from './apply.ts';
import { t } from './i18n.ts';
import { listOf, numberOf, objectOf, textOf } from './json.ts';
import { isState, type JournalRecord, namespecOf } from './model.ts';
import { exitText, stateWords } from './words.ts';
import type { Key } from './words-en.ts';

/** How a record is coloured. */
export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'plain';

export interface Told {
  readonly tone: Tone;
  /** The process or group that it is about. */
  readonly subject: string | undefined;
  readonly text: string;
  /** What else is known, shown with less weight. */
  readonly detail: string;
}

const TONES: Readonly<Record<string, Tone>> = {
  RUNNING: 'good',
  FATAL: 'bad',
  BACKOFF: 'warn',
  EXITED: 'warn',
  UNKNOWN: 'bad',
};

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ');

function stateTold(record: JournalRecord): Omit<Told, 'subject'> {
  const { to, exit, reason, expected, pid, tries } = record;
  const isExpected = to === 'EXITED' && expected === true;
  const detail = joined([
    exit === undefined ? '' : exitText(exitWords(exit)),
    to === 'EXITED' ? t(isExpected ? 'expected' : 'unexpected') : '',
    exit === undefined ? textOf(reason) : '',
    numberOf(tries) > 0 ? t('tries', { n: numberOf(tries) }) : '',
    to === 'RUNNING' || to === 'STARTING' ? (numberOf(pid) > 0 ? `pid ${numberOf(pid)}` : '') : '',
  ]);
  return {
    tone: isExpected ? 'quiet' : (TONES[textOf(to)] ?? 'quiet'),
    text: isState(to) ? stateWords(to) : textOf(to),
    detail,
  };
}

function callerWords(by: unknown): string {
  const { kind, user, section, address, name } = objectOf(by);
  if (kind === 'signal') return textOf(name);
  if (kind === 'watch') return t('by.watch');
  const who = textOf(user) === '' ? textOf(section) : textOf(user);
  return textOf(address) === '' ? who : t('by.from', { who, address: textOf(address) });
}

function operatorTold(record: JournalRecord): Omit<Told, 'subject'> {
  const args = listOf(record['args'])
    .map(objectOf)
    .map(({ name, value }) => `${textOf(name)}=${textOf(value)}`);
  return {
    tone: 'plain',
    text: `${callerWords(record['by'])}: ${textOf(record['action']).replace(/^supervisor\.|^superd\./, '')}`,
    detail: args.join(', '),
  };
}

function configTold({ added, changed, removed }: JournalRecord): Omit<Told, 'subject'> {
  const names = (list: unknown): string =>
    listOf(list)
      .map((item) => textOf(item) || textOf(objectOf(item)['group']))
      .join(', ');
  const part = (sign: string, list: unknown): string => (listOf(list).length === 0 ? '' : `${sign} ${names(list)}`);
  return {
    tone: 'plain',
    text: t('record.config'),
    detail: joined([part('+', added), part('~', changed), part('−', removed)]),
  };
}

const DAEMON: ReadonlyMap<string, Key> = new Map([
  ['started', 'daemon.started'],
  ['stopped', 'daemon.stopped'],
  ['restarting', 'daemon.restarting'],
  ['brain-restarted', 'daemon.back'],
  ['recovered', 'daemon.recovered'],
]);

function daemonTold({ what, version, found }: JournalRecord, otherwise: string): Omit<Told, 'subject'> {
  const key = DAEMON.get(textOf(what));
  const { why, live, gone } = objectOf(found);
  const facts =
    found === undefined
      ? [textOf(version)]
      : [t('daemon.found', { live: numberOf(live), gone: numberOf(gone) }), textOf(why)];
  return {
    tone: what === 'recovered' || what === 'brain-restarted' ? 'warn' : 'plain',
    text: key === undefined ? otherwise : t(key),
    detail: joined(facts),
  };
}

/** Without the name that it begins with, which stands beside it. */
function withoutName(text: string, name: string | undefined): string {
  return name !== undefined && text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
}

function bodyOf(record: JournalRecord, subject: string | undefined): Omit<Told, 'subject'> {
  const text = withoutName(record.text ?? record.kind, subject);
  switch (record.kind) {
    case 'process-state':
      return stateTold(record);
    case 'operator':
      return operatorTold(record);
    case 'config':
      return configTold(record);
    case 'signal':
      return {
        tone: record['why'] === 'kill' ? 'warn' : 'quiet',
        text: t('record.signal', { signal: textOf(record['signal']) }),
        detail: t(
          record['why'] === 'kill' ? 'signal.kill' : record['why'] === 'stop' ? 'signal.stop' : 'signal.operator',
        ),
      };
    case 'disabled':
    case 'enabled':
      return { tone: 'plain', text: t(record.kind), detail: '' };
    case 'spawn-error':
      return { tone: 'bad', text: t('record.spawn'), detail: textOf(record['reason']) };
    case 'bug':
    case 'problem':
      return { tone: 'bad', text: t('record.problem'), detail: textOf(record['text']) };
    case 'daemon':
      return daemonTold(record, text);
    case 'process-group':
      return { tone: 'plain', text: t(record['change'] === 'ADDED' ? 'record.added' : 'record.removed'), detail: '' };
    case 'supervisor-state':
      return { tone: 'plain', text: t('mood', { mood: textOf(record['to']) }), detail: '' };
    case 'adopted':
      return { tone: 'plain', text: t('record.adopted'), detail: `pid ${numberOf(record['pid'])}` };
    default:
      return { tone: 'plain', text, detail: '' };
  }
}

export function told(record: JournalRecord): Told {
  const { group, process } = record;
  const subject = group === undefined ? undefined : process === undefined ? group : namespecOf(group, process);
  return { subject, ...bodyOf(record, subject) };
}
