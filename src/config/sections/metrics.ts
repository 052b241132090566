/** The keys of `[supervisord]` about samples of processor and memory use. */
import { fail, ok } from '../../errors.ts';
import { seconds } from '../../units.ts';
import { type Context, type Key, key, read } from '../key.ts';
import type { DaemonConfig } from '../model.ts';
import { boolean, byteSize, parseInteger, type Type } from '../values.ts';

const mode: Type<DaemonConfig['metrics']> = {
  label: '`auto`, `on` or `off`',
  zero: 'auto',
  parse: (value, source) => {
    const word = value.trim().toLowerCase();
    if (word === 'auto') return ok(word);
    const isOn = boolean.parse(word, source);
    return isOn.ok ? ok(isOn.value ? 'on' : 'off') : fail(`cannot read "${value}": want auto, on or off`);
  },
};

const LONGEST_SECONDS = 60;

const interval: Type<DaemonConfig['metricsInterval']> = {
  label: 'seconds, from 1 to 60',
  zero: seconds(5),
  parse: (value) => {
    const number = parseInteger(value);
    if (number.ok && number.value >= 1 && number.value <= LONGEST_SECONDS) return ok(seconds(number.value));
    return fail(`cannot read "${value}" as seconds from 1 to ${LONGEST_SECONDS}`);
  },
};

const own = { names: 'here', since: 'superd' } as const;

interface MetricsKeys {
  readonly metrics: Key<DaemonConfig['metrics']>;
  readonly metrics_interval: Key<DaemonConfig['metricsInterval']>;
  readonly metrics_maxbytes: Key<DaemonConfig['metricsMaxbytes']>;
}

export const METRICS_KEYS: MetricsKeys = {
  metrics: key('metrics', mode, {
    ...own,
    initial: 'auto',
    doc:
      'Whether the processor and memory use of programs is sampled. With `auto` nothing is sampled, and no timer runs, until ' +
      'somebody looks (`superctl top`, `/metrics`, the web page, the API); from then on it goes on until a day after the last look.',
  }),
  metrics_interval: key('metrics_interval', interval, { ...own, initial: '5', doc: 'The time between two samples.' }),
  metrics_maxbytes: key('metrics_maxbytes', byteSize, {
    ...own,
    initial: '64MB',
    doc:
      'How large the history of samples in `statedir` may become; `0` keeps none. A program needs about 50 KB for an hour of ' +
      'samples, a day of minutes and a week of ten minutes; with more programs the history reaches less far back.',
  }),
};

export const readMetrics = (
  context: Context,
): Pick<DaemonConfig, 'metrics' | 'metricsInterval' | 'metricsMaxbytes'> => ({
  metrics: read(context, METRICS_KEYS.metrics),
  metricsInterval: read(context, METRICS_KEYS.metrics_interval),
  metricsMaxbytes: read(context, METRICS_KEYS.metrics_maxbytes),
});
