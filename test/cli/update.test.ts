import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RpcFault } from '../../src/rpc/faults.ts';
import { play, row } from './fake-session.ts';

const reloadConfig = [[['new', 'bb'], ['chg'], ['old']]];

suite('reread', () => {
  test('lists the groups by name', async () => {
    const session = await play({ server: { reloadConfig } }, 'reread');
    assert.equal(session.stdout, 'bb: available\nchg: changed\nnew: available\nold: disappeared\n');
    const none = await play({ server: { reloadConfig: [[[], [], []]] } }, 'reread');
    assert.equal(none.stdout, 'No config updates to processes\n');
  });

  test('shows what is wrong with the file', async () => {
    const session = await play({ server: { reloadConfig: new RpcFault('CANT_REREAD', 'bad file') } }, 'reread');
    assert.deepEqual([session.stdout, session.exit], ['ERROR: CANT_REREAD: bad file\n', 1]);
    const closing = await play({ server: { reloadConfig: new RpcFault('SHUTDOWN_STATE') } }, 'reread');
    assert.deepEqual([closing.stdout, closing.exit], ['ERROR: supervisor shutting down\n', 1]);
  });
});

suite('update', () => {
  const server = { reloadConfig, stopProcessGroup: [], removeProcessGroup: true, addProcessGroup: true };

  test('removes, changes and adds, one group after the other', async () => {
    const session = await play({ server }, 'update');
    assert.deepEqual(session.calls, [
      'reloadConfig()',
      'stopProcessGroup(old)',
      'removeProcessGroup(old)',
      'stopProcessGroup(chg)',
      'removeProcessGroup(chg)',
      'addProcessGroup(chg)',
      'addProcessGroup(new)',
      'addProcessGroup(bb)',
    ]);
    assert.equal(
      session.stdout,
      'old: stopped\nold: removed process group\nchg: stopped\nchg: updated process group\nnew: added process group\nbb: added process group\n',
    );
    assert.equal(session.exit, 0);
  });

  test('touches only the groups that are named, and names those that do not exist', async () => {
    const getAllProcessInfo = [row('chg', 'chg', 'RUNNING'), row('old', 'old', 'RUNNING'), row('same', 'x', 'RUNNING')];
    const session = await play({ server: { ...server, getAllProcessInfo } }, 'update new nope same');
    assert.equal(session.stdout, 'ERROR: no such group: nope\nnew: added process group\n');
    assert.equal(session.exit, 1);
  });

  test('keeps a group that does not stop', async () => {
    const stopProcessGroup = [{ group: 'old', name: 'old', status: 30, description: 'FAILED: why' }];
    const session = await play(
      { server: { ...server, reloadConfig: [[[], [], ['old']]], stopProcessGroup } },
      'update',
    );
    assert.equal(session.stdout, 'old: stopped\nold: has problems; not removing\n');
    assert.equal(session.exit, 1);
  });

  test('fails in one line on a broken file', async () => {
    const session = await play({ server: { reloadConfig: new RpcFault('CANT_REREAD', 'bad file') } }, 'update');
    assert.deepEqual([session.stdout, session.exit], ['error: CANT_REREAD: bad file\n', 1]);
  });
});

suite('add and remove', () => {
  test('count all but "already active" as errors', async () => {
    const addProcessGroup = (name: unknown) => new RpcFault(name === 'on' ? 'ALREADY_ADDED' : 'BAD_NAME', String(name));
    const active = await play({ server: { addProcessGroup } }, 'add on');
    assert.deepEqual([active.stdout, active.exit], ['ERROR: process group already active\n', 0]);
    const nobody = await play({ server: { addProcessGroup } }, 'add x on');
    assert.deepEqual([nobody.stdout.split('\n')[0], nobody.exit], ['ERROR: no such process/group: x', 1]);
    const removeProcessGroup = new RpcFault('STILL_RUNNING', 'x');
    const busy = await play({ server: { removeProcessGroup } }, 'remove x');
    assert.deepEqual([busy.stdout, busy.exit], ['ERROR: process/group still running: x\n', 1]);
  });
});

suite('plan', () => {
  test('shows which keys change', async () => {
    const change = { process: 'chg', key: 'command', before: 'a', after: 'b' };
    const grown = { process: 'chg_2', key: 'process', before: '', after: 'added' };
    const answer = { added: ['new'], removed: ['old'], changed: [{ group: 'chg', changes: [change, grown] }] };
    const server = { 'superd.plan': answer };
    const session = await play({ server }, 'plan');
    assert.equal(
      session.stdout,
      `remove old\nchange chg (its processes restart)\n    chg: command: 'a' -> 'b'\n    chg_2: added\nadd new\n`,
    );
    assert.deepEqual(JSON.parse((await play({ server }, 'plan --json')).stdout), answer);
  });

  test('falls back to the lists of reread', async () => {
    const server = { 'superd.plan': new RpcFault('UNKNOWN_METHOD'), reloadConfig };
    const session = await play({ server }, 'plan');
    assert.equal(session.stdout, 'remove old\nchange chg (its processes restart)\nadd new\nadd bb\n');
    assert.match(session.stderr, /^note: this server cannot tell/);
  });
});
