import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FcgiSocket } from '../../src/config/model.ts';
import { fail, ok } from '../../src/errors.ts';
import { SharedSockets } from '../../src/host/shared-sockets.ts';

const socket = (port: number): FcgiSocket => ({
  kind: 'tcp',
  host: '127.0.0.1',
  port,
  backlog: undefined,
  url: `tcp://127.0.0.1:${port}`,
});

/** Port 1 cannot be opened; a descriptor is its port. */
function rig(): { readonly said: string[]; readonly sockets: SharedSockets } {
  const said: string[] = [];
  const open = (wanted: FcgiSocket) => {
    if (wanted.kind !== 'tcp' || wanted.port === 1) return fail('EACCES');
    return ok({ fd: wanted.port, close: () => said.push(`closed ${wanted.port}`) });
  };
  return { said, sockets: new SharedSockets(open, { log: (level, text) => said.push(`${level} ${text}`) }) };
}

describe('SharedSockets', () => {
  test('acquire() opens for the first user, release() closes after the last', () => {
    const { said, sockets } = rig();
    assert.ok(sockets.acquire('a', socket(7)).ok);
    assert.ok(sockets.acquire('b', socket(7)).ok);
    assert.ok(sockets.acquire('b', socket(7)).ok);
    assert.equal(sockets.descriptorOf(socket(7)), 7);
    sockets.release('a');
    sockets.release('nobody');
    assert.deepEqual(said, ['info Creating socket tcp://127.0.0.1:7']);
    sockets.release('b');
    assert.deepEqual(said.slice(1), ['info Closing socket tcp://127.0.0.1:7', 'closed 7']);
    assert.throws(() => sockets.descriptorOf(socket(7)), /cannot use tcp:\/\/127\.0\.0\.1:7: EBADF/);
  });

  test('check() opens and closes, or says why not', () => {
    const { said, sockets } = rig();
    assert.equal(sockets.check(socket(8)), undefined);
    assert.equal(sockets.check(socket(1)), 'Could not create FastCGI socket tcp://127.0.0.1:1: EACCES');
    assert.deepEqual(said, [
      'info Creating socket tcp://127.0.0.1:8',
      'info Closing socket tcp://127.0.0.1:8',
      'closed 8',
      'info Creating socket tcp://127.0.0.1:1',
    ]);
  });

  test('check() leaves a socket alone that is in use', () => {
    const { said, sockets } = rig();
    sockets.acquire('a', socket(9));
    assert.equal(sockets.check(socket(9)), undefined);
    assert.equal(sockets.descriptorOf(socket(9)), 9);
    sockets.closeAll();
    assert.deepEqual(said.slice(1), ['info Closing socket tcp://127.0.0.1:9', 'closed 9']);
  });
});
