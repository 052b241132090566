/**
 * Which TICK events are due, as a pure function of the wall clock. Nobody is woken for a tick that nobody wants.
 * Knows nothing of timers.
 */
import { type EpochMillis, epochMillis } from '../units.ts';
import type { SupervisorEvent } from './event.ts';

export type TickPeriod = 5 | 60 | 3600;
type Tick = Extract<SupervisorEvent, { kind: 'tick' }>;

/** In the order in which ticks of one moment are sent. */
export const TICK_PERIODS: readonly TickPeriod[] = [5, 60, 3600];

/** The slice of time in which each wanted period was last looked at. */
export type TickState = ReadonlyMap<TickPeriod, number>;
export const NO_TICKS: TickState = new Map();

const sliceOf = (now: EpochMillis, period: TickPeriod): number => Math.floor(now / 1000 / period);

/**
 * The ticks that are due. The first look at a period only remembers its slice; skipped slices give one tick, and a
 * clock that was set back gives one too.
 * @source spec api 3.2
 */
export function stepTicks(
  state: TickState,
  now: EpochMillis,
  wanted: readonly TickPeriod[],
): readonly [TickState, readonly Tick[]] {
  const next = new Map<TickPeriod, number>();
  const ticks: Tick[] = [];
  for (const period of TICK_PERIODS.filter((candidate) => wanted.includes(candidate))) {
    const slice = sliceOf(now, period);
    const last = state.get(period);
    if (last !== undefined && last !== slice) ticks.push({ kind: 'tick', period, when: slice * period });
    next.set(period, slice);
  }
  return [next, ticks];
}

/** When the next wanted tick is due; undefined when nobody wants one. */
export function nextTick(now: EpochMillis, wanted: readonly TickPeriod[]): EpochMillis | undefined {
  if (wanted.length === 0) return undefined;
  return epochMillis(Math.min(...wanted.map((period) => (sliceOf(now, period) + 1) * period * 1000)));
}
