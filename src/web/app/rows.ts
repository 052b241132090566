/** Which rows the table of programs has: filtered, sorted, and gathered into groups. Pure. */
import { isTrouble, isWanted, type Process, type State } from './model.ts';

export type SortKey = 'name' | 'state' | 'uptime' | 'cpu' | 'memory' | 'restarts' | 'exit';

export interface Sorting {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

/** What the person wants to see. */
export interface Wish {
  readonly text: string;
  readonly states: ReadonlySet<StateClass>;
  readonly sorting: Sorting;
  readonly folded: ReadonlySet<string>;
}

export type StateClass = 'running' | 'changing' | 'trouble' | 'resting';

export const CLASSES: readonly StateClass[] = ['running', 'changing', 'trouble', 'resting'];

export function classOf(state: State): StateClass {
  if (state === 'RUNNING') return 'running';
  if (isTrouble(state)) return 'trouble';
  return state === 'STARTING' || state === 'STOPPING' ? 'changing' : 'resting';
}

export interface GroupRow {
  readonly kind: 'group';
  readonly key: string;
  readonly group: string;
  readonly processes: readonly Process[];
  readonly isFolded: boolean;
}

export interface ProcessRow {
  readonly kind: 'process';
  readonly key: string;
  readonly process: Process;
  /** Below the row of its group. */
  readonly isInner: boolean;
}

export type Row = GroupRow | ProcessRow;

export function matches(
  { namespec, state, lastExit, description }: Process,
  wish: Pick<Wish, 'text' | 'states'>,
): boolean {
  if (wish.states.size > 0 && !wish.states.has(classOf(state))) return false;
  const words = wish.text.toLowerCase().split(/\s+/);
  const where = `${namespec} ${state} ${lastExit} ${description}`.toLowerCase();
  return words.every((word) => where.includes(word));
}

const URGENCY: readonly State[] = [
  'FATAL',
  'BACKOFF',
  'UNKNOWN',
  'STOPPING',
  'STARTING',
  'EXITED',
  'RUNNING',
  'STOPPED',
];

function valueOf({ state, started, stopped, cpu, rss, restarts, lastExit }: Process, key: SortKey): number {
  switch (key) {
    case 'name':
      return 0;
    case 'state':
      return URGENCY.length - URGENCY.indexOf(state);
    case 'uptime':
      return isWanted(state) ? -started : Number.NEGATIVE_INFINITY;
    case 'cpu':
      return cpu ?? -1;
    case 'memory':
      return rss ?? -1;
    case 'restarts':
      return restarts;
    case 'exit':
      return lastExit === '' ? 0 : stopped;
  }
}

function sorted(processes: readonly Process[], { key, isDescending }: Sorting): readonly Process[] {
  if (key === 'name') return isDescending ? processes.toReversed() : processes;
  const sign = isDescending ? -1 : 1;
  // Equal ones stay in the order of their names.
  return processes.toSorted((a, b) => sign * (valueOf(a, key) - valueOf(b, key)) || 0);
}

const rowOf = (process: Process, isInner: boolean): ProcessRow => ({
  kind: 'process',
  key: process.namespec,
  process,
  isInner,
});

/** In groups by name; one after the other when sorted by a number, where groups would only be in the way. */
export function rowsOf(processes: readonly Process[], wish: Wish): readonly Row[] {
  const found = sorted(
    processes.filter((process) => matches(process, wish)),
    wish.sorting,
  );
  if (wish.sorting.key !== 'name') return found.map((process) => rowOf(process, false));
  return [...Map.groupBy(found, ({ group }) => group)].flatMap(([group, members]): readonly Row[] => {
    const [only] = members;
    if (members.length === 1 && only !== undefined && only.name === group) return [rowOf(only, false)];
    const isFolded = wish.folded.has(group);
    const head: GroupRow = { kind: 'group', key: `${group}:*`, group, processes: members, isFolded };
    return isFolded ? [head] : [head, ...members.map((process) => rowOf(process, true))];
  });
}

export interface Totals {
  readonly running: number;
  readonly cpu: number | undefined;
  readonly rss: number | undefined;
  readonly restarts: number;
}

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.every((value) => value === undefined)
    ? undefined
    : values.reduce<number>((all, value) => all + (value ?? 0), 0);

export const totalsOf = (processes: readonly Process[]): Totals => ({
  running: processes.filter(({ state }) => state === 'RUNNING').length,
  cpu: sum(processes.map(({ cpu }) => cpu)),
  rss: sum(processes.map(({ rss }) => rss)),
  restarts: processes.reduce((all, { restarts }) => all + restarts, 0),
});

/** So many rows are cheap to draw, and then a search of the browser finds them all. */
const FEW = 200;
/** Rows drawn above and below what is seen. */
const AROUND = 12;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** @param rowHeight in CSS pixels */
export function visibleRows(count: number, rowHeight: number, seen: { top: number; height: number }): Window {
  if (count <= FEW) return { from: 0, to: count };
  const first = Math.floor(seen.top / rowHeight) - AROUND;
  const last = Math.ceil((seen.top + seen.height) / rowHeight) + AROUND;
  const from = Math.min(Math.max(0, first), Math.max(0, count - 1));
  return { from, to: Math.max(from, Math.min(count, last)) };
}
