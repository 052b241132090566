import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest } from '../../src/crashmail/digest.ts';

test('digest() is short, stable, and different for texts that differ a little', () => {
  assert.match(digest(''), /^[0-9a-f]{24}$/);
  assert.equal(digest('superd'), digest('superd'));
  const texts = Array.from({ length: 200_000 }, (_, n) => `boot 1 100\nsupervisor\n${n}\nexited\nweb\nweb\n${n % 7}`);
  assert.equal(new Set(texts.map(digest)).size, texts.length);
  // Each lane on its own spreads well enough for this many.
  const lanes = new Set(texts.slice(0, 2000).map((text) => digest(text).slice(0, 6)));
  assert.ok(lanes.size > 1990);
});
