import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { METHODS, PUBLISHED, publish } from '../../src/rpc/methods.ts';
import { namesOf, openApi } from '../../src/web/api/openapi.ts';
import { RESOURCES } from '../../src/web/api/resources.ts';

test('openApi() is a document that the specification accepts, whatever the namespaces', async () => {
  for (const published of [PUBLISHED, publish([]), publish(['supervisor', 'other'])]) {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone({ ...openApi(published) }));
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.1');
  }
});

test('openApi() has every method once, and what else there is', () => {
  const { paths } = openApi(PUBLISHED);
  assert.ok(typeof paths === 'object' && paths !== null);
  const expected = [...RESOURCES.map(({ path }) => path || '/'), ...METHODS.map(({ name }) => `/${name}`)];
  assert.deepEqual(Object.keys(paths).toSorted(), expected.toSorted());
});

test('namesOf() leaves out aliases, in every namespace', () => {
  const names = namesOf(publish(['other'])).map(([name]) => name);
  assert.ok(names.includes('other.getAPIVersion'));
  assert.ok(!names.includes('other.getVersion'));
});
