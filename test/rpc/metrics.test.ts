import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch } from '../../src/rpc/dispatch.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import type { XmlValue } from '../../src/rpc/xml.ts';
import { bytes, epochMillis } from '../../src/units.ts';
import { fakeRpc } from '../support/fake-rpc.ts';

const AT = epochMillis(1_795_340_000_500);

test('superd.getUsage tells what runs and was sampled, by name', async () => {
  const { ports, metrics } = fakeRpc();
  metrics.usages.set('web:b', { cpu: 12.5, rss: bytes(2 ** 33), processes: 3, at: AT });
  metrics.usages.set('solo:solo', { cpu: 0, rss: bytes(4096), processes: 1, at: AT });
  assert.deepEqual(await dispatch(ports, 'superd.getUsage', []), [
    { name: 'solo', cpu: 0, rss: 4096, processes: 1, at: 1_795_340_000 },
    { name: 'web:b', cpu: 12.5, rss: 2 ** 33, processes: 3, at: 1_795_340_000 },
  ]);
  assert.equal(metrics.looks, 1);
});

test('superd.getUsageHistory tells -1 for what is not known, and has limits', async () => {
  const { ports, metrics } = fakeRpc();
  metrics.history = { start: AT, step: 60, cpu: [1, null], cpuMax: [2, null], rss: [3, null], rssMax: [4, null] };
  const ask = (...params: readonly XmlValue[]): Promise<XmlValue> => dispatch(ports, 'superd.getUsageHistory', params);
  assert.deepEqual(await ask('web:a'), {
    start: 1_795_340_000,
    step: 60,
    cpu: [1, -1],
    cpumax: [2, -1],
    rss: [3, -1],
    rssmax: [4, -1],
  });
  await ask('web:a', 604_800, 2000);
  assert.deepEqual(metrics.asked, [
    { seconds: 3600, points: 120 },
    { seconds: 604_800, points: 2000 },
  ]);
  assert.equal(metrics.looks, 2);
  for (const wrong of [
    ['nobody'],
    ['web:*'],
    ['web:a', 0],
    ['web:a', 604_801],
    ['web:a', 60, 0],
    ['web:a', 60, 2001],
    ['web:a', 'x'],
  ]) {
    await assert.rejects(ask(...wrong), RpcFault, JSON.stringify(wrong));
  }
  assert.equal(metrics.asked.length, 2);
});

test('both say why when nothing is sampled', async () => {
  const { ports, metrics } = fakeRpc();
  metrics.problem = 'metrics=off';
  await assert.rejects(dispatch(ports, 'superd.getUsage', []), /FAILED: metrics=off/);
  await assert.rejects(dispatch(ports, 'superd.getUsageHistory', ['web:a']), /FAILED: metrics=off/);
  assert.equal(metrics.looks, 0);
});
