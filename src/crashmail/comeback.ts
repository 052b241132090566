/**
 * Deaths of superd itself, as its journal tells them: its brain ended and another one took over, or it began without
 * having stopped. Each is known by the serial of its record, so it is mailed once. Asks through a port.
 */
import { type Millis, millis } from '../units.ts';
import { type Fields, fieldsOf, isFields, parseFields } from './journal-rows.ts';
import { NO_SHUTDOWN, REBOOTED } from './notes.ts';
import type { Answer, Rpc } from './ports.ts';
import type { Moment } from './report.ts';
import { oneLine } from './text.ts';

/** A `daemon` record. */
export interface DaemonRow {
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly what: string;
  readonly boot: string;
  readonly text: string;
  /** Only with `recovered`. */
  readonly found: Found | undefined;
}

interface Found {
  readonly why: string;
  readonly live: number;
  readonly gone: number;
  readonly names: readonly string[];
}

export interface Death {
  readonly serial: number;
  readonly at: number;
  readonly reason: string;
  readonly timeline: readonly Moment[];
}

/** What the journal answered: `absent` when there is none that could be asked, `later` when nobody answered. */
export type LookBack =
  | { readonly kind: 'deaths'; readonly deaths: readonly Death[]; readonly seen: number }
  | { readonly kind: 'absent' | 'later' };

const TIMEOUT: Millis = millis(5000);
/** The most records of one answer. */
const PAGE = 1000;
const MAX_NAMES = 20;
/** How a brain ends that makes room for another version. */
const ORDERLY = 'exit status 0';

const numberIn = (fields: Fields, key: string): number => (typeof fields[key] === 'number' ? fields[key] : 0);
const textIn = (fields: Fields, key: string): string => (typeof fields[key] === 'string' ? oneLine(fields[key]) : '');

function foundOf(value: unknown): Found | undefined {
  if (!isFields(value)) return undefined;
  const names = Array.isArray(value['names']) ? value['names'].filter((name) => typeof name === 'string') : [];
  return { why: textIn(value, 'why'), live: numberIn(value, 'live'), gone: numberIn(value, 'gone'), names };
}

function rowOf(value: Fields): DaemonRow {
  const record = parseFields(value['json']);
  return {
    serial: numberIn(value, 'serial'),
    at: numberIn(record, 'at'),
    what: textIn(record, 'what'),
    boot: textIn(record, 'boot'),
    text: textIn(value, 'text'),
    found: foundOf(record['found']),
  };
}

function foundText({ live, gone, names }: Found): string {
  const shown = names.slice(0, MAX_NAMES).map(oneLine).join(', ');
  const more = gone > MAX_NAMES && shown !== '' ? `, and ${gone - MAX_NAMES} more` : '';
  const ended =
    gone === 0 ? 'none ended unwatched' : `${gone} ended unwatched${shown === '' ? '' : `: ${shown}`}${more}`;
  return `${live === 1 ? '1 process' : `${live} processes`} went on, ${ended}`;
}

const momentOf = ({ at, text }: DaemonRow): Moment => ({ at, text });

/**
 * The deaths behind these records, oldest first.
 * @param boot of the superd that ran when the record before the first of them was written; '' for unknown
 */
export function deathsIn(rows: readonly DaemonRow[], boot: string): readonly Death[] {
  const deaths: Death[] = [];
  let last: DaemonRow | undefined;
  let lastBoot = boot;
  for (const row of rows) {
    const { serial, at, what, found } = row;
    if (what === 'started' && last?.what !== 'stopped' && last?.what !== 'restarting') {
      const isReboot = lastBoot !== '' && row.boot !== lastBoot;
      deaths.push({ serial, at, reason: isReboot ? REBOOTED : NO_SHUTDOWN, timeline: [momentOf(row)] });
    } else if (what === 'recovered' && found !== undefined) {
      const begun = deaths.at(-1);
      const timeline = [...(last === undefined ? [] : [momentOf(last)]), momentOf(row)];
      if (last?.what === 'started' && begun?.serial === last.serial) {
        deaths[deaths.length - 1] = { ...begun, reason: `${begun.reason}; ${foundText(found)}`, timeline };
      } else if (found.why !== ORDERLY) {
        const reason = `superd ended (${found.why}) and was started again at once; ${foundText(found)}`;
        deaths.push({ serial, at, reason, timeline });
      }
    }
    last = row;
    lastBoot = row.boot;
  }
  return deaths;
}

const rowsOf = (answer: Answer): readonly Fields[] | undefined =>
  answer.kind === 'value' ? fieldsOf(answer.value) : undefined;

/** @param seen up to where it was looked before; undefined: never, so it begins with what comes from now on */
export async function lookBack(rpc: Rpc, seen: number | undefined, boot: string): Promise<LookBack> {
  const answer = await rpc.ask('superd.history', [{ limit: 1 }], TIMEOUT);
  const newest = rowsOf(answer)?.at(-1);
  if (answer.kind !== 'value') return { kind: answer.kind === 'fault' ? 'absent' : 'later' };
  const end = newest === undefined ? 0 : numberIn(newest, 'serial');
  // A journal that was begun anew has lower serials.
  if (seen === undefined || seen > end) return { kind: 'deaths', deaths: [], seen: end };
  const rows: DaemonRow[] = [];
  for (let after = seen; ; ) {
    const page = rowsOf(await rpc.ask('superd.history', [{ after, kinds: ['daemon'], limit: PAGE }], TIMEOUT));
    if (page === undefined) return { kind: 'later' };
    const some = page.map(rowOf).filter(({ serial }) => serial > after);
    rows.push(...some);
    after = some.at(-1)?.serial ?? after;
    if (some.length < PAGE) break;
  }
  return { kind: 'deaths', deaths: deathsIn(rows, boot), seen: Math.max(end, rows.at(-1)?.serial ?? 0) };
}
