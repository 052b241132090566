/** What a process used: charts of an hour, a day or a week, and the states that it was in meanwhile. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call } from './api.ts';
import { Chart, type Series } from './chart.tsx';
import { Choices } from './choices.tsx';
import { formatBytes, formatPercent } from './format.ts';
import { t } from './i18n.ts';
import { listOf, numberOf, objectOf } from './json.ts';
import { Life } from './life.tsx';
import type { JournalRecord, Process } from './model.ts';
import { listen, serverTime } from './store.ts';

interface Usage {
  readonly cpu: Series;
  readonly rss: Series;
  readonly from: number;
  readonly to: number;
}

const RANGES = [
  { key: 'range.hour', seconds: 3600, refresh: 30_000 },
  { key: 'range.day', seconds: 86_400, refresh: 60_000 },
  { key: 'range.week', seconds: 7 * 86_400, refresh: 300_000 },
] as const;
type Range = (typeof RANGES)[number];
const POINTS = 720;
/** What the scales reach at least: percent of a core, and bytes. */
const LEAST = { cpu: 5, rss: 1024 * 1024 } as const;

/** -1 stands for what was not measured. */
const known = (value: unknown): readonly (number | null)[] =>
  listOf(value).map((item) => {
    const number = numberOf(item);
    return number < 0 ? null : number;
  });

function readUsage(answer: unknown, seconds: number): Usage {
  const given = objectOf(answer);
  const [start, step] = [numberOf(given['start']), numberOf(given['step'])];
  const cpu = known(given['cpu']);
  const times = cpu.map((_, index) => start + index * step);
  const to = serverTime() / 1000;
  return {
    cpu: { times, mean: cpu, most: known(given['cpumax']) },
    rss: { times, mean: known(given['rss']), most: known(given['rssmax']) },
    from: to - seconds,
    to,
  };
}

const append = (series: Series, time: number, value: number): Series => ({
  times: [...series.times, time],
  mean: [...series.mean, value],
  most: [...series.most, value],
});

/** The newest sample at the end of the last hour. */
function withSample(usage: Usage, { cpu, rss }: Process): Usage {
  const to = serverTime() / 1000;
  const moved = { ...usage, to, from: to - (usage.to - usage.from) };
  if (cpu === undefined || rss === undefined) return moved;
  return { ...moved, cpu: append(usage.cpu, to, cpu), rss: append(usage.rss, to, rss) };
}

interface UsageProps {
  readonly process: Process;
  readonly records: readonly JournalRecord[];
}

function useUsage(process: Process, range: Range) {
  const usage = useSignal<Usage | undefined>(undefined);
  const name = `${process.group}:${process.name}`;
  useEffect(() => {
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      const params = { name, seconds: range.seconds, points: POINTS };
      usage.value = readUsage(await call('superd.getUsageHistory', params, abort.signal), range.seconds);
    };
    // The next time it may be there.
    const reload = (): void => void load().catch(() => undefined);
    reload();
    const timer = setInterval(() => document.hidden || reload(), range.refresh);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [name, range]);
  return usage;
}

function Title({ label, series, format }: { label: string; series: Series; format: (value: number) => string }) {
  const most = series.most.filter((value) => value !== null);
  return (
    <h3>
      {label}
      {most.length > 0 && <small>max {format(most.reduce((a, b) => Math.max(a, b)))}</small>}
    </h3>
  );
}

function Charts({ usage, process, records }: UsageProps & { usage: Usage }) {
  const { cpu, rss, from, to } = usage;
  const common = { from, to, group: 'usage' };
  const life = <Life records={records} state={process.state} from={from * 1000} to={to * 1000} />;
  if (cpu.mean.every((value) => value === null)) {
    return (
      <>
        <p class="empty">{t('usage.none')}</p>
        {life}
      </>
    );
  }
  return (
    <>
      <Title label={t('cpu')} series={cpu} format={formatPercent} />
      <Chart {...common} series={cpu} format={formatPercent} least={LEAST.cpu} colour="cpu" label={t('cpu')} />
      <Title label={t('memory')} series={rss} format={formatBytes} />
      <Chart {...common} series={rss} format={formatBytes} least={LEAST.rss} colour="memory" label={t('memory')} />
      {life}
    </>
  );
}

export function UsageCharts({ process, records }: UsageProps) {
  const range = useSignal<Range>(RANGES[0]);
  const usage = useUsage(process, range.value);
  const latest = useRef(process);
  latest.current = process;
  useEffect(
    () =>
      listen({
        usage() {
          const isHour = range.value === RANGES[0];
          if (isHour && usage.value !== undefined) usage.value = withSample(usage.value, latest.current);
        },
      }),
    [],
  );
  return (
    <section class="card usage">
      <header>
        <h2>{t('usage')}</h2>
        <Choices
          label={t('range')}
          choices={RANGES.map((choice) => [choice, t(choice.key)])}
          value={range.value}
          onChoose={(choice) => {
            range.value = choice;
          }}
        />
      </header>
      {usage.value === undefined ? (
        <p class="empty">{t('usage.none')}</p>
      ) : (
        <Charts usage={usage.value} process={process} records={records} />
      )}
    </section>
  );
}
