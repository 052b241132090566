import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseSince } from '../../src/cli/when.ts';
import { RpcFault } from '../../src/rpc/faults.ts';
import { play, row } from './fake-session.ts';

const NOW = new Date(2026, 10, 22, 12, 0, 0);
const secondsOf = (...parts: readonly [number, number, number, number, number, number]): number =>
  new Date(...parts).getTime() / 1000;

suite('parseSince()', () => {
  const times: readonly (readonly [string, number])[] = [
    ['30m', -1800],
    ['2h', -7200],
    ['3d', -259_200],
    ['0s', -1],
    ['14:30', secondsOf(2026, 10, 22, 14, 30, 0)],
    ['2026-11-21', secondsOf(2026, 10, 21, 0, 0, 0)],
    ['2026-11-21T08:09:10', secondsOf(2026, 10, 21, 8, 9, 10)],
  ];
  for (const [text, seconds] of times) {
    test(`reads ${text}`, () =>
      assert.deepEqual(parseSince(text, NOW), { ok: true, value: { kind: 'time', seconds } }));
  }

  test('reads a serial, and refuses everything else', () => {
    assert.deepEqual(parseSince('17', NOW), { ok: true, value: { kind: 'serial', serial: 17 } });
    for (const text of ['', 'x', '5w', '1:2', '2026-11-2', '2026-11-21 08:09', '-5', '9'.repeat(20)]) {
      assert.equal(parseSince(text, NOW).ok, false, text);
    }
  });
});

const record = (serial: number, text: string) => ({
  serial,
  time: NOW.getTime() / 1000,
  kind: 'x',
  group: '',
  process: '',
  text,
  json: JSON.stringify({ serial, text }),
});
const bug = record(7, 'bug: a\u007fb');

suite('history', () => {
  test('prints a line a record, harmless to a terminal', async () => {
    const session = await play({ server: { 'superd.history': [bug, record(8, 'x')] } }, 'history web');
    assert.deepEqual(session.calls.slice(-1), ['superd.history({"name":"web","limit":100})']);
    assert.equal(session.stdout, '     7  2026-11-22 12:00:00  bug: a?b\n     8  2026-11-22 12:00:00  x\n');
    assert.equal(session.exit, 0);
  });

  test('prints for machines', async () => {
    const session = await play({ server: { 'superd.history': [bug] } }, 'history --json');
    assert.equal(session.stdout, `${bug.json}\n`);
  });

  test('tells when the server has no journal, or is none of ours', async () => {
    const broken = await play({ server: { 'superd.history': new RpcFault('FAILED', 'no journal') } }, 'history');
    assert.deepEqual([broken.stdout, broken.exit], ['error: FAILED: no journal\n', 1]);
    const other = await play({ server: { 'superd.history': new RpcFault('UNKNOWN_METHOD') } }, 'history');
    assert.match(other.stdout, /^error: unix:\S+ does not know that command: it is not superd/);
    assert.equal(other.exit, 1);
  });
});

const getAllProcessInfo = [row('web', 'a', 'RUNNING'), row('web', 'b', 'RUNNING'), row('cat', 'cat', 'RUNNING')];

suite('why, disable and enable', () => {
  test('why explains each process of a group', async () => {
    const why = (name: unknown): string => `${String(name)} is fine.`;
    const session = await play({ server: { getAllProcessInfo, 'superd.why': why } }, 'why web:* cat');
    assert.equal(session.stdout, 'web:a is fine.\n\nweb:b is fine.\n\ncat is fine.\n');
  });

  test('why says that there is no such process', async () => {
    const server = { getAllProcessInfo, 'superd.why': new RpcFault('BAD_NAME', 'x') };
    const session = await play({ server }, 'why nope');
    assert.deepEqual([session.stdout, session.exit], ['nope: ERROR (no such process)\n', 1]);
  });

  test('disable takes names, groups and all', async () => {
    const server = { getAllProcessInfo, 'superd.disable': true, 'superd.enable': true };
    assert.equal(
      (await play({ server }, 'disable cat web')).stdout,
      'cat: disabled\nweb:a: disabled\nweb:b: disabled\n',
    );
    assert.equal((await play({ server }, 'enable all')).stdout, 'web:a: enabled\nweb:b: enabled\ncat: enabled\n');
  });

  test('stop --persist disables before it stops', async () => {
    const server = { getAllProcessInfo, 'superd.disable': true, stopProcess: true };
    const session = await play({ server }, 'stop --persist cat');
    assert.equal(session.stdout, 'cat: disabled\ncat: stopped\n');
    assert.deepEqual(session.calls.slice(-2), ['superd.disable(cat)', 'stopProcess(cat)']);
  });

  test('start shows why superd refuses a disabled process', async () => {
    const startProcess = new RpcFault('SPAWN_ERROR', 'cat is disabled: superctl enable cat');
    const session = await play({ server: { startProcess } }, 'start cat');
    assert.deepEqual([session.stdout, session.exit], ['cat: ERROR (cat is disabled: superctl enable cat)\n', 7]);
  });
});
