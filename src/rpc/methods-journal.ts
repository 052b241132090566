/** Rows of the method table: the journal to those who ask what happened and why, and what an operator wants to stay down. */
import { RECORD_KINDS } from '../journal/codec.ts';
import { type Filter, following, MAX_RECORDS, newest } from '../journal/query.ts';
import type { JournalRecord } from '../journal/record.ts';
import { formatRecord } from '../journal/text.ts';
import { explain, WHY_RECORDS } from '../journal/why.ts';
import { formatNamespec } from '../process/namespec.ts';
import type { ProcessInfo } from '../supervisor/control.ts';
import type { JournalAccess } from '../supervisor/journal.ts';
import { epochMillis, epochSeconds, millis } from '../units.ts';
import { integerOf, textOf } from './arguments.ts';
import { RpcFault } from './faults.ts';
import { MASK, type Method, type Param, type RpcContext } from './method.ts';
import { allByName, findProcess, findTarget, groupInOrder } from './names.ts';
import type { RpcPorts } from './ports.ts';
import { isList, isStruct, type XmlValue } from './xml.ts';

const NAME: Param = { name: 'name', type: 'string', about: 'process, group:process, or group:* for a whole group' };
const DEFAULT_RECORDS = 100;
/** The longest wait for a record; whoever wants more asks again. */
const MAX_WAIT_SECONDS = 60;

const RECORD =
  'A record is {serial, time, kind, group, process, text, json}: `time` in UNIX seconds, `text` the record in words, `json` all of it.';

function journalOf({ journal }: RpcPorts): JournalAccess {
  if (journal.problem !== undefined) throw new RpcFault('FAILED', journal.problem);
  return journal;
}

/** What programs and operators send to listeners is theirs: it may hold secrets. */
export function withoutData(record: JournalRecord): JournalRecord {
  const isData = record.kind === 'remote-communication' || record.kind === 'process-communication';
  return isData ? { ...record, data: MASK } : record;
}

const recordStruct = (record: JournalRecord): XmlValue => ({
  serial: record.serial,
  time: epochSeconds(record.at),
  kind: record.kind,
  group: 'group' in record ? record.group : '',
  process: 'process' in record ? record.process : '',
  text: formatRecord(record),
  json: JSON.stringify(withoutData(record)),
});

interface Query {
  readonly filter: Filter;
  readonly after: number | undefined;
  readonly limit: number;
}

function kindsOf(value: XmlValue | undefined): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  if (!isList(value)) throw new RpcFault('INCORRECT_PARAMETERS', 'kinds');
  const kinds = value.map(textOf);
  const unknown = kinds.find((kind) => !RECORD_KINDS.includes(kind));
  if (unknown !== undefined)
    throw new RpcFault('BAD_ARGUMENTS', `no kind ${unknown}; there are ${RECORD_KINDS.join(', ')}`);
  return new Set(kinds);
}

const OPTIONS = ['name', 'since', 'after', 'kinds', 'limit'];

function queryOf({ control }: RpcPorts, options: XmlValue | undefined): Query {
  if (!isStruct(options)) throw new RpcFault('INCORRECT_PARAMETERS');
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    throw new RpcFault('BAD_ARGUMENTS', `no option ${unknown}; there are ${OPTIONS.join(', ')}`);
  const { name, since, after, kinds, limit } = options;
  const time = since === undefined ? undefined : integerOf(since) * 1000;
  const until = limit === undefined ? DEFAULT_RECORDS : integerOf(limit);
  return {
    filter: {
      name: name === undefined || name === '' ? undefined : textOf(name),
      // Before 1970: counted from now, by the clock that wrote the records.
      since: time === undefined ? undefined : epochMillis(time < 0 ? control.wall() + time : time),
      kinds: kindsOf(kinds),
    },
    after: after === undefined ? undefined : integerOf(after),
    limit: Math.min(MAX_RECORDS, Math.max(1, until)),
  };
}

async function history({ ports }: RpcContext, options: XmlValue | undefined): Promise<XmlValue> {
  const journal = journalOf(ports);
  const { filter, after, limit } = queryOf(ports, options);
  const records =
    after === undefined
      ? await newest(journal, filter, limit)
      : (await following(journal, { after, filter, limit })).records;
  return records.map(recordStruct);
}

async function historyAfter({ ports }: RpcContext, [serial, timeout, name]: readonly XmlValue[]): Promise<XmlValue> {
  const journal = journalOf(ports);
  const { filter } = queryOf(ports, { name: textOf(name) });
  const wait = millis(Math.min(MAX_WAIT_SECONDS, Math.max(0, integerOf(timeout))) * 1000);
  const page = { after: Math.max(0, integerOf(serial)), filter, limit: MAX_RECORDS };
  let found = await following(journal, page);
  if (found.records.length === 0) {
    await journal.changed(found.last, wait);
    found = await following(journal, { ...page, after: found.last });
  }
  return { records: found.records.map(recordStruct), last: found.last };
}

async function why({ ports }: RpcContext, name: string): Promise<XmlValue> {
  const journal = journalOf(ports);
  const { slot, config, state, pid, isDisabled } = findProcess(ports.control, name);
  const { autostart, autorestart } = config;
  const filter = { name: `${slot.group}:${slot.process}`, since: undefined, kinds: undefined };
  const records = await newest(journal, filter, WHY_RECORDS);
  return explain({ ...slot, state, pid, isDisabled, autostart, autorestart }, records, ports.control.wall()).join('\n');
}

/** Disables or enables one process, or each of a group. */
function mark(method: 'disable' | 'enable', { ports: { control } }: RpcContext, name: string): true {
  const target = findTarget(control, name);
  const processes: readonly ProcessInfo[] = target.kind === 'group' ? groupInOrder(target.group) : [target.process];
  for (const { slot } of processes) {
    const marked = control[method](slot);
    if (!marked.ok) throw new RpcFault('FAILED', marked.error);
  }
  return true;
}

const COMMON = { aliases: [], gated: true } as const;

export const JOURNAL_METHODS: readonly Method[] = [
  {
    ...COMMON,
    gated: false,
    name: 'superd.history',
    params: [
      {
        name: 'options',
        type: 'struct',
        about:
          '`name`: a group, process or group:process; `since`: UNIX seconds, or negative: seconds before now; `after`: a serial, for the ' +
          'records that follow it instead of the newest; `kinds`: array of kinds; `limit`: how many, at most 1000',
        otherwise: {},
      },
    ],
    returns: 'array',
    help: `Tell what the journal holds: the newest 100 records, or those asked for, oldest first. ${RECORD}`,
    access: 'viewer',
    run: (context, [options]) => history(context, options),
  },
  {
    ...COMMON,
    gated: false,
    name: 'superd.historyAfter',
    params: [
      { name: 'serial', type: 'int', about: 'the last serial that is known' },
      { name: 'timeout', type: 'int', about: 'seconds to wait for a record, at most 60', otherwise: 0 },
      { name: 'name', type: 'string', about: 'as in superd.history', otherwise: '' },
    ],
    returns: 'struct',
    help: `Follow the journal: \`records\` after a serial, and \`last\`, the serial for the next call. Waits when there is none yet. ${RECORD}`,
    access: 'viewer',
    run: historyAfter,
  },
  {
    ...COMMON,
    gated: false,
    name: 'superd.why',
    params: [{ ...NAME, about: 'process or group:process' }],
    returns: 'string',
    help: 'Tell in words why a process is in the state that it is in, one sentence a line.',
    access: 'viewer',
    run: (context, [name]) => why(context, textOf(name)),
  },
  {
    ...COMMON,
    name: 'superd.disable',
    params: [NAME],
    returns: 'boolean',
    help:
      'Keep a process down from now on, over restarts of superd too: it is not started by itself, and a start is refused. ' +
      'One that runs goes on; stop it too if it is to end.',
    access: 'operator',
    run: (context, [name]) => mark('disable', context, textOf(name)),
  },
  {
    ...COMMON,
    name: 'superd.enable',
    params: [NAME],
    returns: 'boolean',
    help: 'Undo superd.disable. Starts nothing.',
    access: 'operator',
    run: (context, [name]) => mark('enable', context, textOf(name)),
  },
  {
    ...COMMON,
    name: 'superd.getDisabled',
    params: [],
    returns: 'array',
    help: 'List the active processes that are disabled.',
    access: 'viewer',
    run: ({ ports }) =>
      allByName(ports.control)
        .filter(({ isDisabled }) => isDisabled)
        .map(({ slot }) => formatNamespec(slot.group, slot.process)),
  },
];
