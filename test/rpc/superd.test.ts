import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffGroups } from '../../src/config/plan.ts';
import { fail, ok } from '../../src/errors.ts';
import { dispatch } from '../../src/rpc/dispatch.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import { epochMillis, pid, seconds } from '../../src/units.ts';
import { aGroup, aProcess } from '../support/config.ts';
import { FakeControl, groupConfig, processConfig } from '../support/fake-control.ts';
import { fakeRpc } from '../support/fake-rpc.ts';

test('superd.plan tells groups and keys, in text', async () => {
  const control = new FakeControl([]);
  const { ports } = fakeRpc();
  const before = [aGroup('a'), aGroup('gone')];
  const after = [aGroup('a', [aProcess('a', { startsecs: seconds(7) })]), aGroup('new')];
  control.nextPlan = ok(diffGroups(before, after));
  assert.deepEqual(await dispatch({ ...ports, control }, 'superd.plan', []), {
    added: ['new'],
    changed: [{ group: 'a', changes: [{ process: 'a', key: 'startsecs', before: '1', after: '7' }] }],
    removed: ['gone'],
  });
});

test('superd.plan answers CANT_REREAD when the files are broken', async () => {
  const control = new FakeControl([]);
  control.nextPlan = fail('broken');
  const { ports } = fakeRpc();
  const fault = new RpcFault('CANT_REREAD', 'broken');
  await assert.rejects(() => dispatch({ ...ports, control }, 'superd.plan', []), fault);
});

test('superd.getLastExit tells how a process ended, and faults when none has', async () => {
  const control = new FakeControl([groupConfig('x', [processConfig('x')])]);
  const { ports } = fakeRpc();
  const ask = () => dispatch({ ...ports, control }, 'superd.getLastExit', ['x']);
  await assert.rejects(ask, new RpcFault('FAILED', 'x has not ended yet'));
  control.lastExit = {
    pid: pid(12),
    status: { kind: 'signal', signal: 'SIGKILL', coreDumped: false },
    startedAt: epochMillis(5000),
    stoppedAt: epochMillis(9999),
  };
  assert.deepEqual(await ask(), {
    pid: 12,
    kind: 'signal',
    code: 0,
    signal: 'SIGKILL',
    coredumped: false,
    started: 5,
    stopped: 9,
    restarts: 2,
  });
});
