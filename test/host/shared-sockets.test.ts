import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FcgiSocket } from '../../src/config/model.ts';
import { SharedSockets } from '../../src/host/shared-sockets.ts';

const socket = (port: number): FcgiSocket => ({
  kind: 'tcp',
  host: '127.0.0.1',
  port,
  backlog: undefined,
  url: `tcp://127.0.0.1:${port}`,
});

/** Port 1 cannot be opened. */
function rig(): { readonly said: string[]; readonly sockets: SharedSockets } {
  const said: string[] = [];
  const holder = {
    listen: ({ url }: FcgiSocket) => said.push(`listen ${url}`),
    unlisten: (url: string) => said.push(`unlisten ${url}`),
    tryListen: async (wanted: FcgiSocket) => (wanted.kind === 'tcp' && wanted.port === 1 ? 'EACCES' : ''),
  };
  return { said, sockets: new SharedSockets(holder, { log: (level, text) => said.push(`${level} ${text}`) }) };
}

describe('SharedSockets', () => {
  test('acquire() opens for the first user, release() closes after the last', () => {
    const { said, sockets } = rig();
    sockets.acquire('a', socket(7));
    sockets.acquire('b', socket(7));
    sockets.acquire('b', socket(7));
    sockets.release('a');
    sockets.release('nobody');
    assert.deepEqual(said, ['info Creating socket tcp://127.0.0.1:7', 'listen tcp://127.0.0.1:7']);
    sockets.release('b');
    assert.deepEqual(said.slice(2), ['info Closing socket tcp://127.0.0.1:7', 'unlisten tcp://127.0.0.1:7']);
  });

  test('know() takes a user over without opening anything', () => {
    const { said, sockets } = rig();
    sockets.know('a', socket(7));
    sockets.acquire('b', socket(7));
    assert.deepEqual(said, []);
    sockets.closeAll();
    assert.deepEqual(said, ['info Closing socket tcp://127.0.0.1:7', 'unlisten tcp://127.0.0.1:7']);
  });

  test('check() tries, and says why not', async () => {
    const { said, sockets } = rig();
    assert.equal(await sockets.check(socket(8)), undefined);
    assert.equal(await sockets.check(socket(1)), 'Could not create FastCGI socket tcp://127.0.0.1:1: EACCES');
    assert.deepEqual(said, [
      'info Creating socket tcp://127.0.0.1:8',
      'info Closing socket tcp://127.0.0.1:8',
      'info Creating socket tcp://127.0.0.1:1',
    ]);
  });

  test('check() leaves a socket alone that is in use', async () => {
    const { said, sockets } = rig();
    sockets.acquire('a', socket(9));
    assert.equal(await sockets.check(socket(9)), undefined);
    assert.equal(said.length, 2);
  });
});
