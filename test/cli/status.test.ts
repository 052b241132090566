import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RpcFault } from '../../src/rpc/faults.ts';
import { play, row } from './fake-session.ts';

const LONG = 'a-name-that-is-longer-than-thirty-characters';

suite('status', () => {
  const getAllProcessInfo = [
    row('cat', 'cat', 'RUNNING'),
    row('g', 'a', 'STARTING', { description: '' }),
    row('g', 'b', 'EXITED'),
  ];

  test('pads names to thirty, states to ten', async () => {
    const session = await play({ server: { getAllProcessInfo } }, 'status g:a cat');
    assert.equal(
      session.stdout,
      'g:a                              STARTING  \ncat                              RUNNING   is RUNNING\n',
    );
    assert.equal(session.exit, 0);
  });

  test('pads to the longest name beyond thirty', async () => {
    const session = await play({ server: { getAllProcessInfo: [row(LONG, LONG, 'RUNNING')] } }, 'status');
    assert.equal(session.stdout, `${LONG}   RUNNING   is RUNNING\n`);
  });

  test('exits with 3 for what is down, else with 4 for what is unknown', async () => {
    const codes = {
      status: 3,
      'status cat': 0,
      'status cat nope': 4,
      'status g:* nope': 3,
      'status x:*': 4,
      'status g': 3,
    };
    for (const [line, exit] of Object.entries(codes)) {
      assert.equal((await play({ server: { getAllProcessInfo } }, line)).exit, exit, line);
    }
  });

  test('names the unknown before the table', async () => {
    const session = await play({ server: { getAllProcessInfo } }, 'status cat nope x:*');
    assert.match(session.stdout, /^nope: ERROR \(no such process\)\nx: ERROR \(no such group\)\ncat /);
  });

  test('prints for machines', async () => {
    const session = await play(
      { server: { getAllProcessInfo, 'superd.getDisabled': ['cat'] } },
      'status --json cat nope',
    );
    const printed: unknown = JSON.parse(session.stdout);
    assert.deepEqual(printed, {
      processes: [{ namespec: 'cat', ...Object(row('cat', 'cat', 'RUNNING')), disabled: true }],
      unknown: ['nope'],
    });
  });

  test('adds the use of the process tree, of a server elsewhere only if it can tell', async () => {
    const usages = new Map([[42, { cpuPercent: 12.34, rssBytes: 3 * 2 ** 20, processes: 2 }]]);
    const session = await play(
      { server: { getAllProcessInfo, 'superd.getDisabled': ['cat'] }, usages },
      'status --verbose',
    );
    assert.match(
      session.stdout,
      /^cat +RUNNING {6}12\.3% {5}3\.0M {2}is RUNNING \(disabled\)\ng:a +STARTING +- +- {2}\n/,
    );
    const unknown = new RpcFault('UNKNOWN_METHOD');
    const other = { getAllProcessInfo, 'superd.getDisabled': unknown, 'superd.getUsage': unknown };
    const far = await play({ server: other, usages, isLocal: false }, 'status --verbose cat');
    assert.match(far.stdout, /RUNNING +- +- {2}is RUNNING\n/);
    assert.notEqual(far.stderr, '');
    const usage = { name: 'cat', cpu: 5, rss: 2 ** 20, processes: 1, at: 1 };
    const superd = { getAllProcessInfo, 'superd.getDisabled': [], 'superd.getUsage': [usage] };
    const told = await play({ server: superd, isLocal: false }, 'status --verbose cat');
    assert.match(told.stdout, /RUNNING +5\.0% +1\.0M {2}is RUNNING\n/);
    assert.equal(told.stderr, '');
  });
});

suite('pid and avail', () => {
  test('pid tells the daemon, a process, or everyone', async () => {
    const server = {
      getPID: 7,
      getAllProcessInfo: [row('a', 'a', 'RUNNING'), row('b', 'b', 'EXITED')],
      getProcessInfo: row('b', 'b', 'EXITED'),
    };
    assert.equal((await play({ server }, 'pid')).stdout, '7\n');
    assert.equal((await play({ server }, 'pid all')).stdout, '42\n0\n');
    const stopped = await play({ server }, 'pid b');
    assert.deepEqual([stopped.stdout, stopped.exit], ['0\n', 7]);
  });

  test('avail prints its columns', async () => {
    const config = { group: 'grp', name: 'b', inuse: true, autostart: false, group_prio: 5, process_prio: 1 };
    const session = await play(
      { server: { getAllConfigInfo: [config, { ...config, inuse: false, autostart: true }] } },
      'avail',
    );
    assert.equal(
      session.stdout,
      'grp:b                            in use    manual    5:1\ngrp:b                            avail     auto      5:1\n',
    );
  });
});
