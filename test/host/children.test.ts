import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ProcessConfig } from '../../src/config/model.ts';
import { fail, ok } from '../../src/errors.ts';
import { startTimeOf } from '../../src/host/identity.ts';
import { KeptChildren } from '../../src/host/kept-children.ts';
import { Launcher } from '../../src/host/launch-plan.ts';
import { Leftovers } from '../../src/host/leftovers.ts';
import { openLogFile } from '../../src/host/log-file.ts';
import { SlotOutputs } from '../../src/host/outputs.ts';
import { PipeFolder, safeName } from '../../src/host/pipe-folder.ts';
import { SharedSockets } from '../../src/host/shared-sockets.ts';
import { Spawner, type SpawnerPorts } from '../../src/host/spawner.ts';
import type { ToKeeper } from '../../src/keeper/protocol.ts';
import type { ChildEvent, Slot } from '../../src/supervisor/host.ts';
import type { ProcessRecord } from '../../src/supervisor/world.ts';
import { millis, type Pid, signal } from '../../src/units.ts';
import { aProcess, aStream } from '../support/config.ts';
import { removeTree } from '../support/remove.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'superd-children-'));
after(() => removeTree(folder));

const NO_SOCKETS = {
  listen: () => assert.fail('no socket asked for'),
  unlisten: () => assert.fail('no socket asked for'),
  tryListen: () => assert.fail('no socket asked for'),
};
const whole = { whom: 'group', purpose: undefined } as const;

/** Children with real pipes and logs; events are awaited by kind. */
const atOnce = (tell: SpawnerPorts['tell']): SpawnerPorts => ({ tell, together: (work) => work() });

class Rig {
  readonly events: ChildEvent[] = [];
  readonly lines: string[] = [];
  readonly pipes: PipeFolder = new PipeFolder(mkdtempSync(join(folder, 'state-')));
  /** The states of processes as a test says; of others nothing is known. */
  readonly records: Map<string, Pick<ProcessRecord, 'config' | 'state'>> = new Map();
  readonly outputs: SlotOutputs;
  readonly children: KeptChildren;
  readonly keeper: Spawner;
  #pid: Pid | 0 = 0;
  #waiting: (() => void)[] = [];
  #serial = 0;

  constructor() {
    this.outputs = new SlotOutputs({
      sockets: new SharedSockets(NO_SOCKETS, { log: () => {} }),
      pipes: this.pipes,
      log: { log: () => {} },
      isDebug: false,
      stripAnsi: false,
      openLog: (path, { maxbytes, backups }) =>
        openLogFile({ path, maxbytes, backups, onProblem: (text) => assert.fail(text) }),
      openSyslog: () => assert.fail('no syslog asked for'),
      autoLog: () => assert.fail('no AUTO log asked for'),
      opened: () => {},
      pidOf: () => this.#pid,
      publish: () => {},
      dialogue: () => undefined,
    });
    this.keeper = new Spawner(
      atOnce((message) => this.children.hear(message)),
      {
        descriptorOf: () => assert.fail('no socket asked for'),
      },
    );
    this.children = new KeptChildren({
      pipes: this.outputs,
      launcher: new Launcher({ own: process.env, serverUrl: 'unix:///s' }, 'mark'),
      leftovers: new Leftovers('mark', { log: (_, message) => this.lines.push(message) }),
      record: (slot) => this.records.get(slot.process),
      send: (message) => this.#tellKeeper(message),
      report: (event) => {
        if (event.kind === 'spawned') this.#pid = event.pid;
        this.events.push(event);
        for (const wake of this.#waiting.splice(0)) wake();
      },
      signalFailed: (pid, code) => assert.fail(`${pid} ${code}`),
    });
  }

  #tellKeeper(message: ToKeeper): void {
    if (message.op === 'spawn') this.keeper.spawn(message);
    else if (message.op === 'signal') this.keeper.signal(message);
    else if (message.op === 'ack') this.keeper.acknowledge(message);
    else assert.fail(message.op);
  }

  start(config: ProcessConfig): Slot {
    const slot = { group: config.name, process: config.name };
    this.outputs.open([{ slot, config }]);
    this.again(slot, config);
    return slot;
  }

  again(slot: Slot, config: ProcessConfig): void {
    this.#serial += 1;
    this.children.spawn({ slot, config, serial: this.#serial });
  }

  async heard<K extends ChildEvent['kind']>(kind: K, count = 1): Promise<Extract<ChildEvent, { kind: K }>> {
    for (;;) {
      const found = this.events.filter((event): event is Extract<ChildEvent, { kind: K }> => event.kind === kind);
      const wanted = found[count - 1];
      if (wanted !== undefined) return wanted;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

const logged = (name: string, command: string, changes: Partial<ProcessConfig> = {}): ProcessConfig =>
  aProcess(name, {
    command,
    stdout: { ...aStream, logfile: { kind: 'file', path: join(folder, `${name}.log`) } },
    stderr: { ...aStream, logfile: { kind: 'file', path: join(folder, `${name}.err`) } },
    ...changes,
  });
const logOf = (name: string, ending = 'log'): string => readFileSync(join(folder, `${name}.${ending}`), 'utf8');

describe('KeptChildren', () => {
  test('spawn() gives a child its environment, directory, umask, process group and output', async () => {
    const rig = new Rig();
    const script =
      'echo "$SUPERVISOR_PROCESS_NAME $SUPERVISOR_SERVER_URL $A"; pwd; umask; ps -o pgid= -p $$; echo e >&2';
    const slot = rig.start(
      logged('env', `sh -c '${script}'`, { environment: { A: 'b' }, directory: folder, umask: 0o27 }),
    );
    const { pid } = await rig.heard('spawned');
    const { status } = await rig.heard('exited');
    assert.deepEqual(status, { kind: 'code', code: 0 });
    const lines = logOf('env').split('\n');
    assert.deepEqual(lines.slice(0, 3), ['env unix:///s b', folder, '0027']);
    assert.equal(Number(lines[3]), pid);
    assert.equal(logOf('env', 'err'), 'e\n');
    rig.outputs.close(slot);
  });

  test('spawn() has everything that a child wrote in the log when its exit is reported', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('much', 'sh -c "head -c 5000000 /dev/zero; echo end"'));
    await rig.heard('exited');
    assert.equal(logOf('much').length, 5_000_004);
    rig.outputs.close(slot);
  });

  test('spawn() does not wait for a grandchild that keeps the output open', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('grand', 'sh -c "sleep 1000 & echo $!"'));
    await rig.heard('exited');
    const grandchild = Number(logOf('grand'));
    assert.ok(grandchild > 1);
    process.kill(grandchild, 'SIGKILL');
    rig.outputs.close(slot);
  });

  test('spawn() restarts in the same pipes without output of the run before', async () => {
    const rig = new Rig();
    const config = logged('twice', 'sh -c "echo run"');
    const slot = rig.start(config);
    await rig.heard('exited');
    rig.again(slot, config);
    await rig.heard('exited', 2);
    assert.equal(logOf('twice'), 'run\nrun\n');
    rig.outputs.close(slot);
  });

  test('spawn() keeps argv[0] as written', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('argv', `sh -c 'tr "\\\\0" " " < /proc/$$/cmdline'`));
    await rig.heard('exited');
    assert.match(logOf('argv'), /^sh -c /);
    rig.outputs.close(slot);
  });

  test('spawn() says why a directory or a file could not be used, with exit status 127', async () => {
    const rig = new Rig();
    for (const [name, directory, reason] of [
      ['nodir', '/does/not/exist', 'ENOENT'],
      ['nofolder', '/etc/passwd', 'ENOTDIR'],
    ] as const) {
      const heard = rig.events.length;
      const slot = rig.start(logged(name, 'cat', { directory }));
      const { status } = await rig.heard('exited', heard / 2 + 1);
      assert.deepEqual(status, { kind: 'code', code: 127 });
      assert.equal(
        logOf(name, 'err'),
        `supervisor: couldn't chdir to ${directory}: ${reason}\nsupervisor: child process was not spawned\n`,
      );
      rig.outputs.close(slot);
    }
  });

  test('spawn() reports a missing command, and a log that cannot be opened, as spawn errors', async () => {
    const rig = new Rig();
    const missing = rig.start(logged('missing', '/does/not/exist'));
    assert.equal((await rig.heard('spawn-failed')).reason, "can't find command '/does/not/exist'");
    const badLog = rig.start(
      aProcess('badlog', { stdout: { ...aStream, logfile: { kind: 'file', path: '/does/not/exist/x' } } }),
    );
    const { reason } = await rig.heard('spawn-failed', 2);
    assert.equal(reason, "unknown error making dispatchers for 'badlog': ENOENT");
    rig.outputs.close(missing);
    rig.outputs.close(badLog);
  });

  test('hear() reports the end of what is stopped as a group when nothing is left of it', async () => {
    const rig = new Rig();
    const config = logged('whole', `sh -c "setsid sleep 1000 & echo $!; exec sleep 1001"`, { killasgroup: true });
    const slot = rig.start(config);
    const { pid } = await rig.heard('spawned');
    const grandchild = await until('the grandchild', () => Number(logOf('whole')) || undefined);
    rig.records.set('whole', { config, state: { name: 'STOPPING', pid, killAt: millis(0), kills: 1 } });
    rig.children.signal(pid, signal(9), { whom: 'process', purpose: undefined });
    await rig.heard('exited');
    assert.equal(startTimeOf(grandchild), undefined);
    rig.outputs.close(slot);
  });

  test('hear() asks the rest with the stop signal, and a SIGKILL for the leader ends the rest', async () => {
    const rig = new Rig();
    const script = join(folder, 'deaf.sh');
    writeFileSync(script, "trap 'echo asked' TERM\necho up\nwhile :; do sleep 0.05; done\n");
    const config = logged('asked', `sh -c "sh ${script} & exec sleep 1001"`, { killasgroup: true });
    const slot = rig.start(config);
    const { pid } = await rig.heard('spawned');
    await until('the tree', () => logOf('asked') === 'up\n' || undefined);
    rig.records.set('asked', { config, state: { name: 'STOPPING', pid, killAt: millis(0), kills: 0 } });
    rig.children.signal(pid, signal(15), { whom: 'process', purpose: undefined });
    await until('the rest was asked', () => logOf('asked').includes('asked\n') || undefined);
    assert.equal(rig.events.length, 1);
    assert.deepEqual(rig.children.signal(pid, signal(9), { whom: 'group', purpose: undefined }), ok(undefined));
    await rig.heard('exited');
    assert.deepEqual(rig.children.signal(pid, signal(9), { whom: 'group', purpose: undefined }), fail('ESRCH'));
    rig.outputs.close(slot);
  });

  test('spawn() makes pipes again that somebody removed', async () => {
    const rig = new Rig();
    const config = logged('swept', 'sh -c "echo run"');
    const slot = rig.start(config);
    await rig.heard('exited');
    rig.pipes.remove();
    rig.again(slot, config);
    await rig.heard('exited', 2);
    assert.equal(logOf('swept'), 'run\nrun\n');
    rig.outputs.close(slot);
  });

  test('open() opens what is there, even if not all can be made: its programs may run already', async () => {
    const rig = new Rig();
    const places = ['blocked', 'open'].map((name) => ({
      slot: { group: name, process: name },
      config: logged(name, 'sleep 1'),
    }));
    rig.pipes.make(['stdin', 'stdout', 'stderr'].map((stream) => ({ name: `open:open.${stream}`, user: undefined })));
    mkdirSync(rig.pipes.pathOf('blocked:blocked.stdout'));
    rig.outputs.open(places);
    for (const { slot } of places) rig.outputs.attach(slot);
    appendFileSync(rig.pipes.pathOf('open:open.stdout'), 'read\n');
    await until('the line', () => existsSync(join(folder, 'open.log')) && logOf('open') === 'read\n');
    for (const { slot } of places) rig.outputs.close(slot);
  });

  test('signal() reaches the child and its group, and nobody once it is gone', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('sig', 'sleep 1000'));
    const { pid } = await rig.heard('spawned');
    assert.deepEqual(rig.children.signal(pid, signal(15), whole), ok(undefined));
    const { status } = await rig.heard('exited');
    assert.deepEqual(status, { kind: 'signal', signal: 'SIGTERM', coreDumped: false });
    assert.equal(rig.children.signal(pid, signal(15), whole).ok, false);
    rig.outputs.close(slot);
  });

  test('write() feeds the standard input, and nothing of it to the next run', async () => {
    const rig = new Rig();
    const config = logged('stdin', 'head -n 1');
    const slot = rig.start(config);
    await rig.heard('spawned');
    assert.ok(rig.children.write(slot, Buffer.from('one\ntwo\n')).ok);
    await rig.heard('exited');
    assert.equal(logOf('stdin'), 'one\n');
    assert.equal(rig.children.write(slot, Buffer.from('x')).ok, false);
    rig.again(slot, config);
    await rig.heard('spawned', 2);
    assert.ok(rig.children.write(slot, Buffer.from('three\n')).ok);
    await rig.heard('exited', 2);
    assert.equal(logOf('stdin'), 'one\nthree\n');
    rig.outputs.close(slot);
  });

  test('write() is refused when the program closed its standard input', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('deaf', 'sh -c "exec 0<&-; echo closed; exec sleep 1000"'));
    const { pid } = await rig.heard('spawned');
    while (logOf('deaf') !== 'closed\n') await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(rig.children.write(slot, Buffer.from('x')), { ok: false, error: 'closed' });
    rig.children.signal(pid, signal(9), whole);
    await rig.heard('exited');
    rig.outputs.close(slot);
  });

  test('spawn() changes the user with all its groups, and the pipe can be opened again', {
    skip: process.getuid?.() === 0 ? false : 'needs root',
  }, async () => {
    const rig = new Rig();
    writeFileSync(join(folder, 'user.log'), '');
    const user = { name: 'nobody', uid: 65534, gid: 65534, gids: [65534, 12, 34] };
    const slot = rig.start(
      logged('user', `/bin/sh -c 'id -u; id -G; echo again > /dev/stdout'`, { user, environment: { A: '1' } }),
    );
    await rig.heard('exited');
    assert.equal(logOf('user'), '65534\n65534 12 34\nagain\n');
    rig.outputs.close(slot);
  });
});

describe('Spawner', () => {
  test('spawn() answers a request that comes again, and does it once', async () => {
    const rig = new Rig();
    const config = logged('again', 'sleep 1000');
    const slot = rig.start(config);
    const { pid, serial } = await rig.heard('spawned');
    rig.children.spawn({ slot, config, serial });
    assert.equal((await rig.heard('spawned', 2)).pid, pid);
    assert.deepEqual(
      rig.keeper.children.map((child) => child.pid),
      [pid],
    );
    rig.children.signal(pid, signal(9), whole);
    await rig.heard('exited');
    rig.outputs.close(slot);
  });

  test('signal() of one purpose is sent once', async () => {
    const rig = new Rig();
    const slot = rig.start(logged('once', `sh -c "trap 'echo term' TERM; echo up; while :; do sleep 0.01; done"`));
    const { pid } = await rig.heard('spawned');
    const line = async (text: string): Promise<void> => {
      while (!logOf('once').includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await line('up');
    const stop = { whom: 'process', purpose: 'stop-0' } as const;
    rig.children.signal(pid, signal(15), stop);
    await line('term');
    rig.children.signal(pid, signal(15), stop);
    rig.children.signal(pid, signal(9), whole);
    await rig.heard('exited');
    assert.equal(logOf('once'), 'up\nterm\n');
    rig.outputs.close(slot);
  });

  test('repeat() tells an end until it is acknowledged', async () => {
    const told: string[] = [];
    const keeper = new Spawner(
      atOnce((message) => told.push(message.op === 'exited' ? `exited ${message.seq}` : message.op)),
      {
        descriptorOf: () => assert.fail('no socket asked for'),
      },
    );
    const folderOf = new PipeFolder(mkdtempSync(join(folder, 'state-')));
    folderOf.make(['in', 'out'].map((name) => ({ name, user: undefined })));
    const plan = {
      file: '/bin/true',
      argv0: 'true',
      args: [],
      env: {},
      cwd: undefined,
      umask: undefined,
      stdin: { kind: 'pipe', path: folderOf.pathOf('in') },
      stdout: { kind: 'pipe', path: folderOf.pathOf('out') },
      stderr: { kind: 'pipe', path: folderOf.pathOf('out') },
    } as const;
    keeper.spawn({ op: 'spawn', id: 'g:p', serial: 1, plan });
    while (told.length < 2) await new Promise((resolve) => setImmediate(resolve));
    keeper.repeat();
    assert.deepEqual(told, ['spawned', 'exited 1', 'exited 1']);
    assert.equal(keeper.children.length, 1);
    keeper.acknowledge({ op: 'ack', seq: 1 });
    keeper.repeat();
    assert.equal(told.length, 3);
    assert.deepEqual(keeper.children, []);
  });

  test('adopt() watches a stranger, and tells its end as unknown', async () => {
    const told: string[] = [];
    const keeper = new Spawner(
      atOnce((message) => told.push(message.op === 'exited' ? message.status.kind : message.op)),
      {
        descriptorOf: () => assert.fail('no socket asked for'),
      },
    );
    const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const pid = stranger.pid ?? assert.fail('no pid');
    const startTime = startTimeOf(pid) ?? assert.fail('no start time');
    keeper.adopt({ op: 'adopt', id: 'g:p', serial: 3, pid, startTime, at: 0 });
    keeper.adopt({ op: 'adopt', id: 'g:q', serial: 3, pid, startTime: '1', at: 0 });
    assert.deepEqual(told, ['unknown']);
    keeper.signal({ op: 'signal', token: 't', pid, signal: 9, target: 'process' });
    while (told.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(told, ['unknown', 'signalled', 'unknown']);
  });
});

test('safeName() makes a file name of anything', () => {
  assert.equal(safeName('g:p_0.stdout'), 'g%3Ap_0.stdout');
  assert.equal(safeName('..'), '%2E.');
  assert.ok(safeName('日'.repeat(300)).length <= 200);
  assert.notEqual(safeName(`${'x'.repeat(300)}a`), safeName(`${'x'.repeat(300)}b`));
});
