/** Every configuration file that superd ships can be loaded, and nothing in it deserves so much as a warning. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { createConfigSource } from '../../src/host/config-source.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const files = globSync(['conf.d/**/*.conf', 'etc/*.conf'], { cwd: CHECKOUT }).sort();

test('the examples are found', () => {
  assert.ok(files.includes('conf.d/superd.conf'));
  assert.ok(files.includes('etc/supervisord.conf'));
});

for (const file of files) {
  test(`loadConfig() loads ${file} without a warning`, () => {
    const loaded = loadConfig(createConfigSource(), { file: join(CHECKOUT, file), overrides: new Map() });
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.error.problems.map(formatProblem).join('\n'));
    assert.deepEqual(loaded.value.warnings.map(formatProblem), []);
    assert.ok(loaded.value.groups.length > 0);
  });
}
