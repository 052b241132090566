import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answer } from '../../src/rpc/dispatch.ts';
import { METHODS, PUBLISHED, publish } from '../../src/rpc/methods.ts';
import { decodeResponse, encodeCall, type XmlValue } from '../../src/rpc/xml.ts';
import { fakeRpc } from '../support/fake-rpc.ts';

const namespacesOf = (names: Iterable<string>): readonly string[] =>
  [...new Set([...names].map((name) => name.slice(0, name.indexOf('.'))))].sort();

async function call(namespaces: readonly string[], method: string, ...params: readonly XmlValue[]): Promise<unknown> {
  const body = await answer({ ...fakeRpc().ports, published: publish(namespaces) }, encodeCall(method, params));
  const decoded = decodeResponse(body ?? assert.fail('no answer'));
  return decoded.ok ? decoded.value : `${decoded.error.code} ${decoded.error.text}`;
}

describe('publish()', () => {
  test('gives every method its usual name', () => {
    assert.deepEqual(namespacesOf(PUBLISHED.keys()), ['superd', 'supervisor', 'system']);
    for (const { name, aliases } of METHODS)
      for (const each of [name, ...aliases]) assert.ok(PUBLISHED.has(each), each);
  });

  test('leaves only system without an rpcinterface', async () => {
    assert.deepEqual(namespacesOf(publish([]).keys()), ['system']);
    assert.equal(await call([], 'supervisor.getState'), '1 UNKNOWN_METHOD');
    assert.equal(await call([], 'superd.plan'), '1 UNKNOWN_METHOD');
    assert.equal(await call([], 'system.methodHelp', 'supervisor.getState'), '4 SIGNATURE_UNSUPPORTED');
    assert.deepEqual(await call([], 'system.listMethods'), [
      'system.listMethods',
      'system.methodHelp',
      'system.methodSignature',
      'system.multicall',
    ]);
    assert.deepEqual(await call([], 'system.multicall', [{ methodName: 'supervisor.getState', params: [] }]), [
      { faultCode: 1, faultString: 'UNKNOWN_METHOD' },
    ]);
  });

  test('puts the API under the name of its section', async () => {
    assert.deepEqual(await call(['foo'], 'foo.getState'), { statecode: 1, statename: 'RUNNING' });
    assert.equal(await call(['foo'], 'supervisor.getState'), '1 UNKNOWN_METHOD');
    assert.deepEqual(await call(['foo', 'supervisor'], 'supervisor.getState'), { statecode: 1, statename: 'RUNNING' });
  });
});
