/** Hours of the local time in which people want to sleep. Pure, but for the time zone. */
import type { QuietHours } from '../config/model.ts';

const MINUTE = 60_000;

const minuteOf = (at: number): number => {
  const date = new Date(at);
  return date.getHours() * 60 + date.getMinutes();
};

function isQuiet({ from, until }: QuietHours, at: number): boolean {
  const minute = minuteOf(at);
  return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
}

/** `at` itself, or the end of the quiet hours that it lies in. */
export function endOfQuiet(hours: QuietHours, at: number): number {
  if (!isQuiet(hours, at)) return at;
  const end = new Date(at);
  end.setHours(Math.floor(hours.until / 60), hours.until % 60, 0, 0);
  if (end.getTime() <= at) end.setDate(end.getDate() + 1);
  // Where the clocks are put forward over the end, the first minute that is not quiet counts.
  return Math.max(end.getTime(), at + MINUTE);
}
