import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail } from '../../src/errors.ts';
import type { Entry } from '../../src/journal/record.ts';
import { dispatch } from '../../src/rpc/dispatch.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import { isList, isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { pid } from '../../src/units.ts';
import { type FakeRpc, fakeRpc } from '../support/fake-rpc.ts';

const moved = (process: string, to: 'STARTING' | 'RUNNING'): Entry => ({
  kind: 'process-state',
  group: 'web',
  process,
  from: 'STOPPED',
  to,
});

const serialsOf = (records: XmlValue): readonly unknown[] =>
  isList(records) ? records.map((record) => (isStruct(record) ? record['serial'] : undefined)) : assert.fail();

function aJournal(): FakeRpc {
  const fake = fakeRpc();
  for (const [process, to] of [
    ['a', 'STARTING'],
    ['b', 'STARTING'],
    ['a', 'RUNNING'],
  ] as const) {
    fake.journal.append(moved(process, to));
  }
  fake.journal.append({ kind: 'bug', text: 'x' });
  return fake;
}

test('superd.history tells the newest records, or those asked for', async () => {
  const { ports } = aJournal();
  const ask = async (options: XmlValue = {}): Promise<readonly unknown[]> =>
    serialsOf(await dispatch(ports, 'superd.history', [options]));
  assert.deepEqual(await ask(), [1, 2, 3, 4]);
  assert.deepEqual(await ask({ limit: 2 }), [3, 4]);
  assert.deepEqual(await ask({ after: 1, limit: 2 }), [2, 3]);
  assert.deepEqual(await ask({ name: 'web' }), [1, 2, 3]);
  assert.deepEqual(await ask({ name: 'web:a' }), [1, 3]);
  assert.deepEqual(await ask({ name: 'other' }), []);
  assert.deepEqual(await ask({ kinds: ['bug'] }), [4]);
  assert.deepEqual(await ask({ since: 2_000_000_000 }), []);
  assert.deepEqual(await ask({ since: -3600 }), [1, 2, 3, 4]);
  const [record] = Object([await dispatch(ports, 'superd.history', [{ limit: 1 }])].flat());
  assert.deepEqual(record, {
    serial: 4,
    time: 1_795_340_000,
    kind: 'bug',
    group: '',
    process: '',
    text: 'bug: x',
    json: '{"serial":4,"at":1795340000000,"kind":"bug","text":"x"}',
  });
});

test('superd.history refuses what it does not understand', async () => {
  const { ports } = aJournal();
  const refused = (options: XmlValue, fault: RpcFault): Promise<void> =>
    assert.rejects(() => dispatch(ports, 'superd.history', [options]), fault);
  await refused('web', new RpcFault('INCORRECT_PARAMETERS'));
  await refused({ name: 5 }, new RpcFault('INCORRECT_PARAMETERS'));
  await refused({ after: 'x' }, new RpcFault('BAD_ARGUMENTS'));
  await refused(
    { nmae: 'x' },
    new RpcFault('BAD_ARGUMENTS', 'no option nmae; there are name, since, after, kinds, limit'),
  );
});

test('superd.historyAfter waits for a record that concerns the name', async () => {
  const { ports, journal } = aJournal();
  const waiting = dispatch(ports, 'superd.historyAfter', [4, 60, 'web']);
  journal.append(moved('b', 'RUNNING'));
  const page = await waiting;
  assert.ok(isStruct(page));
  assert.deepEqual([serialsOf(page['records'] ?? null), page['last']], [[5], 5]);
  assert.deepEqual(await dispatch(ports, 'superd.historyAfter', [5]), { records: [], last: 5 });
});

test('a journal that cannot be used is told as such', async () => {
  const { ports, journal } = fakeRpc();
  journal.problem = 'cannot use it';
  for (const [method, params] of [
    ['superd.history', []],
    ['superd.historyAfter', [0]],
    ['superd.why', ['web:a']],
  ] as const) {
    await assert.rejects(() => dispatch(ports, method, params), new RpcFault('FAILED', 'cannot use it'));
  }
});

test('superd.why explains one process', async () => {
  const { ports, control } = aJournal();
  control.set('web:a', { state: 'RUNNING', pid: pid(9) });
  const text = await dispatch(ports, 'superd.why', ['web:a']);
  assert.match(
    typeof text === 'string' ? text : '',
    /^web:a is RUNNING with pid 9 since \S+ ?\S*, for .*\.\nIt was started at /,
  );
  await assert.rejects(() => dispatch(ports, 'superd.why', ['web']), new RpcFault('BAD_NAME', 'web'));
});

test('dispatch() records what may change something before it is done, and nothing else', async () => {
  const { ports, journal, control } = fakeRpc();
  control.set('web:a', { state: 'RUNNING', pid: pid(9) });
  const caller = { kind: 'server', section: 'inet_http_server', user: 'bob', address: '10.0.0.1' } as const;
  const call = (name: string, ...params: readonly XmlValue[]): Promise<XmlValue> =>
    dispatch({ ...ports, caller }, name, params);
  await call('supervisor.getProcessInfo', 'web:a');
  await call('supervisor.sendProcessStdin', 'web:a', 'hunter2');
  await call('supervisor.sendRemoteCommEvent', 'kind', 'hunter2');
  await call('system.multicall', [
    { methodName: 'supervisor.signalProcess', params: ['web:a', 'USR1'] },
    { methodName: 'supervisor.getState', params: [] },
  ]);
  await call('supervisor.addProcessGroup', 'x'.repeat(500));
  await call('supervisor.stopProcess', 'nobody').catch(() => undefined);
  await call('supervisor.stopProcess').catch(() => undefined);
  control.mood = 'SHUTDOWN';
  await call('supervisor.stopProcess', 'web:a').catch(() => undefined);
  const told = journal.records.map((record) => {
    assert.ok(record.kind === 'operator');
    assert.deepEqual(record.by, caller);
    return [record.action, record.target?.length, ...record.args.map(({ value }) => value.slice(0, 10))];
  });
  assert.deepEqual(told, [
    ['supervisor.sendProcessStdin', 5, 'web:a', '***'],
    ['supervisor.sendRemoteCommEvent', undefined, 'kind', '***'],
    ['supervisor.signalProcess', 5, 'web:a', 'USR1'],
    ['supervisor.addProcessGroup', 500, 'xxxxxxxxxx'],
    ['supervisor.stopProcess', 6, 'nobody', 'True'],
  ]);
  assert.ok(!JSON.stringify(journal.records).includes('hunter2'));
});

test('superd.disable keeps a process down: its start is refused, a batch passes it over', async () => {
  const { ports, control } = fakeRpc();
  assert.equal(await dispatch(ports, 'superd.disable', ['web:a']), true);
  assert.deepEqual(await dispatch(ports, 'superd.getDisabled', []), ['web:a']);
  const fault = new RpcFault('SPAWN_ERROR', 'web:a is disabled: superctl enable web:a');
  await assert.rejects(() => dispatch(ports, 'supervisor.startProcess', ['web:a']), fault);
  await dispatch(ports, 'supervisor.startAllProcesses', [false]);
  assert.deepEqual(control.calls, ['disable web:a', 'start solo:solo', 'start web:b']);
  assert.equal(await dispatch(ports, 'superd.enable', ['web:*']), true);
  assert.deepEqual(await dispatch(ports, 'superd.getDisabled', []), []);
  control.disableResult = fail('cannot write it');
  await assert.rejects(() => dispatch(ports, 'superd.disable', ['web:*']), new RpcFault('FAILED', 'cannot write it'));
  await assert.rejects(() => dispatch(ports, 'superd.disable', ['nobody']), new RpcFault('BAD_NAME', 'nobody'));
});
