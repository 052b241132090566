import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { MetricsFiles } from '../../src/host/metrics-files.ts';
import { mailQueue } from '../../src/host/metrics-mail.ts';
import { machineOf, processTable, statOf, thisMachine } from '../../src/host/metrics-proc.ts';
import { levelsOf, type Row } from '../../src/metrics/levels.ts';
import { type EpochMillis, epochMillis, seconds } from '../../src/units.ts';

const LEVELS = levelsOf(seconds(5));
const [HOUR, DAY] = LEVELS;
const ALL = epochMillis(0);
const START = 1_795_340_000_000;

const at = (index: number): EpochMillis => epochMillis(START + index * 5000);
const row = (index: number, names: readonly string[], width = 2): Row => ({
  at: at(index),
  names,
  values: Float32Array.from(names.flatMap((_name, column) => Array<number>(width).fill(index + column / 10))),
});

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'superd-metrics-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'metrics');
}

async function opened(t: TestContext, directory: string, maxbytes = 64 * 2 ** 20) {
  const problems: string[] = [];
  const files = new MetricsFiles({ directory, levels: LEVELS, maxbytes, onProblem: (text) => problems.push(text) });
  t.after(() => files[Symbol.dispose]());
  await files.open();
  return { files, problems };
}

const cpuOf = async (files: MetricsFiles, name: string, from = ALL): Promise<readonly number[]> =>
  (await files.points(HOUR, name, from)).map(({ cpu }) => Math.round(cpu * 10) / 10);

const segmentsIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name !== 'looked')
    .map((name) => join(directory, name));

suite('MetricsFiles', () => {
  test('reads again what it wrote, also of programs that joined and left', async (t) => {
    const directory = folder(t);
    const first = await opened(t, directory);
    first.files.append(HOUR, row(0, ['a']));
    first.files.append(HOUR, row(1, ['b', 'a']));
    first.files.append(HOUR, row(2, ['b']));
    first.files[Symbol.dispose]();
    const { files, problems } = await opened(t, directory);
    assert.deepEqual(problems, []);
    assert.deepEqual(await cpuOf(files, 'a'), [0, 1.1]);
    assert.deepEqual(await cpuOf(files, 'b'), [1, 2]);
    assert.deepEqual(await cpuOf(files, 'b', at(2)), [2]);
    assert.deepEqual(await cpuOf(files, 'c'), []);
    assert.equal(files.newest(HOUR), at(2));
    assert.equal(files.newest(DAY), undefined);
    files.append(HOUR, row(3, ['c', 'a']));
    assert.deepEqual(await cpuOf(files, 'a'), [0, 1.1, 3.1]);
    const rows: Row[] = [];
    for await (const each of files.rows(HOUR, at(1))) rows.push(each);
    assert.deepEqual(
      rows.map(({ names }) => names),
      [
        ['a', 'b'],
        ['a', 'b'],
        ['a', 'b', 'c'],
      ],
    );
    assert.equal(segmentsIn(directory).length, 1);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const path of segmentsIn(directory)) assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('cuts off a torn end, says so, and goes on behind it', async (t) => {
    const directory = folder(t);
    const first = await opened(t, directory);
    for (let index = 0; index < 3; index += 1) first.files.append(HOUR, row(index, ['a']));
    first.files[Symbol.dispose]();
    const [path = ''] = segmentsIn(directory);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 3));
    const { files, problems } = await opened(t, directory);
    assert.match(problems.join('\n'), /damaged: \d+ bytes are passed over/);
    files.append(HOUR, row(5, ['a']));
    files[Symbol.dispose]();
    const again = await opened(t, directory);
    assert.deepEqual(again.problems, []);
    assert.deepEqual(await cpuOf(again.files, 'a'), [0, 1, 5]);
  });

  test('begins anew where a file is no history at all', async (t) => {
    const directory = folder(t);
    const first = await opened(t, directory);
    first.files.append(HOUR, row(0, ['a']));
    first.files[Symbol.dispose]();
    const [path = ''] = segmentsIn(directory);
    writeFileSync(path, 'garbage');
    const { files, problems } = await opened(t, directory);
    assert.equal(problems.length, 1);
    files.append(HOUR, row(1, ['a']));
    assert.deepEqual(await cpuOf(files, 'a'), [1]);
  });

  test('leaves alone what a later superd wrote', async (t) => {
    const directory = folder(t);
    const first = await opened(t, directory);
    first.files.append(HOUR, row(0, ['a']));
    first.files[Symbol.dispose]();
    const [path = ''] = segmentsIn(directory);
    writeFileSync(path, 'sdm\u0002whatever');
    const { files, problems } = await opened(t, directory);
    assert.match(problems.join('\n'), /a later superd wrote it/);
    files.append(HOUR, row(1, ['a']));
    assert.equal(readFileSync(path, 'utf8'), 'sdm\u0002whatever');
    assert.equal(segmentsIn(directory).length, 1);
  });

  test('keeps within its size, and forgets the oldest first', async (t) => {
    const directory = folder(t);
    const maxbytes = 80_000;
    const { files } = await opened(t, directory, maxbytes);
    const names = Array.from({ length: 20 }, (_, index) => `g:p${index}`);
    const most = maxbytes * HOUR.share;
    for (let index = 0; index < 300; index += 1) {
      files.append(HOUR, row(index, names));
      const size = segmentsIn(directory).reduce((sum, path) => sum + statSync(path).size, 0);
      assert.ok(size <= most, `${size} bytes after ${index} rows`);
    }
    const kept = await cpuOf(files, 'g:p0');
    assert.equal(kept.at(-1), 299);
    assert.ok(kept.length > 20 && kept.length < 100, `${kept.length} rows`);
    assert.deepEqual(
      kept,
      kept.map((_, index) => 300 - kept.length + index),
    );
  });

  test('says that its size is too small for so many programs', async (t) => {
    const directory = folder(t);
    const { files, problems } = await opened(t, directory, 10_000);
    const names = Array.from({ length: 100 }, (_, index) => `g:p${index}`);
    for (let index = 0; index < 3; index += 1) files.append(HOUR, row(index, names));
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /metrics_maxbytes is too small for 100 processes/);
    assert.deepEqual(segmentsIn(directory), []);
    files.append(HOUR, row(3, ['a']));
    assert.deepEqual(await cpuOf(files, 'a'), [3]);
  });

  test('keeps within its size although names come and go', async (t) => {
    const directory = folder(t);
    const { files, problems } = await opened(t, directory, 80_000);
    for (let index = 0; index < 200; index += 1) {
      files.append(HOUR, row(index, [`g:p${index}`, 'a']));
      const size = segmentsIn(directory).reduce((sum, path) => sum + statSync(path).size, 0);
      assert.ok(size <= 80_000 * HOUR.share, `${size} bytes after ${index} rows`);
    }
    assert.deepEqual(problems, []);
    assert.equal((await cpuOf(files, 'a')).at(-1), 199.1);
  });

  test('forgets what is older than its level keeps', async (t) => {
    const directory = folder(t);
    const { files } = await opened(t, directory);
    for (let index = 0; index < 2 * 720; index += 1) files.append(HOUR, row(index, ['a']));
    const kept = await cpuOf(files, 'a');
    assert.ok(kept.length >= 720 && kept.length <= 720 * 1.26, `${kept.length} rows`);
    assert.ok(segmentsIn(directory).length <= 10);
  });

  test('keeps nothing with a size of 0', async (t) => {
    const directory = folder(t);
    const { files, problems } = await opened(t, directory, 0);
    files.append(HOUR, row(0, ['a']));
    assert.deepEqual(await cpuOf(files, 'a'), []);
    assert.deepEqual(problems, []);
  });

  test('says once that it cannot write, and when it can again', async (t) => {
    const directory = folder(t);
    const { files, problems } = await opened(t, directory);
    rmSync(directory, { recursive: true });
    for (let index = 0; index < 3; index += 1) files.append(HOUR, row(index, ['a']));
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /cannot write the history of use .*ENOENT/);
    files.rememberLook(at(0));
    files.append(HOUR, row(4, ['a']));
    assert.equal(problems.length, 2);
    assert.deepEqual(await cpuOf(files, 'a'), [4]);
  });

  test('remembers when somebody looked', async (t) => {
    const directory = folder(t);
    const { files } = await opened(t, directory);
    assert.equal(files.looked(), undefined);
    files.rememberLook(at(7));
    assert.equal((await opened(t, directory)).files.looked(), at(7));
  });

  test('takes rows of a clock that jumped back', async (t) => {
    const directory = folder(t);
    const { files } = await opened(t, directory);
    for (const index of [100, 101, 5, 6, 102]) files.append(HOUR, row(index, ['a']));
    assert.deepEqual(
      (await cpuOf(files, 'a')).toSorted((x, y) => x - y),
      [5, 6, 100, 101, 102],
    );
  });
});

suite('processTable()', () => {
  test('finds this process with its parent', async () => {
    const table = await processTable();
    const self = table.find(({ pid }) => pid === process.pid);
    assert.equal(self?.ppid, process.ppid);
    assert.equal(self?.startTime, statOf(process.pid)?.startTime);
    assert.ok((self?.pages ?? 0) * thisMachine().page > 10_000_000);
    assert.equal(statOf(0), undefined);
  });

  test('knows ticks and pages of the machine', () => {
    const words = (...values: readonly bigint[]): Buffer => Buffer.from(BigUint64Array.from(values).buffer);
    assert.deepEqual(machineOf(words(6n, 65_536n, 17n, 250n, 0n, 0n)), { ticks: 250, page: 65_536 });
    assert.deepEqual(machineOf(Buffer.alloc(5)), { ticks: 100, page: 4096 });
  });
});

test('mailQueue() counts what waits in all outboxes', async (t) => {
  const base = folder(t);
  assert.deepEqual(await mailQueue(base), { reports: 0, waiting: 0, failed: 0, oldest: undefined });
  for (const [box, part, name] of [
    ['one', 'waiting', '1795340000123-abc.json'],
    ['one', 'reports', '1795340000999-abd.json'],
    ['two', 'failed', '1700000000000-abe.json'],
    ['two', 'waiting', 'tmp'],
  ] as const) {
    mkdirSync(join(base, box, part), { recursive: true });
    appendFileSync(join(base, box, part, name), '');
  }
  assert.deepEqual(await mailQueue(base), {
    reports: 1,
    waiting: 1,
    failed: 1,
    oldest: epochMillis(1_795_340_000_123),
  });
});
