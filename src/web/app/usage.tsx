/** What a process used: charts of an hour, a day or a week, and the states that it was in meanwhile. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from './api.ts';
import { Chart, type Series } from './chart.tsx';
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

export function UsageCharts({ process, records }: UsageProps) {
  const range = useSignal<Range>(RANGES[0]);
  const usage = useUsage(process, range.value);
  const latest = useSignal(process);
  latest.value = process;
  useEffect(
    () =>
      listen({
        usage() {
          if (range.value === RANGES[0] && usage.value !== undefined)
            usage.value = withSample(usage.value, latest.value);
        },
      }),
    [],
  );
  const shown = usage.value;
  return (
    <section class="card usage">
      <header>
        <h2>{t('usage')}</h2>
        <div class="chips" role="group" aria-label={t('range')}>
          {RANGES.map((choice) => (
            <button
              key={choice.key}
              type="button"
              class="chip"
              aria-pressed={range.value === choice}
              onClick={() => {
                range.value = choice;
              }}
            >
              {t(choice.key)}
            </button>
          ))}
        </div>
      </header>
      {shown === undefined ? (
        <p class="empty">{t('usage.none')}</p>
      ) : (
        <>
          <Title label={t('cpu')} series={shown.cpu} format={formatPercent} />
          <Chart
            series={shown.cpu}
            from={shown.from}
            to={shown.to}
            format={formatPercent}
            least={5}
            colour="cpu"
            label={t('cpu')}
            group="usage"
          />
          <Title label={t('memory')} series={shown.rss} format={formatBytes} />
          <Chart
            series={shown.rss}
            from={shown.from}
            to={shown.to}
            format={formatBytes}
            least={1024 * 1024}
            colour="memory"
            label={t('memory')}
            group="usage"
          />
          <Life records={records} state={process.state} from={shown.from * 1000} to={shown.to * 1000} />
        </>
      )}
    </section>
  );
}
