/** stats: what programs used in the last hour, day and week. */
import { CallError, need } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import { type UsageHistory, type UsageRow, usageHistoryOf, usageOf } from '../rpc/usage-client.ts';
import { EXIT, type Invocation, type Session } from './command.ts';
import { namesOf } from './history.ts';
import { printJson } from './status.ts';
import { ALL } from './targets.ts';
import { maxOf, meanOf, percent, size, sparkline } from './usage-text.ts';

const SPANS = [
  { key: 'hour', title: '1 hour', seconds: 3600 },
  { key: 'day', title: '24 hours', seconds: 86_400 },
  { key: 'week', title: '7 days', seconds: 604_800 },
] as const;
type Span = (typeof SPANS)[number];

/** Characters of a sparkline. */
const WIDE = 60;
const NARROW = 30;
const NAME_WIDTH = 20;
const CELL = 9;

const histories = async (session: Session, name: string, points: number): Promise<ReadonlyMap<Span, UsageHistory>> => {
  const found = new Map<Span, UsageHistory>();
  for (const span of SPANS) {
    found.set(span, await need(usageHistoryOf(session.server.rpc, name, { seconds: span.seconds, points })));
  }
  return found;
};

const columns = (...cells: readonly string[]): string => cells.map((cell) => cell.padStart(CELL)).join('');

function detail(name: string, usage: UsageRow | undefined, spans: ReadonlyMap<Span, UsageHistory>): string {
  const now =
    usage === undefined
      ? 'does not run, or was not sampled yet'
      : `now ${percent(usage.cpu)} of one core, ${size(usage.rss)} in ${usage.processes} ${usage.processes === 1 ? 'process' : 'processes'}`;
  const head = `${' '.repeat(10)}${'mean'.padStart(CELL)}${'max'.padStart(CELL)}`;
  const lines = [...spans].flatMap(([{ title }, { cpu, cpumax, rss, rssmax }]) => {
    const line = (label: string, numbers: string, spark: string): string => `${label.padEnd(10)}${numbers}  ${spark}`;
    const [cpuTop, rssTop] = [maxOf(cpu) ?? 0, maxOf(rss) ?? 0];
    return [
      title,
      line('  cpu', columns(percent(meanOf(cpu)), percent(maxOf(cpumax))), sparkline(cpu, cpuTop)).trimEnd(),
      line('  memory', columns(size(meanOf(rss)), size(maxOf(rssmax))), sparkline(rss, rssTop)).trimEnd(),
    ];
  });
  return [`${name}: ${now}`, head, ...lines].map((line) => `${line}\n`).join('');
}

const UNKNOWN = (values: readonly (number | undefined)[]): readonly (number | null)[] =>
  values.map((value) => value ?? null);

const jsonOf = (
  name: string,
  usage: UsageRow | undefined,
  spans: ReadonlyMap<Span, UsageHistory>,
): Readonly<Record<string, unknown>> => ({
  namespec: name,
  now: usage === undefined ? null : { cpu: usage.cpu, rss: usage.rss, processes: usage.processes, at: usage.at },
  ...Object.fromEntries(
    [...spans].map(([{ key }, { start, step, cpu, cpumax, rss, rssmax }]) => [
      key,
      { start, step, cpu: UNKNOWN(cpu), cpumax: UNKNOWN(cpumax), rss: UNKNOWN(rss), rssmax: UNKNOWN(rssmax) },
    ]),
  ),
});

/** One line a program: now, and the last hour. */
async function overview(session: Session, names: readonly string[], now: Usages): Promise<void> {
  const width = Math.max(NAME_WIDTH, ...names.map((name) => name.length + 1));
  session.out(`${'NAME'.padEnd(width)}${columns('CPU', 'MEAN 1H', 'MAX 1H', 'MEMORY', 'MAX 1H')}  CPU 1H\n`);
  for (const name of names) {
    const hour = await need(usageHistoryOf(session.server.rpc, name, { seconds: 3600, points: NARROW }));
    const usage = now.get(name);
    const { cpu, cpumax, rssmax } = hour;
    const numbers = [
      percent(usage?.cpu),
      percent(meanOf(cpu)),
      percent(maxOf(cpumax)),
      size(usage?.rss),
      size(maxOf(rssmax)),
    ];
    session.out(`${name.padEnd(width)}${columns(...numbers)}  ${sparkline(cpu, maxOf(cpu) ?? 0)}`.trimEnd());
    session.out('\n');
  }
}

type Usages = ReadonlyMap<string, UsageRow>;

async function one(session: Session, name: string, now: Usages): Promise<number> {
  try {
    session.out(detail(name, now.get(name), await histories(session, name, WIDE)));
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof CallError) || error.problem.kind !== 'fault') throw error;
    if (error.problem.fault.code !== FAULTS.BAD_NAME) throw error;
    session.out(`${name}: ERROR (no such process)\n`);
    return EXIT.GENERIC;
  }
}

export async function stats(session: Session, { args, flags }: Invocation): Promise<number> {
  const now = new Map((await need(usageOf(session.server.rpc))).map((usage) => [usage.name, usage]));
  const words = args.length === 0 ? [ALL] : args;
  const names = (await Promise.all(words.map((word) => namesOf(session, word)))).flat();
  if (flags.has('json')) {
    const all: unknown[] = [];
    for (const name of names) all.push(jsonOf(name, now.get(name), await histories(session, name, WIDE)));
    printJson(session, all);
    return EXIT.OK;
  }
  if (args.length === 0) {
    await overview(session, names, now);
    return EXIT.OK;
  }
  let exit: number = EXIT.OK;
  for (const [index, name] of names.entries()) {
    if (index > 0) session.out('\n');
    exit = Math.max(exit, await one(session, name, now));
  }
  return exit;
}
