import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch } from '../../src/rpc/dispatch.ts';
import { FAULTS, RpcFault } from '../../src/rpc/faults.ts';
import { METHODS, PUBLISHED } from '../../src/rpc/methods.ts';
import { mayCall, ROLES, type Role } from '../../src/rpc/roles.ts';
import type { XmlValue } from '../../src/rpc/xml.ts';
import { type FakeRpc, fakeRpc } from '../support/fake-rpc.ts';

/** What a user of a role gets: 'answer', or the name of the fault. */
async function outcome({ ports }: FakeRpc, role: Role, name: string, params: readonly XmlValue[]): Promise<string> {
  try {
    await dispatch({ ...ports, role }, name, params);
    return 'answer';
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    return error.fault;
  }
}

test('mayCall() lets a role do what the ones below it may', () => {
  const allowed = ROLES.map((role) => ROLES.map((access) => mayCall(role, access)));
  assert.deepEqual(allowed, [
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

test('dispatch() refuses every method above the role, whatever its arguments, and keeps nothing of it', async () => {
  for (const role of ROLES) {
    const fake = fakeRpc();
    for (const [name, { access }] of PUBLISHED) {
      if (mayCall(role, access)) continue;
      // As many arguments as no method takes: the role counts before they do.
      assert.equal(await outcome(fake, role, name, Array(20).fill('x')), 'FORBIDDEN', `${role} ${name}`);
      assert.equal(await outcome(fake, role, name, []), 'FORBIDDEN', `${role} ${name}`);
    }
    assert.deepEqual(fake.control.calls, []);
    assert.deepEqual(fake.journal.records, []);
  }
});

test('dispatch() lets each role call what is its own', async () => {
  for (const { name, access } of METHODS) {
    const got = await outcome(fakeRpc(), access, name, Array(20).fill('x'));
    assert.equal(got, 'INCORRECT_PARAMETERS', name);
  }
});

test('system.multicall does not lend its role to the calls in it', async () => {
  const fake = fakeRpc();
  const calls = [
    { methodName: 'supervisor.stopProcess', params: ['solo'] },
    { methodName: 'supervisor.getAPIVersion', params: [] },
    { methodName: 'supervisor.shutdown', params: [] },
  ];
  const results = await dispatch({ ...fake.ports, role: 'viewer' }, 'system.multicall', [calls]);
  assert.ok(Array.isArray(results));
  const [stop, version, shutdown] = results;
  for (const refused of [stop, shutdown]) assert.equal(refused?.faultCode, FAULTS.FORBIDDEN);
  assert.equal(version, '3.0');
  assert.match(stop.faultString, /^FORBIDDEN: supervisor\.stopProcess is for the role operator, this user is viewer$/);
  assert.deepEqual(fake.control.calls, []);
});
