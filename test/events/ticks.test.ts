import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  NO_TICKS,
  nextTick,
  stepTicks,
  TICK_PERIODS,
  type TickPeriod,
  type TickState,
} from '../../src/events/ticks.ts';
import { epochMillis } from '../../src/units.ts';

function ticksAt(state: TickState, seconds: number, wanted: readonly TickPeriod[] = TICK_PERIODS) {
  const [next, ticks] = stepTicks(state, epochMillis(seconds * 1000), wanted);
  return [next, ticks.map(({ period, when }) => `${period}@${when}`)] as const;
}

test('stepTicks() only remembers at the first look', () => {
  const [state, ticks] = ticksAt(NO_TICKS, 3601);
  assert.deepEqual(ticks, []);
  assert.deepEqual(ticksAt(state, 3604.9)[1], []);
  assert.deepEqual(ticksAt(state, 3605)[1], ['5@3605']);
});

test('stepTicks() sends 5, 60, 3600 in this order, with the start of the slice', () => {
  const [state] = ticksAt(NO_TICKS, 3599);
  assert.deepEqual(ticksAt(state, 3601.5)[1], ['5@3600', '60@3600', '3600@3600']);
});

test('stepTicks() gives one tick for skipped slices and for a clock set back', () => {
  const [state] = ticksAt(NO_TICKS, 1000);
  assert.deepEqual(ticksAt(state, 1052, [5])[1], ['5@1050']);
  assert.deepEqual(ticksAt(state, 903, [5])[1], ['5@900']);
});

test('stepTicks() forgets a period that nobody wants', () => {
  const [first] = ticksAt(NO_TICKS, 1000);
  const [second] = ticksAt(first, 1010, [60]);
  assert.deepEqual(ticksAt(second, 1020)[1], ['60@1020']);
});

test('nextTick() is the next start of a wanted slice', () => {
  assert.equal(nextTick(epochMillis(1_000), []), undefined);
  assert.equal(nextTick(epochMillis(1_000), [60]), 60_000);
  assert.equal(nextTick(epochMillis(60_000), [60, 5]), 65_000);
});
