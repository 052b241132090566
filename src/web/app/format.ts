/** Numbers and times for people, short, in the units that operators know. */

const UNITS = ['B', 'K', 'M', 'G', 'T'] as const;

/** `0`, `812 K`, `43.1 M`, `1.25 G`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${Math.round(value)} B`;
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** Percent of one core: `0`, `0.4`, `12`, `250`, with its sign. */
export const formatPercent = (value: number): string =>
  `${value < 0.05 ? '0' : value < 10 ? value.toFixed(1) : String(Math.round(value))}%`;

const two = (value: number): string => String(value).padStart(2, '0');

/** `8s`, `4m 12s`, `3h 05m`, `12d 4h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `14:03:09`. */
export function formatClock(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** `2026-11-22`. */
export function formatDay(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The time alone today, with its day otherwise. */
export const formatMoment = (time: number, now: number): string =>
  formatDay(time) === formatDay(now) ? formatClock(time) : `${formatDay(time)} ${formatClock(time)}`;
