/** The view of one process: how it is and why, what it used, its life, its log, its configuration. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { act } from './actions.ts';
import { call } from './api.ts';
import { Configuration } from './configuration.tsx';
import { Controls, perform } from './controls.tsx';
import { formatBytes, formatMoment, formatPercent } from './format.ts';
import { t } from './i18n.ts';
import { StateMark } from './icons.tsx';
import { useJournal } from './journal.ts';
import { textOf } from './json.ts';
import { onKeys } from './keyboard.ts';
import { Log } from './log.tsx';
import type { Process } from './model.ts';
import { Nothing, Since, StateCell } from './process-row.tsx';
import { findProcess, mayOperate, now, overview } from './store.ts';
import { Timeline } from './timeline.tsx';
import { UsageCharts } from './usage.tsx';
import { exitText } from './words.ts';

const LIMIT = 300;
/** What the list of its life shows at first. */
const FEW = 40;

function useKeys(process: Process | undefined): void {
  useEffect(() => {
    if (process === undefined) return undefined;
    const target = { kind: 'process', name: process.namespec } as const;
    // perform() tells what goes wrong.
    const run = (verb: 'start' | 'stop' | 'restart' | 'signal') => () => void perform(verb, target, [process]);
    return onKeys({
      s: run('start'),
      x: run('stop'),
      r: run('restart'),
      i: run('signal'),
      '/': () => document.getElementById('filter')?.focus(),
      Escape: () => {
        location.hash = '#/';
      },
    });
  }, [process]);
}

/** The server's own sentences, asked for anew when the state changes. */
function Why({ process }: { process: Process }) {
  const text = useSignal('');
  useEffect(() => {
    const abort = new AbortController();
    call('superd.why', { name: `${process.group}:${process.name}` }, abort.signal)
      .then((answer) => {
        text.value = textOf(answer);
      })
      // Without a connection there is nothing to say.
      .catch(() => undefined);
    return () => abort.abort();
  }, [process.namespec, process.state, process.pid, process.isDisabled]);
  if (text.value === '') return null;
  return (
    <div class="why">
      <h2 class="unseen">{t('why')}</h2>
      {text.value.split('\n').map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

function Facts({ process }: { process: Process }) {
  const { pid, cpu, rss, processes, restarts, started, lastExit, stopped, state } = process;
  return (
    <dl class="facts">
      <div>
        <dt>{t('uptime')}</dt>
        <dd>{state === 'RUNNING' ? <Since time={started} /> : <Nothing />}</dd>
      </div>
      <div>
        <dt>PID</dt>
        <dd>
          {pid > 0 ? pid : <Nothing />}
          {processes > 1 && <small> {t('and.children', { n: processes - 1 })}</small>}
        </dd>
      </div>
      <div>
        <dt>{t('cpu')}</dt>
        <dd>{cpu === undefined ? <Nothing /> : formatPercent(cpu)}</dd>
      </div>
      <div>
        <dt>{t('memory')}</dt>
        <dd>{rss === undefined ? <Nothing /> : formatBytes(rss)}</dd>
      </div>
      <div>
        <dt>{t('restarts')}</dt>
        <dd>{restarts}</dd>
      </div>
      <div>
        <dt>{t('last.exit')}</dt>
        <dd>
          {lastExit === '' ? <Nothing /> : exitText(lastExit)}
          {stopped > 0 && <small> {formatMoment(stopped, now.value)}</small>}
        </dd>
      </div>
    </dl>
  );
}

function Head({ process }: { process: Process }) {
  const { namespec, state, isDisabled } = process;
  const verb = isDisabled ? 'enable' : 'disable';
  return (
    <section class="card head">
      <header>
        <h1 tabIndex={-1}>
          <StateMark state={state} />
          {namespec}
        </h1>
        <StateCell process={process} />
        <span class="whole">
          <Controls target={{ kind: 'process', name: namespec }} processes={[process]} isWide />
          {mayOperate.value && (
            <button
              type="button"
              class="button"
              title={t(`${verb}.title`)}
              // act() tells what goes wrong.
              onClick={() => void act(verb, { kind: 'process', name: namespec }, { names: [namespec] })}
            >
              {t(verb)}
            </button>
          )}
        </span>
      </header>
      <Why process={process} />
      <Facts process={process} />
    </section>
  );
}

export function Program({ name }: { name: string }) {
  const process = findProcess(name);
  const isAll = useSignal(false);
  const { group = '', name: own = '' } = process ?? {};
  const { records, hasOlder, older } = useJournal({
    name: process === undefined ? name : `${group}:${own}`,
    kinds: [],
    limit: LIMIT,
  });
  useKeys(process);
  if (overview.value === undefined) return <div class="loading" role="status" aria-label={t('loading')} />;
  if (process === undefined) {
    return (
      <section class="card">
        <h1 tabIndex={-1}>{name}</h1>
        <p class="empty">{t('no.such', { name })}</p>
      </section>
    );
  }
  const shown = isAll.value ? records.value : records.value.slice(-FEW);
  return (
    <div class="program">
      <Head process={process} />
      <UsageCharts process={process} records={records.value} />
      <section class="card life-list">
        <header>
          <h2>{t('life')}</h2>
        </header>
        <div class="scrolling" tabIndex={0} role="region" aria-label={t('life')}>
          <Timeline records={shown} isNamed={false} />
          {(shown.length < records.value.length || hasOlder.value) && (
            <button
              type="button"
              class="button more"
              onClick={() => {
                // What cannot be loaded now can be asked for again.
                if (isAll.value) void older().catch(() => undefined);
                isAll.value = true;
              }}
            >
              {t('older')}
            </button>
          )}
        </div>
      </section>
      <Log process={process} />
      <Configuration process={process} />
    </div>
  );
}
