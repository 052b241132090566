/** The view of all groups and programs. */
import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Controls, perform } from './controls.tsx';
import { formatBytes, formatPercent } from './format.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { onKeys } from './keyboard.ts';
import type { Process } from './model.ts';
import { GroupLine, ProcessLine } from './process-row.tsx';
import {
  CLASSES,
  classOf,
  matches,
  type Row,
  rowsOf,
  type SortKey,
  type StateClass,
  totalsOf,
  type Wish,
} from './rows.ts';
import { overview, processes } from './store.ts';
import { useWindow } from './window.ts';
import type { Key } from './words-en.ts';

const wish = signal<Wish>({
  text: '',
  states: new Set(),
  sorting: { key: 'name', isDescending: false },
  folded: new Set(),
});
const rows = computed(() => rowsOf(processes.value, wish.value));
const shown = computed(() => processes.value.filter((process) => matches(process, wish.value)));
const change = (part: Partial<Wish>): void => {
  wish.value = { ...wish.value, ...part };
};

function toggled<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

const COLUMNS: readonly (readonly [key: SortKey, label: Key, style: string])[] = [
  ['name', 'name', 'name'],
  ['state', 'state', 'state'],
  ['uptime', 'uptime', 'uptime number'],
  ['cpu', 'cpu', 'measure'],
  ['memory', 'memory', 'measure'],
  ['restarts', 'restarts', 'restarts number'],
  ['exit', 'last.exit', 'last-exit'],
];

function Heading() {
  const { key: current, isDescending } = wish.value.sorting;
  const sortBy = (key: SortKey): void => {
    // Numbers are looked at from the largest on.
    const isNew = key !== current;
    change({ sorting: { key, isDescending: isNew ? key !== 'name' : !isDescending } });
  };
  return (
    <div role="row" aria-rowindex={1} class="row heading">
      {COLUMNS.map(([key, label, style]) => (
        <span
          key={key}
          role="columnheader"
          class={style}
          aria-sort={key === current ? (isDescending ? 'descending' : 'ascending') : 'none'}
        >
          <button type="button" class="sort" onClick={() => sortBy(key)}>
            {t(label)}
            {key === current && key !== 'name' && <Icon name={isDescending ? 'down' : 'up'} />}
          </button>
        </span>
      ))}
      <span role="columnheader" class="actions">
        <span class="unseen">{t('actions')}</span>
      </span>
    </div>
  );
}

const CLASS_LABELS: Readonly<Record<StateClass, Key>> = {
  running: 'class.running',
  changing: 'class.changing',
  trouble: 'class.trouble',
  resting: 'class.resting',
};

function Chips() {
  const counts = Map.groupBy(processes.value, ({ state }) => classOf(state));
  return (
    <div class="chips" role="group" aria-label={t('state')}>
      {CLASSES.map((name) => {
        const found = counts.get(name)?.length ?? 0;
        const isOn = wish.value.states.has(name);
        if (found === 0 && !isOn && name !== 'running') return null;
        return (
          <button
            key={name}
            type="button"
            class={`chip class-${name}`}
            aria-pressed={isOn}
            onClick={() => change({ states: toggled(wish.value.states, name) })}
          >
            <b>{found}</b> {t(CLASS_LABELS[name])}
          </button>
        );
      })}
    </div>
  );
}

function Sums() {
  const { cpu, rss } = totalsOf(processes.value);
  if (cpu === undefined || rss === undefined) return null;
  return (
    <dl class="sums">
      <dt>{t('cpu')}</dt>
      <dd>{formatPercent(cpu)}</dd>
      <dt>{t('memory')}</dt>
      <dd>{formatBytes(rss)}</dd>
    </dl>
  );
}

function Toolbar() {
  const isFiltered = wish.value.text !== '' || wish.value.states.size > 0;
  const names = shown.value.map(({ namespec }) => namespec);
  const target = isFiltered ? ({ kind: 'some', names } as const) : ({ kind: 'all' } as const);
  return (
    <div class="toolbar">
      <label class="search">
        <Icon name="search" />
        <span class="unseen">{t('filter')}</span>
        <input
          id="filter"
          type="search"
          placeholder={t('filter.hint')}
          value={wish.value.text}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter' || event.key === 'ArrowDown') move(1, true);
            if (event.key !== 'Escape') return;
            change({ text: '', states: new Set() });
            event.currentTarget.blur();
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <Chips />
      <Sums />
      <div class="whole">
        {isFiltered && <small>{t('shown.of', { n: names.length, all: processes.value.length })}</small>}
        <Controls target={target} processes={shown.value} isWide />
      </div>
    </div>
  );
}

const linkOf = (namespec: string): HTMLElement | null => document.querySelector(`[data-row="${CSS.escape(namespec)}"]`);
const currentName = (): string | undefined =>
  document.activeElement?.closest('.row')?.querySelector<HTMLElement>('[data-row]')?.dataset['row'];

let rowHeight = 36;

/** Moves the focus by so many processes, and scrolls there first when the row is not drawn. */
function move(by: number, fromStart = false): void {
  const all = rows.value.flatMap((row, index) => (row.kind === 'process' ? [{ name: row.key, index }] : []));
  const name = fromStart ? undefined : currentName();
  const at = all.findIndex((row) => row.name === name);
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (next === undefined) return;
  const list = document.querySelector<HTMLElement>('.rows');
  if (linkOf(next.name) === null && list !== null) {
    scrollTo({ top: list.offsetTop + next.index * rowHeight - innerHeight / 2, behavior: 'instant' });
  }
  // A row that was far away is drawn with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(() => linkOf(next.name)?.focus({ preventScroll: false })));
}

function onCurrent(verb: 'start' | 'stop' | 'restart' | 'signal'): void {
  const name = currentName();
  const process = processes.value.find(({ namespec }) => namespec === name);
  // perform() tells what goes wrong.
  if (process !== undefined) void perform(verb, { kind: 'process', name: process.namespec }, [process]);
}

function useKeys(): void {
  useEffect(
    () =>
      onKeys({
        '/': () => document.getElementById('filter')?.focus(),
        j: () => move(1),
        k: () => move(-1),
        s: () => onCurrent('start'),
        x: () => onCurrent('stop'),
        r: () => onCurrent('restart'),
        i: () => onCurrent('signal'),
        Escape: () => change({ text: '', states: new Set() }),
      }),
    [],
  );
}

function Line({ row, index }: { row: Row; index: number }) {
  const fold = (group: string): void => change({ folded: toggled(wish.value.folded, group) });
  return row.kind === 'group' ? (
    <GroupLine row={row} index={index} onFold={fold} />
  ) : (
    <ProcessLine process={row.process} isInner={row.isInner} index={index} />
  );
}

const isNarrow = matchMedia('(max-width: 760px)');

function Rows() {
  const list = useRef<HTMLDivElement>(null);
  rowHeight = isNarrow.matches ? 62 : 36;
  const all = rows.value;
  const { from, to } = useWindow(list, all.length, rowHeight);
  const space = { paddingTop: `${from * rowHeight}px`, paddingBottom: `${(all.length - to) * rowHeight}px` };
  return (
    <div role="rowgroup" class="rows" ref={list} style={space}>
      {all.slice(from, to).map((row, index) => (
        <Line key={row.key} row={row} index={from + index + 2} />
      ))}
    </div>
  );
}

const NoRows = ({ all }: { all: readonly Process[] }) => (
  <p class="empty">{t(all.length === 0 ? 'no.programs' : 'no.match')}</p>
);

export function Programs() {
  useKeys();
  if (overview.value === undefined) return <div class="loading" role="status" aria-label={t('loading')} />;
  return (
    <>
      <h1 class="unseen" tabIndex={-1}>
        {t('programs')}
      </h1>
      <Toolbar />
      <div role="table" class="table" aria-label={t('programs')} aria-rowcount={rows.value.length + 1}>
        <div role="rowgroup" class="headings">
          <Heading />
        </div>
        {rows.value.length > 0 && <Rows />}
      </div>
      {rows.value.length === 0 && <NoRows all={processes.value} />}
    </>
  );
}
