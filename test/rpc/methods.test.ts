import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, ok } from '../../src/errors.ts';
import { answer, dispatch } from '../../src/rpc/dispatch.ts';
import { FAULTS, RpcFault } from '../../src/rpc/faults.ts';
import { METHODS, PUBLISHED } from '../../src/rpc/methods.ts';
import type { RpcPorts } from '../../src/rpc/ports.ts';
import { pythonText } from '../../src/rpc/python-text.ts';
import { renderRpcReference } from '../../src/rpc/reference.ts';
import { isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { bytes, epochMillis, millis, pid, signal } from '../../src/units.ts';
import { FakeControl, groupConfig, processConfig } from '../support/fake-control.ts';
import { fakeRpc, MAIN_LOG } from '../support/fake-rpc.ts';

/** The answer of a method, or `fault: text`. */
async function call(ports: RpcPorts, name: string, ...params: readonly XmlValue[]): Promise<XmlValue> {
  try {
    return await dispatch(ports, name, params);
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    return `${error.code} ${error.text}`;
  }
}

/** `group:name status description` of every struct of a batch. */
function brief(batch: XmlValue): readonly string[] {
  assert.ok(Array.isArray(batch));
  return batch.map((entry) => {
    assert.ok(isStruct(entry));
    assert.deepEqual(Object.keys(entry), ['name', 'group', 'status', 'description']);
    return `${pythonText(entry['group'] ?? '')}:${pythonText(entry['name'] ?? '')} ${pythonText(entry['status'] ?? '')} ${pythonText(entry['description'] ?? '')}`;
  });
}

test('dispatch() calls nothing that is not in the table', async () => {
  const { ports } = fakeRpc();
  const names = [
    'supervisor.x.y',
    'supervisor._update',
    'supervisor.__proto__',
    'supervisor.constructor',
    'constructor.x',
    '__proto__.toString',
    'a.b.c',
    '_x',
    'getState',
    'supervisor.',
    '.getState',
    '',
    'supervisor.getstate',
  ];
  for (const name of names) assert.equal(await call(ports, name), '1 UNKNOWN_METHOD', name);
});

test('dispatch() refuses a wrong number of arguments for every method', async () => {
  const { ports, control } = fakeRpc();
  for (const { name, params } of METHODS) {
    const tooMany: readonly XmlValue[] = Array.from({ length: params.length + 1 }, () => 'x');
    assert.equal(await call(ports, name, ...tooMany), '2 INCORRECT_PARAMETERS', name);
    if (params.some(({ otherwise }) => otherwise === undefined)) {
      assert.equal(await call(ports, name), '2 INCORRECT_PARAMETERS', name);
    }
  }
  assert.deepEqual(control.calls, []);
});

test('dispatch() never throws anything but a fault, whatever the arguments', async () => {
  const odd: readonly XmlValue[] = [
    null,
    0,
    -1,
    1.5,
    true,
    '',
    'web',
    'solo',
    'web:*',
    ':',
    '__proto__',
    [],
    ['x'],
    {},
    { a: 1 },
  ];
  for (const { name, params } of METHODS) {
    if (params.length === 0) continue;
    for (const value of odd) {
      const { ports, control } = fakeRpc();
      control.set('solo:solo', { state: 'RUNNING', pid: pid(7) });
      const pending = call(ports, name, ...params.map(() => value));
      // Whatever was started or stopped gets where it wants to go.
      for (const { slot, state } of control.groups().flatMap(({ processes }) => processes)) {
        if (state === 'STARTING') control.set(`${slot.group}:${slot.process}`, { state: 'RUNNING' });
        if (state === 'STOPPING') control.set(`${slot.group}:${slot.process}`, { state: 'STOPPED' });
      }
      await Promise.race([pending, new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
    }
  }
});

test('dispatch() refuses gated methods while superd stops or restarts', async () => {
  for (const mood of ['SHUTDOWN', 'RESTARTING'] as const) {
    const { ports, control } = fakeRpc();
    control.mood = mood;
    for (const { name, params } of METHODS) {
      if (!name.startsWith('supervisor.') || name === 'supervisor.sendRemoteCommEvent') continue;
      assert.equal(await call(ports, name, ...params.map(() => 'solo')), '6 SHUTDOWN_STATE', name);
    }
    assert.equal(await call(ports, 'supervisor.sendRemoteCommEvent', 'a', 'b'), true);
    assert.deepEqual(control.calls, ['remote a b']);
    assert.equal(await call(ports, 'supervisor.getState', 1), '2 INCORRECT_PARAMETERS');
  }
});

test('the methods about superd answer as documented', async () => {
  const { ports, control } = fakeRpc();
  assert.equal(await call(ports, 'supervisor.getAPIVersion'), '3.0');
  assert.equal(await call(ports, 'supervisor.getVersion'), '3.0');
  assert.match(pythonText(await call(ports, 'supervisor.getSupervisorVersion')), /^\d+\.\d+\.\d+/);
  assert.equal(await call(ports, 'supervisor.getIdentification'), 'supervisor');
  assert.deepEqual(await call(ports, 'supervisor.getState'), { statecode: 1, statename: 'RUNNING' });
  assert.equal(await call(ports, 'supervisor.getPID'), 4242);
  control.rereadResult = ok({ added: ['a'], changed: ['b', 'c'], removed: [] });
  assert.deepEqual(await call(ports, 'supervisor.reloadConfig'), [[['a'], ['b', 'c'], []]]);
  control.rereadResult = fail('no section');
  assert.equal(await call(ports, 'supervisor.reloadConfig'), '92 CANT_REREAD: no section');
  assert.equal(await call(ports, 'supervisor.sendRemoteCommEvent', 1, ['x', true, null]), true);
  assert.equal(control.calls.at(-1), "remote 1 ['x', True, None]");
});

test('shutdown and restart answer true at once', async () => {
  const { ports, control } = fakeRpc();
  assert.equal(await call(ports, 'supervisor.shutdown'), true);
  control.mood = 'RUNNING';
  control.restartResult = fail('superd.conf:1: broken');
  assert.equal(await call(ports, 'supervisor.restart'), '92 CANT_REREAD: superd.conf:1: broken');
  control.restartResult = ok(undefined);
  assert.equal(await call(ports, 'supervisor.restart'), true);
  assert.deepEqual(control.calls, ['shutdown', 'restart', 'restart']);
});

test('addProcessGroup and removeProcessGroup answer true or their faults', async () => {
  const { ports, control } = fakeRpc();
  assert.equal(await call(ports, 'supervisor.addProcessGroup', 'g'), true);
  assert.equal(await call(ports, 'supervisor.removeProcessGroup', 'g'), true);
  control.addResult = fail('bad-name');
  assert.equal(await call(ports, 'supervisor.addProcessGroup', 'g'), '10 BAD_NAME: g');
  control.addResult = fail('already-added');
  assert.equal(await call(ports, 'supervisor.addProcessGroup', 'g'), '90 ALREADY_ADDED: g');
  control.removeResult = fail('bad-name');
  assert.equal(await call(ports, 'supervisor.removeProcessGroup', 'g'), '10 BAD_NAME: g');
  control.removeResult = fail('still-running');
  assert.equal(await call(ports, 'supervisor.removeProcessGroup', 'g'), '91 STILL_RUNNING: g');
});

test('startProcess waits until the process is RUNNING', async () => {
  const { ports, control } = fakeRpc();
  const starting = call(ports, 'supervisor.startProcess', 'web:a');
  await new Promise((resolve) => setImmediate(resolve));
  control.set('web:a', { state: 'RUNNING' });
  assert.equal(await starting, true);
  assert.equal(await call(ports, 'supervisor.startProcess', 'solo', false), true);
  assert.equal(control.process({ group: 'solo', process: 'solo' })?.state, 'STARTING');
});

test('startProcess tells each way of failing by its fault', async () => {
  const { ports, control } = fakeRpc();
  const start = (...rest: readonly XmlValue[]): Promise<XmlValue> =>
    call(ports, 'supervisor.startProcess', 'web:a', ...rest);
  assert.equal(await call(ports, 'supervisor.startProcess', 'nope'), '10 BAD_NAME: nope');
  assert.equal(await call(ports, 'supervisor.startProcess', 'web:nope'), '10 BAD_NAME: web:nope');
  assert.equal(await call(ports, 'supervisor.startProcess', 'nope:*'), '10 BAD_NAME: nope:*');
  assert.equal(await call(ports, 'supervisor.startProcess', 'web'), '10 BAD_NAME: web');
  assert.equal(await call(ports, 'supervisor.startProcess', 5), '2 INCORRECT_PARAMETERS');
  control.problems.set('web:a', { kind: 'no-file', text: "can't find command '/x'" });
  assert.equal(await start(), "20 NO_FILE: can't find command '/x'");
  control.problems.set('web:a', { kind: 'not-executable', text: "command at '/x' is not executable" });
  assert.equal(await start(), "21 NOT_EXECUTABLE: command at '/x' is not executable");
  control.problems.clear();
  for (const state of ['STARTING', 'RUNNING', 'BACKOFF'] as const) {
    control.set('web:a', { state });
    assert.equal(await start(), '60 ALREADY_STARTED: web:a');
  }
  control.set('web:a', { state: 'UNKNOWN' });
  assert.equal(await start(), '30 FAILED: web:a is in an unknown process state');
  control.set('web:a', { state: 'STOPPING' });
  assert.equal(await start(), '40 ABNORMAL_TERMINATION: web:a');
  assert.equal(await start(false), '40 ABNORMAL_TERMINATION: web:a');
  assert.deepEqual(control.calls, []);
  control.set('web:a', { state: 'STOPPED' });
  control.startFailures.add('web:a');
  assert.equal(await start(false), '50 SPAWN_ERROR: web:a');
});

test('startProcess tells what became of a process that does not get to RUNNING', async () => {
  const { ports, control } = fakeRpc();
  const outcomes = [
    [{ state: 'BACKOFF', spawnError: 'Exited too quickly (process log may have details)' }, '50 SPAWN_ERROR: web:a'],
    [{ state: 'STOPPING' }, '40 ABNORMAL_TERMINATION: web:a'],
    [{ state: 'STOPPED' }, '40 ABNORMAL_TERMINATION: web:a'],
    [{ state: 'EXITED' }, true],
    [{ state: 'EXITED', spawnError: 'Bad exit code 3' }, '50 SPAWN_ERROR: web:a'],
  ] as const;
  for (const [changes, outcome] of outcomes) {
    control.set('web:a', { state: 'STOPPED', spawnError: '' });
    const late = call(ports, 'supervisor.startProcess', 'web:a');
    await new Promise((resolve) => setImmediate(resolve));
    control.set('web:a', changes);
    assert.deepEqual(await late, outcome);
    // The same outcome, reached before the spawn was reported.
    control.set('web:a', { state: 'STOPPED', spawnError: '' });
    control.afterStart.set('web:a', changes);
    assert.deepEqual(await call(ports, 'supervisor.startProcess', 'web:a'), outcome);
    control.afterStart.clear();
  }
  control.set('web:a', { state: 'STOPPED' });
  const removed = call(ports, 'supervisor.startProcess', 'web:a');
  await new Promise((resolve) => setImmediate(resolve));
  control.drop('web');
  assert.equal(await removed, '40 ABNORMAL_TERMINATION: web:a');
});

test('batches start in order of priority, and list the immediate results before the late ones', async () => {
  const { ports, control } = fakeRpc();
  control.problems.set('web:b', { kind: 'no-file', text: 'gone' });
  control.afterStart.set('solo:solo', { state: 'RUNNING' });
  const pending = call(ports, 'supervisor.startAllProcesses');
  await new Promise((resolve) => setImmediate(resolve));
  control.set('web:a', { state: 'BACKOFF', spawnError: 'x' });
  assert.deepEqual(brief(await pending), ['solo:solo 80 OK', 'web:b 20 NO_FILE: gone', 'web:a 50 SPAWN_ERROR: web:a']);
  assert.deepEqual(control.calls, ['start solo:solo', 'start web:a']);
});

test('batches list late results in the order of completion; those that come together as asked for', async () => {
  for (const [apart, order] of [
    [101, ['web:a 80 OK', 'web:b 80 OK']],
    [100, ['web:b 80 OK', 'web:a 80 OK']],
  ] as const) {
    const { ports, control } = fakeRpc();
    const pending = call(ports, 'supervisor.startProcess', 'web:*');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(control.calls, ['start web:b', 'start web:a']);
    control.set('web:a', { state: 'RUNNING' });
    await new Promise((resolve) => setImmediate(resolve));
    control.now = epochMillis(control.now + apart);
    control.set('web:b', { state: 'RUNNING' });
    assert.deepEqual(brief(await pending), order);
  }
  const { ports, control } = fakeRpc();
  for (const name of ['web:a', 'web:b']) control.set(name, { state: 'RUNNING' });
  assert.deepEqual(await call(ports, 'supervisor.startProcessGroup', 'web'), []);
  assert.equal(await call(ports, 'supervisor.startProcessGroup', 'web:*'), '10 BAD_NAME: web:*');
});

test('stopProcess waits until the process is stopped, and tells its faults', async () => {
  const { ports, control } = fakeRpc();
  assert.equal(await call(ports, 'supervisor.stopProcess', 'nope'), '10 BAD_NAME: nope');
  for (const state of ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN', 'STOPPING'] as const) {
    control.set('web:a', { state });
    assert.equal(await call(ports, 'supervisor.stopProcess', 'web:a'), '70 NOT_RUNNING: web:a');
  }
  control.set('web:a', { state: 'RUNNING' });
  const stopping = call(ports, 'supervisor.stopProcess', 'web:a');
  await new Promise((resolve) => setImmediate(resolve));
  control.set('web:a', { state: 'STOPPED' });
  assert.equal(await stopping, true);
  control.set('web:a', { state: 'RUNNING' });
  assert.equal(await call(ports, 'supervisor.stopProcess', 'web:a', 0), true);
  control.set('web:a', { state: 'BACKOFF' });
  assert.equal(await call(ports, 'supervisor.stopProcess', 'web:a'), true);
  control.set('web:a', { state: 'RUNNING' });
  control.stopResult = fail('cannot kill');
  assert.equal(await call(ports, 'supervisor.stopProcess', 'web:a'), '30 FAILED: cannot kill');
});

test('stopAllProcesses stops what runs, all at once', async () => {
  const { ports, control } = fakeRpc();
  control.set('web:a', { state: 'RUNNING' });
  control.set('solo:solo', { state: 'BACKOFF' });
  const pending = call(ports, 'supervisor.stopAllProcesses');
  await new Promise((resolve) => setImmediate(resolve));
  control.set('web:a', { state: 'EXITED' });
  assert.deepEqual(brief(await pending), ['solo:solo 80 OK', 'web:a 80 OK']);
});

test('a stop of many also reaches a process between two runs, which would start again, but does not list it', async () => {
  const { ports, control } = fakeRpc();
  control.set('web:a', { state: 'EXITED' });
  control.set('web:b', { state: 'FATAL' });
  assert.deepEqual(await call(ports, 'supervisor.stopProcessGroup', 'web'), []);
  assert.deepEqual(control.calls, ['stop web:a']);
});

test('signalProcess takes names and numbers, and tells its faults', async () => {
  const { ports, control } = fakeRpc();
  const send = (name: string, asked: XmlValue): Promise<XmlValue> =>
    call(ports, 'supervisor.signalProcess', name, asked);
  assert.equal(await send('nope', 'BAD'), '10 BAD_NAME: nope');
  assert.equal(await send('web:a', 'BAD'), '11 BAD_SIGNAL: BAD');
  for (const asked of [77, -1, null, 'SIG', '', '9x'])
    assert.match(pythonText(await send('web:a', asked)), /^11 BAD_SIGNAL: /);
  assert.equal(await send('web:a', 'HUP'), '70 NOT_RUNNING: web:a');
  for (const state of ['STARTING', 'RUNNING', 'STOPPING'] as const) {
    control.set('web:a', { state });
    assert.equal(await send('web:a', 'sigusr1'), true);
  }
  for (const asked of ['10', 10, 'USR1', 'SIGUSR1', ' usr1 ']) assert.equal(await send('web:a', asked), true);
  assert.ok(control.calls.every((text) => text === 'signal web:a 10'));
  assert.equal(await send('web:a', '0'), true);
  control.signalResult = fail('EPERM');
  assert.equal(await send('web:a', 'TERM'), '30 FAILED: EPERM');
  assert.deepEqual(brief(await call(ports, 'supervisor.signalProcessGroup', 'web', 'NOPE')), [
    'web:a 11 BAD_SIGNAL: NOPE',
  ]);
  control.signalResult = ok(undefined);
  assert.deepEqual(brief(await call(ports, 'supervisor.signalAllProcesses', 'HUP')), ['web:a 80 OK']);
  assert.deepEqual(brief(await send('web:*', 'HUP')), ['web:a 80 OK']);
});

test('sendProcessStdin writes UTF-8, and tells its faults in order', async () => {
  const { ports, control } = fakeRpc();
  const send = (name: XmlValue, chars: XmlValue): Promise<XmlValue> =>
    call(ports, 'supervisor.sendProcessStdin', name, chars);
  assert.equal(await send('nope', 5), '2 INCORRECT_PARAMETERS: 5');
  assert.equal(await send('nope', 'x'), '10 BAD_NAME: nope');
  assert.equal(await send('web:*', 'x'), '10 BAD_NAME: web:*');
  assert.equal(await send('solo', 'x'), '70 NOT_RUNNING: solo');
  control.set('solo:solo', { state: 'STOPPING', pid: pid(5) });
  assert.equal(await send('solo', 'x'), '70 NOT_RUNNING: solo');
  control.set('solo:solo', { state: 'RUNNING' });
  assert.equal(await send('solo', 'é\n'), true);
  assert.deepEqual(control.written, [new TextEncoder().encode('é\n')]);
  control.writeResult = fail('closed');
  assert.equal(await send('solo', 'x'), '20 NO_FILE: solo');
  control.writeResult = fail('full');
  assert.match(pythonText(await send('solo', 'x')), /^30 FAILED: /);
});

test('getProcessInfo has the members of supervisord in their order', async () => {
  const { ports, control } = fakeRpc();
  control.set('web:a', {
    state: 'RUNNING',
    pid: pid(10_107),
    startedAt: epochMillis(1_795_342_229_900),
    stoppedAt: epochMillis(1_795_342_000_000),
    stdoutLog: '/o',
    stderrLog: '/e',
  });
  const info = await call(ports, 'supervisor.getProcessInfo', 'web:a');
  assert.deepEqual(Object.entries(info ?? {}), [
    ['name', 'a'],
    ['group', 'web'],
    ['start', 1_795_342_229],
    ['stop', 1_795_342_000],
    ['now', 1_795_342_382],
    ['state', 20],
    ['statename', 'RUNNING'],
    ['spawnerr', ''],
    ['exitstatus', 0],
    ['logfile', '/o'],
    ['stdout_logfile', '/o'],
    ['stderr_logfile', '/e'],
    ['pid', 10_107],
    ['description', 'pid 10107, uptime 0:02:33'],
  ]);
  assert.equal(await call(ports, 'supervisor.getProcessInfo', 'web:*'), '10 BAD_NAME: web:*');
});

test('getAllProcessInfo is ordered by group and name', async () => {
  const { ports } = fakeRpc();
  const all = await call(ports, 'supervisor.getAllProcessInfo');
  assert.ok(Array.isArray(all));
  assert.deepEqual(
    all.map((info) => isStruct(info) && info['name']),
    ['solo', 'a', 'b'],
  );
});

test('getAllConfigInfo shows the configuration last read, by process name', async () => {
  const auto = { kind: 'auto' } as const;
  const stdout = { ...processConfig('x').stdout, logfile: auto, maxbytes: bytes(2 ** 32) };
  const config = processConfig('b', {
    priority: 7,
    user: { name: 'u', uid: 12, gid: 1, gids: [1] },
    startsecs: millis(1500),
    stopsignal: signal(3),
    exitcodes: [0, 2],
    stdout,
    redirectStderr: true,
    serverurl: 'http://x',
  });
  const control = new FakeControl([groupConfig('g', [config, processConfig('a', { autorestart: 'always' })], 5)]);
  control.set('g:b', { stdoutLog: '/tmp/b-stdout.log' });
  const { ports } = fakeRpc();
  const read = (): Promise<XmlValue> => call({ ...ports, control }, 'supervisor.getAllConfigInfo');
  const all = await read();
  assert.ok(Array.isArray(all) && isStruct(all[0]) && isStruct(all[1]));
  assert.deepEqual(
    [all[0]['name'], all[0]['autorestart'], all[0]['serverurl'], all[0]['uid']],
    ['a', true, 'none', 'none'],
  );
  assert.deepEqual(Object.entries(all[1]), [
    ['autostart', true],
    ['autorestart', 'unexpected'],
    ['directory', 'none'],
    ['uid', 12],
    ['command', '/bin/b'],
    ['exitcodes', [0, 2]],
    ['group', 'g'],
    ['group_prio', 5],
    ['inuse', true],
    ['killasgroup', false],
    ['name', 'b'],
    ['process_prio', 7],
    ['redirect_stderr', true],
    ['startretries', 3],
    ['startsecs', 1],
    ['stdout_capture_maxbytes', 0],
    ['stdout_events_enabled', false],
    ['stdout_logfile', '/tmp/b-stdout.log'],
    ['stdout_logfile_backups', 10],
    ['stdout_logfile_maxbytes', 2 ** 32],
    ['stdout_syslog', false],
    ['stopsignal', 3],
    ['stopwaitsecs', 10],
    ['stderr_capture_maxbytes', 0],
    ['stderr_events_enabled', false],
    ['stderr_logfile', 'none'],
    ['stderr_logfile_backups', 10],
    ['stderr_logfile_maxbytes', 52_428_800],
    ['stderr_syslog', false],
    ['serverurl', 'http://x'],
  ]);
  // After a reread, the running configuration is no longer the one that is shown.
  control.config = { ...control.config, groups: [groupConfig('h', [{ ...config }])] };
  const reread = await read();
  assert.ok(Array.isArray(reread) && isStruct(reread[0]));
  assert.deepEqual([reread[0]['inuse'], reread[0]['stdout_logfile']], [false, 'auto']);
});

test('the log methods read, tail and clear', async () => {
  const { ports, control, logs } = fakeRpc();
  control.set('solo:solo', { stdoutLog: '/o', stderrLog: '' });
  logs.put('/o', '0123456789');
  for (const name of ['supervisor.readProcessStdoutLog', 'supervisor.readProcessLog']) {
    assert.equal(await call(ports, name, 'solo', -3, 0), '789');
    assert.equal(await call(ports, name, 'solo', ' 2 ', 3.9), '234');
    assert.equal(await call(ports, name, 'solo', -3, 2), '3 BAD_ARGUMENTS');
    assert.equal(await call(ports, name, 'solo', 'x', 2), '3 BAD_ARGUMENTS');
    assert.equal(await call(ports, name, 'solo', null, 2), '2 INCORRECT_PARAMETERS');
    assert.equal(await call(ports, name, 'solo:*', 0, 0), '10 BAD_NAME: solo:*');
  }
  assert.equal(await call(ports, 'supervisor.readProcessStderrLog', 'solo', 0, 0), '20 NO_FILE');
  for (const name of ['supervisor.tailProcessStdoutLog', 'supervisor.tailProcessLog']) {
    assert.deepEqual(await call(ports, name, 'solo', 0, 5), ['56789', 10, true]);
  }
  assert.deepEqual(await call(ports, 'supervisor.tailProcessStderrLog', 'solo', 3, 5), ['', 0, false]);
  assert.equal(await call(ports, 'supervisor.tailProcessLog', 'nope', 0, 5), '10 BAD_NAME: nope');
  logs.files.delete('/o');
  assert.equal(await call(ports, 'supervisor.readProcessLog', 'solo', 0, 0), '20 NO_FILE: /o');
  assert.deepEqual(await call(ports, 'supervisor.tailProcessLog', 'solo', 0, 5), ['', 0, false]);
  logs.broken.add('/o');
  assert.equal(await call(ports, 'supervisor.readProcessLog', 'solo', 0, 0), '30 FAILED');
  for (const name of ['supervisor.clearProcessLog', 'supervisor.clearProcessLogs'])
    assert.equal(await call(ports, name, 'solo'), true);
  assert.equal(await call(ports, 'supervisor.clearProcessLogs', 'web:*'), '10 BAD_NAME: web:*');
  assert.deepEqual(brief(await call(ports, 'supervisor.clearAllProcessLogs')), [
    'solo:solo 80 OK',
    'web:b 80 OK',
    'web:a 80 OK',
  ]);
  control.clearResult = fail('EIO');
  assert.equal(await call(ports, 'supervisor.clearProcessLogs', 'solo'), '30 FAILED: solo');
  assert.deepEqual(brief(await call(ports, 'supervisor.clearAllProcessLogs'))[1], 'web:b 30 FAILED: web:b');
});

test('the main log is read and cleared', async () => {
  const { ports, logs } = fakeRpc();
  assert.equal(await call(ports, 'supervisor.readLog', 0, 0), `20 NO_FILE: ${MAIN_LOG}`);
  assert.equal(await call(ports, 'supervisor.clearLog'), '20 NO_FILE');
  logs.put(MAIN_LOG, 'hello');
  assert.equal(await call(ports, 'supervisor.readLog', 0, 0), 'hello');
  assert.equal(await call(ports, 'supervisor.readMainLog', -2, 0), 'lo');
  assert.equal(await call(ports, 'supervisor.clearLog'), true);
  const broken = { ...ports, mainLogFile: { path: MAIN_LOG, clear: () => fail('EACCES') } };
  assert.equal(await call(broken, 'supervisor.clearLog'), '30 FAILED');
  const syslog = { ...ports, mainLogFile: { path: undefined, clear: () => ok(undefined) } };
  assert.equal(await call(syslog, 'supervisor.readLog', 0, 0), '20 NO_FILE');
});

test('the system methods describe the table', async () => {
  const { ports } = fakeRpc();
  const names = await call(ports, 'system.listMethods');
  assert.ok(Array.isArray(names));
  assert.equal(names.length, 51);
  assert.deepEqual(names, [...PUBLISHED.keys()].toSorted());
  for (const name of PUBLISHED.keys()) assert.notEqual(await call(ports, 'system.methodHelp', name), '');
  const signatures: readonly (readonly [string, readonly string[]])[] = [
    ['supervisor.startProcess', ['boolean', 'string', 'boolean']],
    ['supervisor.readLog', ['string', 'int', 'int']],
    ['supervisor.tailProcessLog', ['array', 'string', 'int', 'int']],
    ['supervisor.signalProcess', ['boolean', 'string', 'string']],
    ['supervisor.getProcessInfo', ['struct', 'string']],
    ['system.multicall', ['array', 'array']],
  ];
  for (const [name, signature] of signatures)
    assert.deepEqual(await call(ports, 'system.methodSignature', name), signature);
  assert.equal(await call(ports, 'system.methodHelp', 'nope'), '4 SIGNATURE_UNSUPPORTED');
  assert.equal(await call(ports, 'system.methodSignature', 'nope'), '4 SIGNATURE_UNSUPPORTED');
});

test('multicall runs one call after the other, and answers with bare values', async () => {
  const { ports, control } = fakeRpc();
  control.set('solo:solo', { state: 'RUNNING' });
  const pending = call(ports, 'system.multicall', [
    { methodName: 'supervisor.getPID', params: [] },
    { methodName: 'nope' },
    {},
    { methodName: 'supervisor.stopProcess', params: ['solo'] },
    { methodName: 'supervisor.stopProcess', params: ['solo'] },
    { methodName: 'supervisor.getState', params: [1] },
    { methodName: 'system.multicall', params: [[]] },
    'odd',
    { methodName: 'supervisor.getPID', params: 'x' },
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(control.calls, ['stop solo:solo']);
  control.set('solo:solo', { state: 'STOPPED' });
  const fault = (faultCode: number, faultString: string): XmlValue => ({ faultCode, faultString });
  assert.deepEqual(await pending, [
    4242,
    fault(1, 'UNKNOWN_METHOD'),
    fault(2, 'INCORRECT_PARAMETERS: No methodName'),
    true,
    fault(70, 'NOT_RUNNING: solo'),
    fault(2, 'INCORRECT_PARAMETERS'),
    fault(2, 'INCORRECT_PARAMETERS: Recursive system.multicall forbidden'),
    fault(2, 'INCORRECT_PARAMETERS: No methodName'),
    fault(2, 'INCORRECT_PARAMETERS'),
  ]);
  assert.deepEqual(await call(ports, 'system.multicall', []), []);
  assert.equal(await call(ports, 'system.multicall', 'x'), '2 INCORRECT_PARAMETERS');
});

test('multicall bounds the calls and the answer', async () => {
  const { ports, control, logs } = fakeRpc();
  const many = Array.from({ length: 10_001 }, () => ({ methodName: 'supervisor.getPID' }));
  assert.equal(await call(ports, 'system.multicall', many), '2 INCORRECT_PARAMETERS: more than 10000 calls');
  control.set('solo:solo', { stdoutLog: '/o' });
  logs.put('/o', Buffer.alloc(20_000_000, 'x'));
  const reads = Array.from({ length: 10 }, () => ({ methodName: 'supervisor.readProcessLog', params: ['solo', 0, 0] }));
  assert.equal(await call(ports, 'system.multicall', reads), '30 FAILED: the answer is too large');
});

test('answer() keeps the text of callers out of the log', async () => {
  const { ports } = fakeRpc();
  const lines: string[] = [];
  const log = {
    log: (_: string, text: string): void => {
      lines.push(text);
    },
  };
  await answer({ ...ports, log }, '<methodCall><methodName>a&#10;b</methodName></methodCall>');
  assert.deepEqual(lines, [
    'XML-RPC method called: unknown()',
    'XML-RPC method unknown() returned fault: [1] UNKNOWN_METHOD',
  ]);
});

test('answer() wraps values and faults, and knows what is no call', async () => {
  const { ports } = fakeRpc();
  const body = (name: string): string => `<methodCall><methodName>${name}</methodName></methodCall>`;
  assert.match((await answer(ports, body('supervisor.getVersion'))) ?? '', /<string>3\.0<\/string>/);
  assert.match((await answer(ports, body('x'))) ?? '', /<name>faultCode<\/name>\n<value><int>1<\/int>/);
  assert.equal(await answer(ports, 'x'), undefined);
});

test('renderRpcReference() has every method and every fault', () => {
  const text = renderRpcReference();
  for (const name of [...PUBLISHED.keys(), ...Object.keys(FAULTS)]) assert.ok(text.includes(name), name);
});
