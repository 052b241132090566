/** One row of the table of programs. */
import { useMemo } from 'preact/hooks';
import { pending } from './actions.ts';
import { Controls } from './controls.tsx';
import { formatBytes, formatMoment, formatPercent, formatSpan } from './format.ts';
import { t } from './i18n.ts';
import { Icon, StateMark } from './icons.tsx';
import type { Process } from './model.ts';
import { programLink } from './router.ts';
import { type GroupRow, totalsOf } from './rows.ts';
import { Spark } from './spark.tsx';
import { now } from './store.ts';
import { exitText, stateWords } from './words.ts';

/** The top of the scale of a processor's sparkline, in percent of a core, when nothing exceeds it. */
const LEAST_CPU = 5;

export const Nothing = () => <span class="nothing">–</span>;

/** Time since something, moving by itself. */
export function Since({ time }: { time: number }) {
  return <time title={formatMoment(time, now.value)}>{formatSpan(now.value - time)}</time>;
}

/** What it is doing, and whether somebody has asked it to do otherwise. */
export function StateCell({ process }: { process: Process }) {
  const verb = pending.value.get(process.namespec);
  const isDown = process.state === 'STOPPED' || process.state === 'EXITED' || process.state === 'FATAL';
  return (
    <span class={`state-words state-${process.state.toLowerCase()}`}>
      {stateWords(process.state)}
      {verb !== undefined && <span class="busy" role="img" aria-label={t('under.way')} />}
      {process.isDisabled && <span class="tag">{t('disabled')}</span>}
      {isDown && process.stopped > 0 && (
        <small>
          <Since time={process.stopped} />
        </small>
      )}
    </span>
  );
}

function Measures({ process }: { process: Process }) {
  const { cpu, rss, cpuSpark, rssSpark } = process;
  return (
    <>
      <span role="cell" class="measure cpu" data-label={t('cpu')}>
        {cpu !== undefined && <Spark values={cpuSpark} least={LEAST_CPU} />}
        <span class="number">{cpu === undefined ? <Nothing /> : formatPercent(cpu)}</span>
      </span>
      <span role="cell" class="measure memory" data-label={t('memory')}>
        {rss !== undefined && <Spark values={rssSpark} least={0} />}
        <span class="number">{rss === undefined ? <Nothing /> : formatBytes(rss)}</span>
      </span>
    </>
  );
}

function Exit({ process }: { process: Process }) {
  const { lastExit, stopped, state } = process;
  if (lastExit === '') return null;
  const isBad = state === 'FATAL' || state === 'BACKOFF';
  return (
    <span class={isBad ? 'exit bad' : 'exit'} title={lastExit}>
      {exitText(lastExit)}
      {state === 'RUNNING' && stopped > 0 && (
        <small>
          {' '}
          <Since time={stopped} />
        </small>
      )}
    </span>
  );
}

function Cells({ process }: { process: Process }) {
  const { namespec, name, state, started } = process;
  const target = { kind: 'process', name: namespec } as const;
  return (
    <>
      <span role="cell" class="name">
        <StateMark state={state} />
        <a href={programLink(namespec)} data-row={namespec}>
          {name}
        </a>
      </span>
      <span role="cell" class="state">
        <StateCell process={process} />
      </span>
      <span role="cell" class="uptime number">
        {(state === 'RUNNING' || state === 'STOPPING') && <Since time={started} />}
      </span>
      <Measures process={process} />
      <span
        role="cell"
        class={process.restarts > 0 ? 'restarts number' : 'restarts number none'}
        data-label={t('restarts')}
      >
        {process.restarts}
      </span>
      <span role="cell" class="last-exit">
        <Exit process={process} />
      </span>
      <span role="cell" class="actions">
        <Controls target={target} processes={[process]} />
      </span>
    </>
  );
}

export function ProcessLine({ process, isInner, index }: { process: Process; isInner: boolean; index: number }) {
  const cells = useMemo(() => <Cells process={process} />, [process]);
  const kind = process.state === 'FATAL' || process.state === 'BACKOFF' ? ' trouble' : '';
  return (
    <div role="row" aria-rowindex={index} class={`row${isInner ? ' inner' : ''}${kind}`}>
      {cells}
    </div>
  );
}

interface GroupLineProps {
  readonly row: GroupRow;
  readonly index: number;
  readonly onFold: (group: string) => void;
}

export function GroupLine({ row: { group, processes, isFolded }, index, onFold }: GroupLineProps) {
  const { running, cpu, rss, restarts } = totalsOf(processes);
  return (
    <div role="row" aria-rowindex={index} class="row group">
      <span role="cell" class="name">
        <button
          type="button"
          class="fold"
          aria-expanded={!isFolded}
          aria-label={t(isFolded ? 'unfold' : 'fold', { name: group })}
          onClick={() => onFold(group)}
        >
          <Icon name={isFolded ? 'right' : 'down'} />
        </button>
        <strong>{group}</strong>
      </span>
      <span role="cell" class="state">
        {t('running.of', { n: running, all: processes.length })}
      </span>
      <span role="cell" class="uptime" />
      <span role="cell" class="measure cpu" data-label={t('cpu')}>
        {cpu === undefined ? <Nothing /> : <span class="number">{formatPercent(cpu)}</span>}
      </span>
      <span role="cell" class="measure memory" data-label={t('memory')}>
        {rss === undefined ? <Nothing /> : <span class="number">{formatBytes(rss)}</span>}
      </span>
      <span role="cell" class={restarts > 0 ? 'restarts number' : 'restarts number none'} data-label={t('restarts')}>
        {restarts}
      </span>
      <span role="cell" class="last-exit" />
      <span role="cell" class="actions">
        <Controls target={{ kind: 'group', name: group }} processes={processes} />
      </span>
    </div>
  );
}
