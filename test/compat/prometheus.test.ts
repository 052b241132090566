import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { renderMetricsReference } from '../../src/metrics/reference.ts';
import { CHECKOUT, privateDirectory } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';

const HOW_TO = join(CHECKOUT, 'docs/how-to');
const RULES = join(HOW_TO, 'prometheus-superd.yml');
const DASHBOARD = readFileSync(join(HOW_TO, 'grafana-superd.json'), 'utf8');

/** Every text at a key, however deep. */
function textsAt(key: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === key && typeof member === 'string' ? [member] : textsAt(key, member),
  );
}

/** With what Grafana puts in the place of its variables. */
const queries = (): readonly string[] =>
  textsAt('expr', JSON.parse(DASHBOARD)).map((query) =>
    query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(instance|group)\b/g, '.*'),
  );

describe('what stands in docs/how-to for Prometheus', () => {
  test('names only what /metrics has', () => {
    const known = new Set([...renderMetricsReference().matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name));
    const named = [...`${readFileSync(RULES, 'utf8')}${queries().join('\n')}`.matchAll(/\bsuperd_\w+/g)].map(
      ([name]) => name,
    );
    assert.ok(named.length > 20);
    for (const name of named) assert.ok(known.has(name.replace(/_bucket$/, '')), name);
  });

  test('is what promtool accepts: the rules, and the queries of the dashboard', needs('promtool'), async (t) => {
    const rules = await execa('promtool', ['check', 'rules', RULES], { reject: false });
    assert.equal(rules.exitCode, 0, rules.stdout + rules.stderr);
    const records = queries().map((expr, index) => ({ record: `query:${index}`, expr }));
    const file = join(privateDirectory(t), 'dashboard.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: records }] }));
    const dashboard = await execa('promtool', ['check', 'rules', file], { reject: false });
    assert.equal(dashboard.exitCode, 0, dashboard.stdout + dashboard.stderr);
    assert.match(dashboard.stdout, new RegExp(`SUCCESS: ${records.length} rules found`));
  });
});
