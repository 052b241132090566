/** Cases of the field survey (D3) that concern what programs write, and where to. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { Daemon, privateDirectory, startDaemon } from '../../support/daemon.ts';
import { brainOf, memoryOf, program, script, smallDisk } from '../../support/faults.ts';
import { needs } from '../../support/peers.ts';
import { until } from '../../support/until.ts';

/** Fills what is left of a disk. @returns how to free it again */
function fill(path: string): () => void {
  const file = join(path, 'filler');
  const fd = openSync(file, 'w');
  try {
    for (const size of [64 * 1024, 4096, 64]) {
      const block = Buffer.alloc(size);
      for (let written = size; written === size; ) written = writeOrNothing(fd, block);
    }
  } finally {
    closeSync(fd);
  }
  return () => rmSync(file);
}

function writeOrNothing(fd: number, block: Uint8Array): number {
  try {
    return writeSync(fd, block);
  } catch {
    return 0;
  }
}

describe('a full disk', { concurrency: 2 }, () => {
  test('D3 #16 stops no program; what is lost is counted to the byte, and writing goes on by itself', async (t) => {
    const disk = smallDisk(t, 1024);
    if ('skip' in disk) return t.skip(disk.skip);
    const { section, file } = script(
      'loud',
      'head -c 3000000 /dev/zero\n: > written\nwhile [ ! -e go ]; do sleep 0.05; done\necho after\nexec sleep 1000\n',
      'directory=%(here)s',
      `stdout_logfile=${disk.path}/loud.log`,
      'stdout_logfile_maxbytes=0',
    );
    const daemon = new Daemon(privateDirectory(t), { config: section, files: file });
    const filler = join(disk.path, 'filler');
    writeFileSync(filler, Buffer.alloc(500_000));
    await daemon.start();
    await until('the program has written everything', () => existsSync(join(daemon.dir, 'written')));
    assert.match(daemon.log(), /ERRO cannot write \S+loud\.log: ENOSPC/);
    await daemon.reaches('loud', 'RUNNING');
    rmSync(filler);
    const lost = await until(
      'writing goes on',
      () => /ERRO can write \S+loud\.log again; (\d+) bytes were lost/.exec(daemon.log())?.[1],
    );
    writeFileSync(join(daemon.dir, 'go'), '');
    await until('the line', () => readFileSync(join(disk.path, 'loud.log'), 'latin1').endsWith('after\n'));
    assert.equal(statSync(join(disk.path, 'loud.log')).size + Number(lost), 3_000_006);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #16 under superd’s own state keeps nobody from starting and stopping, and is made good later', async (t) => {
    const disk = smallDisk(t, 512);
    if ('skip' in disk) return t.skip(disk.skip);
    const daemon = await startDaemon(t, {
      config: `[supervisord]\nstatedir=${disk.path}/state\n${program('a', 'sleep 1000')}${program('b', 'sleep 1001')}`,
    });
    const { pid } = await daemon.reaches('a', 'RUNNING');
    await daemon.reaches('b', 'RUNNING');
    const free = fill(disk.path);
    // Something of the journal or the world no longer fits.
    await until('the disk is felt', async () => {
      await daemon.rpc('supervisor.stopProcess', 'b');
      await daemon.rpc('supervisor.startProcess', 'b');
      return (
        /CRIT cannot write to the journal: ENOSPC/.test(daemon.log()) &&
        /ERRO cannot write \S+world: ENOSPC/.test(daemon.log())
      );
    });
    assert.equal(await daemon.rpc('supervisor.stopProcess', 'b'), true);
    free();
    await until('the world is written again', () => /ERRO \S+world is written again/.test(daemon.log()));
    process.kill(await brainOf(daemon), 'SIGKILL');
    await until('the next brain', () => daemon.log().includes('back again: 1 processes go on'));
    assert.deepEqual((await daemon.reaches('a', 'RUNNING')).pid, pid);
    assert.equal((await daemon.status('b')).state, 'STOPPED');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});

describe('a log', { concurrency: 4 }, () => {
  const TICK = 'n=0\nwhile :; do n=$((n+1)); echo "tick $n"; sleep 0.05; done\n';

  test('D3 #17 that is deleted comes back, one that is emptied has no hole, and no program waits', async (t) => {
    const { section, file } = script('tick', TICK, 'stdout_logfile=%(here)s/tick.log');
    const daemon = await startDaemon(t, { config: section, files: file });
    const path = join(daemon.dir, 'tick.log');
    const has = (): boolean => existsSync(path) && daemon.read('tick.log').split('\n').length > 5;
    await until('output', has);
    rmSync(path);
    await until('output in a new file', has);
    truncateSync(path);
    await until('output in the empty file', has);
    assert.match(daemon.read('tick.log'), /^(tick \d+\n)+$/);
    // A renamed log is somebody's rotation: SIGUSR2 will follow, and till then nothing goes astray.
    renameSync(path, `${path}.1`);
    process.kill(daemon.pid, 'SIGUSR2');
    await until('output after the rotation', has);
    const numbers = (daemon.read('tick.log.1') + daemon.read('tick.log')).match(/\d+/g)?.map(Number) ?? [];
    assert.ok(
      numbers.every((number, at) => at === 0 || number === (numbers[at - 1] ?? 0) + 1),
      'no line is missing',
    );
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('D3 #18 may be a named pipe or a link, without rotation of either; a directory is a spawn error', async (t) => {
    const dir = privateDirectory(t);
    mkdirSync(join(dir, 'folder'));
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    writeFileSync(join(dir, 'foreign'), 'precious\n');
    symlinkSync('foreign', join(dir, 'link'));
    const to = (name: string, ...lines: readonly string[]): string =>
      program(
        name,
        'sh -c "head -c 300000 /dev/zero; echo; exec sleep 1000"',
        `stdout_logfile=%(here)s/${name}`,
        ...lines,
      );
    const daemon = new Daemon(dir, {
      config:
        to('fifo', 'stdout_logfile_maxbytes=1000', 'stdout_logfile_backups=2') +
        to('link', 'stdout_logfile_maxbytes=0') +
        to('folder', 'startretries=0'),
    });
    await daemon.start();
    await daemon.reaches('folder', 'FATAL');
    assert.match(daemon.log(), /spawnerr: unknown error making dispatchers for 'folder': EISDIR/);
    // Nobody reads the pipe, and the program goes on all the same.
    await daemon.reaches('fifo', 'RUNNING');
    await until('the foreign file', () => daemon.read('foreign').length === 300_010);
    assert.match(daemon.read('foreign'), /^precious\n\0+\n$/);
    assert.ok(!existsSync(join(dir, 'fifo.1')));
    assert.equal(await daemon.stop(), 0);
    // The test's own pipe is no leftover of the daemon.
    rmSync(join(dir, 'fifo'));
    daemon.assertQuiet();
  });

  test(
    'D3 #20 holds every byte as it was written, and clients and browsers get what they can bear',
    needs('supervisorctl'),
    async (t) => {
      const bytes = Buffer.from([0xff, 0xfe, 0, 0x1b, 0x5b, 0x32, 0x4a, 0x1b, 0x5d, 0x30, 0x3b, 0x78, 7, 0xc3, 0x28]);
      const bomb = Buffer.concat([bytes, Buffer.from('<script>alert(1)</script>&\r\n')]);
      const { section } = script('bomb', '', 'stdout_logfile=%(here)s/bomb.log');
      const dir = privateDirectory(t);
      writeFileSync(join(dir, 'bomb.bin'), bomb);
      const daemon = new Daemon(dir, { config: section, files: { 'bomb.sh': 'cat bomb.bin\nexec sleep 1000\n' } });
      await daemon.start();
      await until('the bytes', () => statSync(join(dir, 'bomb.log')).size === bomb.length);
      assert.deepEqual(readFileSync(join(dir, 'bomb.log')), bomb);
      const tail = await daemon.supervisorctl('tail', 'bomb');
      assert.equal(tail.status, 0, tail.stdout + tail.stderr);
      assert.match(tail.stdout, /<script>alert\(1\)<\/script>&/);
      const page = await get(daemon, '/tail.html?processname=bomb');
      assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;/);
      assert.doesNotMatch(page, /<script>alert/);
      assert.equal(await daemon.stop(), 0);
      daemon.assertQuiet();
    },
  );
});

function get(daemon: Daemon, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = request({ socketPath: daemon.socket, path, agent: false });
  call.on('error', reject).on('response', (response) => {
    text(response).then(resolve, reject);
  });
  call.end();
  return promise;
}

describe('a flood', () => {
  test('D3 #19 of output, in one line without an end, costs no memory, and clients are answered meanwhile', async (t) => {
    const { section, file } = script(
      'flood',
      'head -c 400000000 /dev/zero\n: > written\nexec sleep 1000\n',
      'directory=%(here)s',
      'stdout_logfile=%(here)s/flood.log',
      'stdout_logfile_maxbytes=1MB',
      'stdout_logfile_backups=1',
      'autostart=false',
    );
    const daemon = await startDaemon(t, { config: section, files: file });
    const brain = await brainOf(daemon);
    const before = memoryOf(brain);
    assert.equal(await daemon.rpc('supervisor.startProcess', 'flood', false), true);
    let most = 0;
    await until('everything is written', async () => {
      most = Math.max(most, memoryOf(brain));
      await daemon.status('flood');
      return existsSync(join(daemon.dir, 'written'));
    });
    assert.ok(most < before + 60, `${most} MiB after ${before} MiB`);
    assert.ok(statSync(join(daemon.dir, 'flood.log')).size <= 1_200_000);
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });
});
