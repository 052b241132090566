/** history, why, disable and enable: what happened, why it is so, and what is to stay down. */

import { formatLine } from '../journal/text.ts';
import { CallError, type HistoryRow, need } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import type { XmlFault, XmlValue } from '../rpc/xml.ts';
import { epochMillis } from '../units.ts';
import { EXIT, type Invocation, type Session } from './command.ts';
import { ALL, isGroupThere, membersOf, nameOf, parseTarget } from './targets.ts';
import { parseSince } from './when.ts';

/** How long one call waits for news; Ctrl-C ends superctl no later than this. */
const FOLLOW_SECONDS = 2;

const lineOf = ({ serial, time, text }: HistoryRow): string =>
  formatLine({ serial, at: epochMillis(time * 1000) }, text);

function print(session: Session, rows: readonly HistoryRow[], isJson: boolean): void {
  session.out(rows.map((row) => `${isJson ? row.json : lineOf(row)}\n`).join(''));
}

const FIRST_RECORDS = 100;
const ALL_SINCE = 1000;

export async function history(session: Session, { args: [word = ''], flags, values }: Invocation): Promise<number> {
  const name = word === ALL ? '' : word;
  const wanted = values?.get('since');
  const since = wanted === undefined ? undefined : parseSince(wanted, new Date());
  if (since?.ok === false) {
    session.err(`Error: ${since.error}\n`);
    return EXIT.INVALID_ARGUMENTS;
  }
  const from = since?.value;
  const options: Record<string, XmlValue> = { name, limit: from === undefined ? FIRST_RECORDS : ALL_SINCE };
  if (from?.kind === 'serial') options['after'] = from.serial;
  if (from?.kind === 'time') options['since'] = from.seconds;
  let rows = await need(session.server.rpc.history(options));
  print(session, rows, flags.has('json'));
  while (from?.kind === 'serial' && rows.length === ALL_SINCE) {
    rows = await need(session.server.rpc.history({ ...options, after: rows.at(-1)?.serial ?? 0 }));
    print(session, rows, flags.has('json'));
  }
  if (!flags.has('follow')) return EXIT.OK;
  return session.untilInterrupt((abort) => follow(session, { name, isJson: flags.has('json'), rows }, abort));
}

interface Following {
  readonly name: string;
  readonly isJson: boolean;
  /** What is printed already. */
  readonly rows: readonly HistoryRow[];
}

async function follow(session: Session, { name, isJson, rows }: Following, abort: AbortSignal): Promise<number> {
  const { rpc } = session.server;
  const newest = await need(rpc.history({ limit: 1 }));
  let last = rows.at(-1)?.serial ?? newest.at(-1)?.serial ?? 0;
  while (!abort.aborted) {
    const page = await need(rpc.historyAfter(last, FOLLOW_SECONDS, name));
    print(session, page.records, isJson);
    last = page.last;
  }
  return EXIT.OK;
}

/** The processes behind a name that may be that of a group. */
export async function namesOf(session: Session, word: string): Promise<readonly string[]> {
  const { rpc } = session.server;
  const target = parseTarget(word);
  const group = target.kind === 'group' ? target.group : undefined;
  if (word !== ALL && group === undefined && !(await isGroupThere(rpc, word))) return [word];
  const all = await need(rpc.allProcessInfo());
  return (word === ALL ? all : membersOf(all, group ?? word)).map(nameOf);
}

/** Says what a fault means for one name. */
function refuse(session: Session, word: string, fault: XmlFault): number {
  if (fault.code === FAULTS.UNKNOWN_METHOD) throw new CallError({ kind: 'fault', fault });
  const reason = fault.code === FAULTS.BAD_NAME ? 'no such process' : fault.text.replace(/^FAILED: /, '');
  session.out(`${word}: ERROR (${reason})\n`);
  return EXIT.GENERIC;
}

export async function why(session: Session, { args }: Invocation): Promise<number> {
  let exit: number = EXIT.OK;
  const names = (await Promise.all(args.map((word) => namesOf(session, word)))).flat();
  for (const [index, name] of names.entries()) {
    const answer = await session.server.rpc.why(name);
    if (!answer.ok) exit = refuse(session, name, answer.error);
    else session.out(`${index > 0 ? '\n' : ''}${answer.value}\n`);
  }
  return exit;
}

const DONE = { disable: 'disabled', enable: 'enabled' } as const;

/** Disables or enables each of several processes and groups. */
export async function markEach(
  session: Session,
  verb: 'disable' | 'enable',
  words: readonly string[],
): Promise<number> {
  let exit: number = EXIT.OK;
  for (const word of words) {
    for (const name of await namesOf(session, word)) {
      const answer = await session.server.rpc[verb](name);
      if (answer.ok) session.out(`${name}: ${DONE[verb]}\n`);
      else exit = refuse(session, name, answer.error);
    }
  }
  return exit;
}

export const disable = (session: Session, { args }: Invocation): Promise<number> => markEach(session, 'disable', args);
export const enable = (session: Session, { args }: Invocation): Promise<number> => markEach(session, 'enable', args);
