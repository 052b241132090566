/** What superd itself uses: its two processes, and the event loop of the brain. */
import type { Machine } from '../metrics/meter.ts';
import type { Part } from '../metrics/scrape.ts';
import { bytes, type EpochMillis, epochMillis } from '../units.ts';
import { statOf } from './metrics-proc.ts';

const MICROSECONDS = 1e6;

/** @param keeper its pid; it is left out when it cannot be looked at */
export function ownParts(keeper: number, { ticks, page }: Machine): readonly Part[] {
  const { user, system } = process.cpuUsage();
  const brain: Part = {
    name: 'brain',
    rss: bytes(process.memoryUsage.rss()),
    cpuSeconds: (user + system) / MICROSECONDS,
  };
  const stat = statOf(keeper);
  if (stat === undefined) return [brain];
  return [brain, { name: 'keeper', rss: bytes(stat.pages * page), cpuSeconds: stat.own / ticks }];
}

/** Seconds that the event loop was not waiting. */
export const busySeconds = (): number => performance.eventLoopUtilization().active / 1000;

export const brainStart = (): EpochMillis => epochMillis(performance.timeOrigin);
