import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type FaultName, RpcFault } from '../../src/rpc/faults.ts';
import { play, row } from './fake-session.ts';

const outcome = (group: string, name: string, status: number, description = 'OK') => ({
  group,
  name,
  status,
  description,
});

suite('start, stop and signal', () => {
  test('translate faults into reasons and exit codes', async () => {
    const cases: readonly (readonly [string, FaultName, string, number])[] = [
      ['start x', 'BAD_NAME', 'no such process', 1],
      ['start x', 'NO_FILE', 'no such file', 1],
      ['start x', 'NOT_EXECUTABLE', 'file is not executable', 1],
      ['start x', 'ALREADY_STARTED', 'already started', 0],
      ['start x', 'SPAWN_ERROR', 'spawn error', 7],
      ['start x', 'ABNORMAL_TERMINATION', 'abnormal termination', 7],
      ['stop x', 'BAD_NAME', 'no such process', 1],
      ['stop x', 'NOT_RUNNING', 'not running', 0],
      ['stop x', 'FAILED', 'FAILED: why', 1],
      ['signal 9 x', 'BAD_SIGNAL', 'bad signal name', 1],
      ['signal 9 x', 'NOT_RUNNING', 'not running', 7],
      ['clear x', 'FAILED', 'failed', 1],
    ];
    for (const [line, fault, reason, exit] of cases) {
      const reply = new RpcFault(fault, fault === 'FAILED' ? 'why' : 'x');
      const server = { startProcess: reply, stopProcess: reply, signalProcess: reply, clearProcessLogs: reply };
      const session = await play({ server: { ...server, getAllProcessInfo: [] } }, line);
      assert.equal(session.stdout, `x: ERROR (${reason})\n`);
      assert.equal(session.exit, exit, `${line} ${fault}`);
    }
  });

  test('the exit code is that of the last failure', async () => {
    const startProcess = (name: unknown) => {
      if (name === 'a') return new RpcFault('SPAWN_ERROR', 'a');
      return name === 'b' ? new RpcFault('NO_FILE', 'b') : true;
    };
    assert.equal((await play({ server: { startProcess } }, 'start a c')).exit, 7);
    assert.equal((await play({ server: { startProcess } }, 'start a b c')).exit, 1);
  });

  test('all anywhere among the names means everything, with one call', async () => {
    const session = await play({ server: { stopAllProcesses: [outcome('g', 'a', 80)] } }, 'stop x all');
    assert.deepEqual(session.calls, ['getVersion()', 'stopAllProcesses()']);
    assert.equal(session.stdout, 'g:a: stopped\n');
  });

  test('a group that is not there has its own exit code for start', async () => {
    const nobody = new RpcFault('BAD_NAME', 'g');
    const server = { startProcessGroup: nobody, stopProcessGroup: nobody };
    const session = await play({ server }, 'restart g:*');
    assert.equal(session.stdout, 'g: ERROR (no such group)\ng: ERROR (no such group)\n');
    assert.equal(session.exit, 2);
    assert.equal((await play({ server }, 'stop g:')).exit, 1);
  });

  test('restart stops everything before it starts anything', async () => {
    const session = await play({ server: { stopProcess: true, startProcess: true } }, 'restart a b');
    assert.equal(session.stdout, 'a: stopped\nb: stopped\na: started\nb: started\n');
    assert.deepEqual(session.calls.slice(1), [
      'stopProcess(a)',
      'stopProcess(b)',
      'startProcess(a)',
      'startProcess(b)',
    ]);
  });
});

suite('a bare name that only a group has', () => {
  const startProcess = new RpcFault('BAD_NAME', 'pool');
  const startProcessGroup = [outcome('pool', 'p1', 80), outcome('pool', 'p2', 60, 'ALREADY_STARTED: p2')];

  test('means the group', async () => {
    const getAllProcessInfo = [row('pool', 'p1', 'STOPPED'), row('pool', 'p2', 'RUNNING')];
    const session = await play({ server: { startProcess, startProcessGroup, getAllProcessInfo } }, 'start pool');
    assert.equal(session.stdout, 'pool:p1: started\npool:p2: ERROR (already started)\n');
    assert.equal(session.exit, 0);
  });

  test('is no such process when a process elsewhere has that name', async () => {
    const getAllProcessInfo = [row('pool', 'p1', 'STOPPED'), row('other', 'pool', 'STOPPED')];
    const session = await play({ server: { startProcess, getAllProcessInfo } }, 'start pool');
    assert.equal(session.stdout, 'pool: ERROR (no such process)\n');
    assert.equal(session.exit, 1);
  });
});

suite('clear', () => {
  test('takes the members of a group one by one', async () => {
    const getAllProcessInfo = [row('g', 'a', 'RUNNING'), row('h', 'h', 'RUNNING'), row('g', 'b', 'RUNNING')];
    const session = await play({ server: { getAllProcessInfo, clearProcessLogs: true } }, 'clear g:*', 'clear x:*');
    assert.equal(session.stdout, 'g:a: cleared\ng:b: cleared\nx: ERROR (no such group)\n');
    assert.equal(session.exit, 1);
  });
});
