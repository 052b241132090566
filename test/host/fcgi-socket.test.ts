import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import type { FcgiSocket } from '../../src/config/model.ts';
import { FcgiSocketHolder, type HeldSocket } from '../../src/host/fcgi-socket.ts';
import { freePort } from '../support/ports.ts';

const dir = mkdtempSync(join(tmpdir(), 'superd-fcgi-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const ACCEPT_ONE = `
import os, socket
s = socket.socket(fileno=0)
os.write(1, b'%d' % s.getblocking())
c = s.accept()[0]
c.sendall(b'hello')
c.close()
`;

const unix = (name: string, rest: Partial<Extract<FcgiSocket, { kind: 'unix' }>> = {}): FcgiSocket => {
  const path = join(dir, name);
  return { kind: 'unix', path, owner: undefined, mode: 0o700, backlog: undefined, url: `unix://${path}`, ...rest };
};

const tcp = (port: number, host = '127.0.0.1'): FcgiSocket => ({
  kind: 'tcp',
  host,
  port,
  backlog: 16,
  url: `tcp://${host}:${port}`,
});

function opened(holder: FcgiSocketHolder, socket: FcgiSocket): HeldSocket {
  const held = holder.open(socket);
  return held.ok ? held.value : assert.fail(held.error);
}

describe('FcgiSocketHolder', () => {
  for (const kind of ['unix', 'tcp'] as const) {
    test(`open() holds a ${kind} socket that listens and never accepts, until a child does`, async () => {
      await using holder = new FcgiSocketHolder();
      const socket = kind === 'unix' ? unix('one.sock') : tcp(await freePort(), 'localhost');
      const where = socket.kind === 'unix' ? { path: socket.path } : { host: '127.0.0.1', port: socket.port };
      const held = opened(holder, socket);
      assert.match(readlinkSync(`/proc/self/fd/${held.fd}`), /^socket:/);
      const client = connect(where);
      const said = text(client);
      await new Promise((resolve) => client.once('connect', resolve));
      // The child is up long after superd would have accepted.
      const child = spawn('python3', ['-c', ACCEPT_ONE], { stdio: [held.fd, 'pipe', 'inherit'] });
      assert.ok(child.stdout !== null);
      assert.equal(await text(child.stdout), '1', 'the descriptor does not block');
      assert.equal(await said, 'hello');
      held.close();
      if (socket.kind === 'unix') assert.equal(existsSync(socket.path), false);
      await assert.rejects(
        new Promise((resolve, reject) => connect(where).once('connect', resolve).once('error', reject)),
        /ECONNREFUSED|ENOENT/,
      );
    });
  }

  test('open() replaces what is at the path, and gives the new socket its mode', async () => {
    await using holder = new FcgiSocketHolder();
    const socket = unix('two.sock', { mode: 0o640 });
    writeFileSync(join(dir, 'two.sock'), 'old');
    chmodSync(join(dir, 'two.sock'), 0o777);
    const held = opened(holder, socket);
    const stats = lstatSync(join(dir, 'two.sock'));
    assert.ok(stats.isSocket());
    assert.equal(stats.mode & 0o777, 0o640);
    held.close();
  });

  test('open() holds several sockets in one thread; closing one leaves the others', async () => {
    await using holder = new FcgiSocketHolder();
    const held = ['a', 'b', 'c'].map((name) => opened(holder, unix(name)));
    assert.equal(new Set(held.map(({ fd }) => fd)).size, 3);
    held[0]?.close();
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => existsSync(join(dir, name))),
      [false, true, true],
    );
    for (const socket of held.slice(1)) socket.close();
  });

  test('open() tells the errno, and works afterwards', async () => {
    await using holder = new FcgiSocketHolder();
    const port = await freePort();
    const first = opened(holder, tcp(port));
    assert.deepEqual(holder.open(tcp(port)), { ok: false, error: 'EADDRINUSE' });
    assert.deepEqual(holder.open(unix('no/such/dir.sock')), { ok: false, error: 'ENOENT' });
    assert.deepEqual(holder.open(unix('x'.repeat(200))), { ok: false, error: 'EINVAL' });
    assert.deepEqual(holder.open(tcp(port, 'no-such-host.invalid')), { ok: false, error: 'EAI_NONAME' });
    first.close();
    opened(holder, tcp(port)).close();
  });
});
