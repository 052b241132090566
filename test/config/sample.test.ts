import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatProblem } from '../../src/config/problems.ts';
import { sampleConfig } from '../../src/config/sample.ts';
import { ownKeys, SECTION_KINDS } from '../../src/config/schema.ts';
import { good } from './fake-source.ts';

const DIRECTORIES = ['/etc/conf.d'];
const FILES = { '/etc/conf.d/empty.conf': '' };
const machine = { directories: DIRECTORIES, files: FILES };

/** Every setting live, prose still in comments. */
const uncommented = (): string => sampleConfig().replaceAll(/^;(?=\[|[a-z_.]+=)/gm, '');

describe('sampleConfig()', () => {
  test('loads as it is, with a server, its API and no program', () => {
    const config = good(sampleConfig(), machine);
    assert.deepEqual(config.warnings.map(formatProblem), []);
    assert.deepEqual(
      config.servers.map(({ section }) => section),
      ['unix_http_server'],
    );
    assert.equal(config.rpcinterfaces.length, 1);
    assert.deepEqual(config.groups, []);
  });

  test('loads with every comment removed', () => {
    const config = good(uncommented(), machine);
    assert.deepEqual(config.warnings.map(formatProblem), []);
    assert.deepEqual(config.groups.map(({ name }) => name).sort(), ['apps', 'fcgi', 'listener']);
    assert.equal(config.servers.length, 2);
  });

  test('shows every key of every section', () => {
    const lines = sampleConfig().split('\n');
    for (const kind of SECTION_KINDS) {
      if (kind.kind === 'ctlplugin' || kind.keys.length === 0) continue;
      const start = lines.findIndex((line) => line.replace(/^;/, '').startsWith(`[${kind.kind}`));
      assert.ok(start >= 0, kind.kind);
      const rest = lines.slice(start + 1);
      const end = rest.indexOf('');
      for (const { name } of ownKeys(kind)) {
        const isShown = rest.slice(0, end).some((line) => line.replace(/^;/, '').startsWith(`${name}=`));
        assert.ok(isShown, `${kind.kind}.${name}`);
      }
    }
  });

  test('has no line that is too long to read', () => {
    assert.deepEqual(
      sampleConfig()
        .split('\n')
        .filter((line) => line.length > 120),
      [],
    );
  });
});
