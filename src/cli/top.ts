/** top: what uses most, live at a terminal, or once as a table. */
import { CallError, need, type ProcessRow } from '../rpc/client.ts';
import { type UsageRow, usageOf } from '../rpc/usage-client.ts';
import { EXIT, type Invocation, type Screen, type Session } from './command.ts';
import { printJson } from './status.ts';
import { nameOf } from './targets.ts';
import { percent, size } from './usage-text.ts';

/** Between two looks; the daemon's samples may be further apart. */
const REFRESH_MS = 2000;

const ORDERS = ['cpu', 'mem', 'name'] as const;
export type Order = (typeof ORDERS)[number];

export interface TopRow {
  readonly row: ProcessRow;
  /** undefined: it does not run, or was not sampled yet. */
  readonly usage: UsageRow | undefined;
}

const byName = (a: TopRow, b: TopRow): number => (nameOf(a.row) < nameOf(b.row) ? -1 : 1);

export function sorted(rows: readonly TopRow[], order: Order): readonly TopRow[] {
  const weight = ({ usage }: TopRow): number => (order === 'cpu' ? (usage?.cpu ?? -1) : (usage?.rss ?? -1));
  return rows.toSorted((a, b) => (order === 'name' ? 0 : weight(b) - weight(a)) || byName(a, b));
}

async function look({ server: { rpc } }: Session): Promise<readonly TopRow[]> {
  const usages = new Map((await need(usageOf(rpc))).map((usage) => [usage.name, usage]));
  return (await need(rpc.allProcessInfo())).map((row) => ({ row, usage: usages.get(nameOf(row)) }));
}

const STATE_WIDTH = 9;
const NUMBER_WIDTH = 8;
const LEAST_NAME_WIDTH = 12;
const GAP = '  ';

const cells = (state: string, cpu: string, mem: string, procs: string): string =>
  [state.padEnd(STATE_WIDTH), cpu.padStart(NUMBER_WIDTH), mem.padStart(NUMBER_WIDTH), procs.padStart(6)].join(GAP);

export function tableOf(rows: readonly TopRow[], order: Order): readonly string[] {
  const width = Math.max(LEAST_NAME_WIDTH, ...rows.map(({ row }) => nameOf(row).length));
  const mark = (name: Order, title: string): string => (name === order ? `${title}*` : title);
  const head = `${mark('name', 'NAME').padEnd(width)}${GAP}${cells('STATE', mark('cpu', 'CPU'), mark('mem', 'MEMORY'), 'PROCS')}${GAP}DESCRIPTION`;
  const lines = sorted(rows, order).map(({ row, usage }) => {
    const numbers = cells(row.statename, percent(usage?.cpu), size(usage?.rss), String(usage?.processes ?? '-'));
    return `${nameOf(row).padEnd(width)}${GAP}${numbers}${GAP}${row.description}`.trimEnd();
  });
  return [head, ...lines];
}

/** All together: what uses how much, and how many are in each state. */
export function summaryOf(rows: readonly TopRow[]): string {
  const total = (value: (usage: UsageRow) => number): number =>
    rows.reduce((sum, { usage }) => sum + (usage === undefined ? 0 : value(usage)), 0);
  const states = [...Map.groupBy(rows, ({ row }) => row.statename)].map(
    ([state, some]) => `${some.length} ${state.toLowerCase()}`,
  );
  const used = `cpu ${percent(total(({ cpu }) => cpu))} of one core, memory ${size(total(({ rss }) => rss))}`;
  return `${rows.length} processes: ${states.join(', ') || 'none'}; ${used}`;
}

const KEYS: ReadonlyMap<string, Order> = new Map([
  ['c', 'cpu'],
  ['m', 'mem'],
  ['n', 'name'],
]);
const QUIT: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);
const HELP = 'sort by c cpu, m memory, n name; q quits';

interface View {
  readonly rows: readonly TopRow[];
  readonly order: Order;
  /** The server did not answer: what is shown is older. */
  readonly isStale: boolean;
}

/** Fits lines to the screen; what programs are called must not command the terminal. */
function frame({ rows, order, isStale }: View, { columns, rows: height }: Screen): readonly string[] {
  const all = [summaryOf(rows), isStale ? 'no answer from superd: trying again' : HELP, '', ...tableOf(rows, order)];
  const hidden = all.length - height;
  const lines = hidden > 0 ? [...all.slice(0, height - 1), `... ${hidden + 1} more`] : all;
  return lines.map((line) => harmless(line).slice(0, columns));
}

const harmless = (line: string): string => line.replaceAll(/[\0-\x1f\x7f-\x9f]/g, '?');

/** A server that is being replaced answers again in a moment; any other trouble ends the view. */
async function lookAgain(session: Session, view: View): Promise<View> {
  try {
    return { ...view, rows: await look(session), isStale: false };
  } catch (error) {
    if (error instanceof CallError && error.problem.kind === 'unreachable') return { ...view, isStale: true };
    throw error;
  }
}

async function live(session: Session, screen: Screen, order: Order): Promise<void> {
  let view: View = { rows: await look(session), order, isStale: false };
  for (;;) {
    screen.show(frame(view, screen));
    const key = await screen.key(REFRESH_MS);
    if (key !== undefined && QUIT.has(key)) return;
    const wanted = key === undefined ? undefined : KEYS.get(key.toLowerCase());
    view = wanted === undefined ? await lookAgain(session, view) : { ...view, order: wanted };
  }
}

export async function top(session: Session, { flags, values }: Invocation): Promise<number> {
  const asked = values?.get('sort') ?? 'cpu';
  const order = ORDERS.find((name) => name.startsWith(asked) && asked !== '');
  if (order === undefined) {
    session.err(`Error: cannot sort by ${asked}: want cpu, mem or name\n`);
    return EXIT.INVALID_ARGUMENTS;
  }
  const screen = flags.has('json') ? undefined : await session.openScreen();
  if (screen !== undefined) {
    using taken = screen;
    await live(session, taken, order);
    return EXIT.OK;
  }
  const rows = await look(session);
  if (flags.has('json')) printJson(session, sorted(rows, order).map(jsonOf));
  else session.out([summaryOf(rows), ...tableOf(rows, order)].map((line) => `${line}\n`).join(''));
  return EXIT.OK;
}

const jsonOf = ({ row, usage }: TopRow): Readonly<Record<string, unknown>> => ({
  namespec: nameOf(row),
  statename: row.statename,
  pid: row.pid,
  cpu_percent: usage?.cpu ?? null,
  rss_bytes: usage?.rss ?? null,
  processes: usage?.processes ?? null,
});
