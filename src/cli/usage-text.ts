/** Use as people read it: percent, sizes, sparklines. Pure. */

export const percent = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)}%`);

const UNITS = ['K', 'M', 'G', 'T'] as const;

/** `512K`, `1.2M`, `345.6M`, `1.2G`. */
export function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${Math.round(value)}K` : `${value.toFixed(1)}${UNITS[unit] ?? ''}`;
}

const BARS = '▁▂▃▄▅▆▇█';

/** One character for each value, from 0 to `top`; a blank where nothing is known. */
export const sparkline = (values: readonly (number | undefined)[], top: number): string =>
  values
    .map((value) => {
      if (value === undefined) return ' ';
      const level = top > 0 ? Math.round((value / top) * (BARS.length - 1)) : 0;
      return BARS[Math.min(BARS.length - 1, Math.max(0, level))] ?? ' ';
    })
    .join('');

type Known = readonly (number | undefined)[];
const knownOf = (values: Known): readonly number[] => values.filter((value) => value !== undefined);

export function meanOf(values: Known): number | undefined {
  const known = knownOf(values);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

export function maxOf(values: Known): number | undefined {
  const known = knownOf(values);
  return known.length === 0 ? undefined : known.reduce((most, value) => Math.max(most, value), 0);
}
