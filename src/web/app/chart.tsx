/** A chart of one number over time: its mean as a line over an area, its greatest values as a thin line above. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { appearance } from './theme.ts';

export interface Series {
  /** In seconds since 1970. */
  readonly times: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly most: readonly (number | null)[];
}

interface ChartProps {
  readonly series: Series;
  /** How far it reaches, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly format: (value: number) => string;
  /** The top of the scale, when nothing exceeds it. */
  readonly least: number;
  readonly colour: 'cpu' | 'memory';
  readonly label: string;
  /** Charts of one name share their cursor. */
  readonly group: string;
}

const HEIGHT = 148;
/** Room for `1023 M`. The strip of states below begins at the same place. */
export const AXIS = 58;

const styleOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Round numbers of bytes are powers of two; uPlot's own steps are decimal. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, power) => 2 ** power);

function axes({ format, colour }: ChartProps): uPlot.Axis[] {
  const stroke = styleOf('--quiet');
  const grid = { stroke: styleOf('--hairline'), width: 1 };
  const font = '11px system-ui, sans-serif';
  return [
    {
      stroke,
      font,
      grid: { show: false },
      ticks: { show: false },
      size: 22,
      gap: 2,
      space: 70,
      values: [
        [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
        [3600, '{HH}:{mm}', null, null, null, null, null, null, 1],
        [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
        [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
      ],
    },
    {
      stroke,
      font,
      grid,
      ticks: { show: false },
      size: AXIS,
      gap: 6,
      space: 34,
      ...(colour === 'memory' ? { incrs: BYTE_STEPS } : {}),
      values: (_, splits) => splits.map((value) => (value === 0 ? '0' : format(value))),
    },
  ];
}

/** @param current what the chart shows by the time it is drawn */
function optionsOf(props: ChartProps, width: number, current: () => ChartProps): uPlot.Options {
  const { format, least, colour, group } = props;
  const stroke = styleOf(`--${colour}`);
  const value = (_: uPlot, number: number | null): string => (number === null ? '–' : format(number));
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: true, live: true },
    cursor: { sync: { key: group }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => [current().from, current().to] },
      y: { range: (_, __, most) => [0, Math.max(least, (most ?? 0) * 1.1)] },
    },
    axes: axes(props),
    series: [
      { value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' },
      {
        label: '⌀',
        stroke,
        width: 1.5,
        fill: styleOf(`--${colour}-area`),
        value,
        spanGaps: false,
        points: { show: false },
      },
      { label: 'max', stroke: styleOf(`--${colour}-most`), width: 1, value, spanGaps: false, points: { show: false } },
    ],
  };
}

const dataOf = ({ times, mean, most }: Series): uPlot.AlignedData => [[...times], [...mean], [...most]];

/** What a person who does not see the chart is told. */
function summary({ series, format, label }: ChartProps): string {
  const known = series.mean.filter((value) => value !== null);
  const most = series.most.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return label;
  return `${label}: ${format(last)}, max ${format(most.reduce((a, b) => Math.max(a, b)))}`;
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(props);
  newest.current = props;
  const { from, to, series } = props;
  const look = appearance.value;
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const drawn = new uPlot(
      optionsOf(props, current.clientWidth, () => newest.current),
      dataOf(props.series),
      current,
    );
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: current.clientWidth, height: HEIGHT }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [look, props.colour, props.label]);
  useEffect(() => {
    plot.current?.setData(dataOf(series));
  }, [series, from, to]);
  return <div class={`chart chart-${props.colour}`} role="img" aria-label={summary(props)} ref={box} />;
}
