/** `--since`: a serial, a time ago, or a time. Pure; local time. */
import { fail, ok, type Result } from '../errors.ts';

export type Since =
  /** The records after this serial. */
  | { readonly kind: 'serial'; readonly serial: number }
  /** UNIX seconds, or negative: seconds before now. */
  | { readonly kind: 'time'; readonly seconds: number };

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const WANTED = 'want a serial, a time ago such as 30m, 2h or 3d, or a time such as 14:30 or 2026-11-22T14:30';

/** @param now for a time without a day */
export function parseSince(text: string, now: Date): Result<Since, string> {
  if (/^\d{1,15}$/.test(text)) return ok({ kind: 'serial', serial: Number(text) });
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  // 0 seconds ago is not 1970.
  if (count !== undefined) return ok({ kind: 'time', seconds: -Math.max(1, Number(count) * (UNITS[unit] ?? 1)) });
  const found = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|T)(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (found === null || text === '') return fail(`cannot read "${text}": ${WANTED}`);
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = found;
  const date = year === undefined ? new Date(now) : new Date(Number(year), Number(month) - 1, Number(day));
  date.setHours(Number(hour), Number(minute), Number(second), 0);
  return ok({ kind: 'time', seconds: Math.floor(date.getTime() / 1000) });
}
