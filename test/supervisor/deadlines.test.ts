import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../../src/supervisor/deadlines.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { millis } from '../../src/units.ts';

const SLOTS: readonly Slot[] = ['a', 'b', 'c', 'd', 'e'].map((process) => ({ group: 'g', process }));

test('take() gives every slot when its time has come, in order', () => {
  const moves = fc.array(
    fc.oneof(
      fc.record({ slot: fc.nat({ max: SLOTS.length - 1 }), at: fc.nat({ max: 50 }).map(millis) }),
      fc.record({ passed: fc.nat({ max: 20 }) }),
    ),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(moves, (all) => {
      const deadlines = new Deadlines();
      const wanted = new Map<Slot, number>();
      let now = 0;
      for (const move of all) {
        if ('passed' in move) now += move.passed;
        else {
          const slot = SLOTS[move.slot] ?? assert.fail();
          const at = millis(now + move.at);
          deadlines.add(slot, at);
          wanted.set(slot, Math.min(wanted.get(slot) ?? at, at));
        }
        const times: number[] = [];
        for (let slot = deadlines.take(millis(now)); slot !== undefined; slot = deadlines.take(millis(now))) {
          const at = wanted.get(slot);
          // One whose time has changed may come twice, or too early: whoever takes it looks, and it comes again.
          if (at === undefined || at > now) continue;
          times.push(at);
          wanted.delete(slot);
        }
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        for (const at of wanted.values()) assert.ok(at > now);
        assert.ok(wanted.size === 0 || (deadlines.first?.at ?? Infinity) <= Math.min(...wanted.values()));
      }
    }),
  );
});

test('clear() leaves nothing to wait for', () => {
  const deadlines = new Deadlines();
  deadlines.add(SLOTS[0] ?? assert.fail(), millis(1));
  deadlines.clear();
  assert.equal(deadlines.first, undefined);
  assert.equal(deadlines.take(millis(9)), undefined);
});
