/** Makes the page's model of what the server answers. Knows no connection. */
import { listOf, numberOf, numbersOf, objectOf, parse, textOf } from './json.ts';
import { isState, type JournalRecord, namespecOf, type Overview, type Process, type Role } from './model.ts';

const MS = 1000;

/** A measured value; -1 and absent ones are none. */
const measured = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

export function readProcess(value: unknown): Process {
  const given = objectOf(value);
  const [group, name, state] = [textOf(given['group']), textOf(given['name']), given['state']];
  const [description, lastExit] = [textOf(given['description']), textOf(given['lastexit'])];
  const hasFailed = state === 'FATAL' || state === 'BACKOFF';
  return {
    group,
    name,
    namespec: namespecOf(group, name),
    state: isState(state) ? state : 'UNKNOWN',
    pid: numberOf(given['pid']),
    started: numberOf(given['started']) * MS,
    stopped: numberOf(given['stopped']) * MS,
    restarts: numberOf(given['restarts']),
    // As the records of it say: why it does not start, or how it ended.
    lastExit: hasFailed ? description || lastExit : lastExit,
    description,
    isDisabled: given['disabled'] === true,
    kind: textOf(given['kind']),
    cpu: measured(given['cpu']),
    rss: measured(given['rss']),
    processes: numberOf(given['processes']),
    cpuSpark: numbersOf(given['cpuspark']),
    rssSpark: numbersOf(given['rssspark']),
  };
}

const roleOf = (value: unknown): Role => (value === 'admin' || value === 'operator' ? value : 'viewer');

export function readOverview(value: unknown): Overview {
  const given = objectOf(value);
  return {
    identifier: textOf(given['identifier']),
    version: textOf(given['version']),
    mood: textOf(given['mood']),
    host: textOf(given['host']),
    now: numberOf(given['now']) * MS,
    serial: numberOf(given['serial']),
    role: roleOf(given['role']),
    user: textOf(given['user']),
    processes: listOf(given['processes']).map(readProcess),
  };
}

/** undefined for what is no record. */
export function readRecord(value: unknown): JournalRecord | undefined {
  const given = objectOf(value);
  const [serial, at, kind] = [given['serial'], given['at'], given['kind']];
  if (typeof serial !== 'number' || typeof at !== 'number' || typeof kind !== 'string') return undefined;
  const { group, process, text, ...rest } = given;
  return {
    ...rest,
    serial,
    at,
    kind,
    ...(typeof group === 'string' ? { group } : {}),
    ...(typeof process === 'string' ? { process } : {}),
    ...(typeof text === 'string' ? { text } : {}),
  };
}

/** The structs of superd.history, each with the whole record as text. */
export const readHistory = (value: unknown): readonly JournalRecord[] =>
  listOf(value).flatMap((row) => {
    const { json, text } = objectOf(row);
    return readRecord({ ...objectOf(parse(textOf(json))), text: textOf(text) }) ?? [];
  });
