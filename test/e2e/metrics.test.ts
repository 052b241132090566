import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { isList, isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { brainOf, cpuSeconds, program, script, smallDisk } from '../support/faults.ts';
import { needs } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const SECOND = '[supervisord]\nmetrics_interval=1\n';

interface Usage {
  readonly cpu: number;
  readonly rss: number;
  readonly processes: number;
}

const numberIn = (value: XmlValue | undefined): number =>
  typeof value === 'number' ? value : assert.fail('no number');

async function usageOf(daemon: Daemon, name: string): Promise<Usage | undefined> {
  const rows = await daemon.rpc('superd.getUsage');
  const found = isList(rows) ? rows.find((row) => isStruct(row) && row['name'] === name) : assert.fail();
  if (!isStruct(found)) return undefined;
  return { cpu: numberIn(found['cpu']), rss: numberIn(found['rss']), processes: numberIn(found['processes']) };
}

/** The known values of processor use in the last minutes, and when the first of them was. */
async function historyOf(daemon: Daemon, name: string) {
  const answer = await daemon.rpc('superd.getUsageHistory', name, 600, 600);
  if (!isStruct(answer) || !isList(answer['cpu'])) return assert.fail('no history');
  const [start, step] = [numberIn(answer['start']), numberIn(answer['step'])];
  const known = answer['cpu'].flatMap((value, index) => (numberIn(value) < 0 ? [] : [start + index * step]));
  return known;
}

async function scrape(daemon: Daemon): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = request({ socketPath: daemon.socket, path: '/metrics', agent: false });
  call.on('error', reject).on('response', (response) => {
    assert.equal(response.statusCode, 200);
    text(response).then(resolve, reject);
  });
  call.end();
  return promise;
}

const stateOf = (daemon: Daemon): string => join(daemon.dir, 'main.state/metrics');
const bytesIn = (folder: string): number =>
  existsSync(folder) ? readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) : 0;

/** How often the main thread of a process went to sleep of itself: an idle one does not wake up. */
const sleepsOf = (pid: number): number =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8'))?.[1]);

/** Spins in a grandchild that leads a session of its own, beside a sleeping child. */
const TREE = script('tree', 'sleep 1000 &\nsh -c "setsid sh -c \\"while :; do :; done\\" & wait" &\nwait\n');
/** Its child's parent ends at once: the child is found by its session. */
const ORPHAN = script('orphan', 'sh -c "sleep 1000 &"\nexec sleep 1000\n');
/** All of its use is that of children that live for a moment. */
const BURSTS = script('bursts', 'while :; do sh -c :; done\n');

describe('metrics', () => {
  test('tell what whole trees use, whoever is whose parent', async (t) => {
    const daemon = await startDaemon(t, {
      config: SECOND + TREE.section + ORPHAN.section + BURSTS.section + program('idle', 'sleep 1000'),
      files: { ...TREE.file, ...ORPHAN.file, ...BURSTS.file },
    });
    for (const name of ['tree', 'orphan', 'bursts', 'idle']) await daemon.reaches(name, 'RUNNING');
    const tree = await until('the tree spins', async () => {
      const usage = await usageOf(daemon, 'tree');
      return usage?.processes === 4 && usage.cpu > 2 && usage;
    });
    const { pid } = await daemon.status('tree');
    const resident = daemon
      .tree(pid)
      .map((each) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${each.pid}/status`, 'utf8'))?.[1]) * 1024)
      .reduce((sum, rss) => sum + rss);
    assert.ok(Math.abs(tree.rss - resident) < 0.5 * resident, `${tree.rss} is not near ${resident}`);
    await until('an orphan is found', async () => (await usageOf(daemon, 'orphan'))?.processes === 2);
    await until('short lives count', async () => ((await usageOf(daemon, 'bursts'))?.cpu ?? 0) > 2);
    const idle = await usageOf(daemon, 'idle');
    assert.equal(idle?.processes, 1);
    assert.ok(idle.cpu < 1);
    await daemon.rpc('supervisor.stopProcess', 'tree');
    assert.equal(await usageOf(daemon, 'tree'), undefined);
    assert.equal(await daemon.stop(), 0);
  });

  test('cost nothing while nobody looks: no file, no timer', async (t) => {
    const daemon = await startDaemon(t, { config: SECOND + program('idle', 'sleep 1000') });
    await daemon.reaches('idle', 'RUNNING');
    const brain = await brainOf(daemon);
    const sleeps = (): number => sleepsOf(brain) + sleepsOf(daemon.pid);
    const during = async (milliseconds: number): Promise<number> => {
      const before = sleeps();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return sleeps() - before;
    };
    // What the start and the test itself had to do must be over; V8 would look for garbage every eight seconds.
    await until('brain and keeper sleep', async () => (await during(10_000)) === 0);
    assert.equal(existsSync(stateOf(daemon)), false);
    await daemon.rpc('superd.getUsage');
    await until('the brain is awake', async () => (await during(4000)) >= 4);
    assert.equal(existsSync(stateOf(daemon)), true);
  });

  test('remember over the death of the brain, and over a restart of the daemon', async (t) => {
    const daemon = await startDaemon(t, { config: SECOND + program('idle', 'sleep 1000') });
    await daemon.reaches('idle', 'RUNNING');
    const before = await until('some history', async () => {
      const known = await historyOf(daemon, 'idle');
      return known.length >= 3 && known;
    });
    const size = bytesIn(stateOf(daemon));
    process.kill(await brainOf(daemon), 'SIGKILL');
    await until('sampling goes on without a new look', () => bytesIn(stateOf(daemon)) > size + 100);
    const after = await until('the next brain answers', () => historyOf(daemon, 'idle').catch(() => undefined));
    for (const time of before) assert.ok(after.includes(time), `${time} is not in ${after.join(' ')}`);
    assert.ok(after.length > before.length);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
    await daemon.start();
    await daemon.reaches('idle', 'RUNNING');
    const again = await historyOf(daemon, 'idle');
    for (const time of before) assert.ok(again.includes(time));
  });

  test('of a torn file are reported and go on', async (t) => {
    const daemon = await startDaemon(t, { config: SECOND + program('idle', 'sleep 1000') });
    await until('some history', async () => (await historyOf(daemon, 'idle')).length >= 2);
    const before = await historyOf(daemon, 'idle');
    await daemon.stop();
    const [name = ''] = readdirSync(stateOf(daemon)).filter((each) => each.startsWith('hour'));
    await daemon.run('truncate', '-s', '-5', join(stateOf(daemon), name));
    await daemon.start();
    await until('more history', async () => (await historyOf(daemon, 'idle')).length > before.length);
    assert.match(daemon.log(), /the history of use in .* is damaged: \d+ bytes are passed over/);
  });

  test('on a full disk are only in memory, and on disk again when there is room', async (t) => {
    const disk = smallDisk(t, 8192);
    if ('skip' in disk) return t.skip(disk.skip);
    const many =
      '[program:p]\ncommand=sleep 1000\nnumprocs=100\nprocess_name=p%(process_num)d\nstdout_logfile=NONE\nstderr_logfile=NONE\n';
    const config = `[supervisord]\nmetrics_interval=1\nstatedir=${disk.path}/state\n${many}`;
    const daemon = await startDaemon(t, { config });
    await until('a sample', () => usageOf(daemon, 'p:p0'));
    const ballast = join(disk.path, 'ballast');
    await execa('sh', ['-c', `cat /dev/zero > ${ballast}`], { reject: false });
    await until('the trouble is told', () => daemon.log().includes('cannot write the history of use'));
    const { pid } = await daemon.status('p:p0');
    assert.ok((await usageOf(daemon, 'p:p0')) !== undefined);
    await daemon.run('rm', ballast);
    await until('it is written again', () => daemon.log().includes('the history of use is written again'));
    assert.equal((await daemon.status('p:p0')).pid, pid);
    await daemon.stop();
  });

  test('with off are not sampled, and /metrics tells all else', async (t) => {
    const daemon = await startDaemon(t, { config: `[supervisord]\nmetrics=off\n${program('idle', 'sleep 1000')}` });
    await assert.rejects(daemon.rpc('superd.getUsage'), /metrics=off/);
    const exposition = await scrape(daemon);
    assert.match(exposition, /^superd_process_state\{group="idle",process="idle",state="RUNNING"\} /m);
    assert.doesNotMatch(exposition, /superd_process_cpu_seconds_total/);
    const { stdout, status } = await daemon.superctl('top');
    assert.match(stdout, /metrics=off/);
    assert.notEqual(status, 0);
    assert.equal(existsSync(stateOf(daemon)), false);
  });

  test('are what promtool accepts, whatever programs are called', needs('promtool'), async (t) => {
    const config = [
      SECOND,
      program('once', 'true', 'startsecs=0', 'autorestart=false'),
      program('wrong', 'sh -c "exit 3"', 'startsecs=0', 'autorestart=false'),
      program('odd', 'sleep 1000', 'startsecs=0', 'process_name=a"b\\c{}=,é'),
      '[eventlistener:ear]\ncommand=cat\nevents=EVENT\n',
    ].join('\n');
    const daemon = await startDaemon(t, { config });
    await daemon.reaches('wrong', 'EXITED');
    await daemon.reaches('once', 'EXITED');
    const exposition = await until('odd is sampled', async () => {
      const found = await scrape(daemon);
      return found.includes('superd_process_cpu_seconds_total{group="odd"') && found;
    });
    const checked = await execa('promtool', ['check', 'metrics'], { input: exposition, reject: false });
    assert.deepEqual([checked.exitCode, checked.stdout, checked.stderr], [0, '', '']);
    for (const line of [
      'superd_process_up{group="odd",process="a\\"b\\\\c{}=,é"} 1',
      'superd_process_exits_total{group="once",process="once",cause="expected"} 1',
      'superd_process_exits_total{group="wrong",process="wrong",cause="unexpected"} 1',
      'superd_process_state{group="wrong",process="wrong",state="EXITED"} 1',
    ]) {
      assert.ok(exposition.split('\n').includes(line), `${line}\n${exposition}`);
    }
    assert.match(exposition, /^superd_listener_buffered_events\{group="ear"\} \d+$/m);
    assert.match(exposition, /^superd_resident_memory_bytes\{part="keeper"\} [1-9]\d{6,}$/m);
    assert.match(exposition, /^superd_event_loop_delay_seconds_count [1-9]/m);
  });

  test('are for those who may look', async (t) => {
    const port = await freePort();
    const daemon = await startDaemon(t, {
      config: `[inet_http_server]\nport=127.0.0.1:${port}\nusername=u\npassword=p\n`,
    });
    const ask = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask({ authorization: `Basic ${btoa('u:p')}` })).status, 200);
    await daemon.stop();
  });

  test('are shown by superctl top and stats', async (t) => {
    const daemon = await startDaemon(t, { config: SECOND + program('idle', 'sleep 1000') });
    await daemon.reaches('idle', 'RUNNING');
    const top = await daemon.superctl('top', '--sort', 'name');
    assert.match(top.stdout, /^idle +RUNNING +\d+\.\d% +\d+(\.\d)?[KM] +1 {2}pid \d+, uptime/m);
    await until('some history', async () => (await historyOf(daemon, 'idle')).length >= 2);
    const stats = await daemon.superctl('stats', 'idle');
    assert.match(
      stats.stdout,
      /^idle: now \d+\.\d% of one core, .* in 1 process\n[^]*\n7 days\n {2}cpu +\d+\.\d% .*[▁-█]$/m,
    );
    const json = JSON.parse((await daemon.superctl('stats', '--json', 'idle')).stdout);
    assert.equal(json[0].namespec, 'idle');
  });

  test('of 500 programs cost less than 1 % of a core at one sample in 5 seconds', async (t) => {
    const config = `${SECOND}[program:p]\ncommand=sleep 1000\nnumprocs=500\nprocess_name=p%(process_num)d\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n`;
    const daemon = await startDaemon(t, { config });
    await daemon.reaches('p:p499', 'RUNNING');
    const brain = await brainOf(daemon);
    await daemon.rpc('superd.getUsage');
    const count = (): number => {
      const [name = ''] = readdirSync(stateOf(daemon)).filter((each) => each.startsWith('hour'));
      return name === '' ? 0 : statSync(join(stateOf(daemon), name)).size;
    };
    const row = 24 + 500 * 8;
    await until('sampling is under way', () => count() > 5 * row);
    const [cpu, size] = [cpuSeconds(brain), count()];
    await until('twenty samples', () => count() >= size + 20 * row);
    const each = (cpuSeconds(brain) - cpu) / ((count() - size) / row);
    t.diagnostic(
      `${(each * 1000).toFixed(1)} ms of processor time a sample: ${((100 * each) / 5).toFixed(2)} % every 5 s`,
    );
    assert.ok(each < 0.05, `${each} s a sample`);
    await daemon.stop();
  });
});
