/** What news make of what is known: pure functions from processes and a piece of news to processes. */
import { listOf, numberOf, objectOf, textOf } from './json.ts';
import { isAlive, isState, type JournalRecord, namespecOf, type Process } from './model.ts';

/** How many samples a sparkline shows. */
export const SPARK_POINTS = 60;

/** `exit status 3`, `terminated by SIGKILL`: the words of the server. */
export function exitWords(exit: unknown): string {
  const { kind, code, signal, coreDumped } = objectOf(exit);
  if (kind === 'code') return `exit status ${numberOf(code)}`;
  if (kind === 'signal') return `terminated by ${textOf(signal)}${coreDumped === true ? ' (core dumped)' : ''}`;
  return 'exit status unknown';
}

function withState(process: Process, record: JournalRecord): Process {
  const { to, pid, exit, reason, at } = record;
  if (!isState(to)) return process;
  const isStart = to === 'STARTING';
  const hasEnded = exit !== undefined;
  const lives = isAlive(to);
  return {
    ...process,
    state: to,
    pid: lives ? numberOf(pid) || (isStart ? 0 : process.pid) : 0,
    started: isStart ? at : process.started,
    stopped: lives ? process.stopped : at,
    restarts: isStart && process.started > 0 ? process.restarts + 1 : process.restarts,
    lastExit: hasEnded
      ? exitWords(exit)
      : to === 'FATAL' || to === 'BACKOFF'
        ? textOf(reason) || process.lastExit
        : process.lastExit,
    ...(lives ? {} : { cpu: undefined, rss: undefined, processes: 0 }),
  };
}

/** A process after a record about it. */
export function after(process: Process, record: JournalRecord): Process {
  switch (record.kind) {
    case 'process-state':
      return withState(process, record);
    case 'adopted':
      return { ...process, pid: numberOf(record['pid']) };
    case 'disabled':
      return { ...process, isDisabled: true };
    case 'enabled':
      return { ...process, isDisabled: false };
    case 'spawn-error':
      return { ...process, lastExit: textOf(record['reason']) };
    default:
      return process;
  }
}

/** Records that say that there are other processes, or other facts about them, than are known. */
export const asksForOverview = ({ kind }: JournalRecord): boolean =>
  kind === 'process-group' || kind === 'config' || kind === 'daemon' || kind === 'supervisor-state';

/** All processes after some records. */
export function withRecords(processes: readonly Process[], records: readonly JournalRecord[]): readonly Process[] {
  const changed = new Map<string, Process>();
  const known = new Map(processes.map((process) => [process.namespec, process]));
  for (const record of records) {
    if (record.group === undefined || record.process === undefined) continue;
    const name = namespecOf(record.group, record.process);
    const process = changed.get(name) ?? known.get(name);
    if (process !== undefined) changed.set(name, after(process, record));
  }
  return changed.size === 0 ? processes : processes.map((process) => changed.get(process.namespec) ?? process);
}

const push = (values: readonly number[], value: number): readonly number[] => [...values, value].slice(-SPARK_POINTS);

/** All processes after a sample: percent of a core and bytes, by `group:name`. */
export function withUsage(processes: readonly Process[], usage: unknown): readonly Process[] {
  const samples = objectOf(usage);
  return processes.map((process) => {
    const sample = samples[`${process.group}:${process.name}`] ?? samples[process.namespec];
    const [cpu, rss] = listOf(sample).map(numberOf);
    return {
      ...process,
      cpu,
      rss,
      cpuSpark: push(process.cpuSpark, cpu ?? 0),
      rssSpark: push(process.rssSpark, rss ?? 0),
    };
  });
}
