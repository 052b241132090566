import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type OpenedWorld, readWorld, WORLD_VERSION, WorldFile } from '../../src/host/world-file.ts';
import { crc32 } from '../../src/journal/crc.ts';
import { replay, type SavedChange } from '../../src/supervisor/saved.ts';
import { newProcess } from '../../src/supervisor/world.ts';
import { aConfig, aGroup, aProcess } from '../support/config.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'superd-world-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(folder, 'state-'));

const BOOT = 'this boot';
const config = aConfig([aGroup('x')]);
const { config: _, ...record } = newProcess('x', aProcess('x'));
const CHANGES: readonly SavedChange[] = [
  { kind: 'group', config: aGroup('x'), due: ['x'] },
  { kind: 'config', booted: config, read: config },
  { kind: 'process', record: { ...record, spawns: 1, spawnError: 'größer ✓' } },
  { kind: 'logs', group: 'x', process: 'x', stdout: '/a b', stderr: '' },
  { kind: 'mood', mood: 'SHUTDOWN' },
];

function open(statedir: string, boot = BOOT, problems: string[] = []): OpenedWorld {
  const opened = WorldFile.open(statedir, boot, (text) => problems.push(text));
  return opened.ok ? opened.value : assert.fail(opened.error);
}

/** A state directory with a world of these changes. */
function written(changes: readonly SavedChange[] = CHANGES): {
  readonly statedir: string;
  readonly path: string;
  readonly content: Buffer;
} {
  const statedir = newFolder();
  const { file } = open(statedir);
  for (const change of changes) file.save(change);
  const path = join(statedir, 'world');
  return { statedir, path, content: readFileSync(path) };
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const sealed = (json: string): string => `${crc32(Buffer.from(json)).toString(16).padStart(8, '0')} ${json}\n`;

describe('WorldFile', () => {
  test('open() gives what was saved to the next brain, which goes on with the same mark', () => {
    const { statedir, path } = written();
    const { file, changes } = open(statedir);
    assert.deepEqual(plain(changes), plain(CHANGES));
    file.save({ kind: 'mood', mood: 'RUNNING' });
    assert.equal(open(statedir).changes.length, CHANGES.length + 1);
    assert.equal(open(statedir).file.mark, file.mark);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('open() keeps whole records of a file that is torn at any byte, and goes on behind them', () => {
    const short = CHANGES.slice(3);
    const { path, content, statedir } = written(short);
    const header = content.indexOf(0x0a) + 1;
    for (let length = 0; length < content.length; length += 1) {
      writeFileSync(path, content.subarray(0, length));
      const problems: string[] = [];
      const { file, changes } = open(statedir, BOOT, problems);
      const whole = content.subarray(0, length).filter((byte) => byte === 0x0a).length - 1;
      assert.deepEqual(plain(changes), plain(short.slice(0, Math.max(0, whole))));
      assert.equal(problems.length, length > header && content[length - 1] !== 0x0a ? 1 : 0);
      file.save({ kind: 'serial', next: 7 });
      assert.deepEqual(open(statedir).changes.at(-1), { kind: 'serial', next: 7 });
    }
  });

  test('open() reads up to a record that was spoilt', () => {
    const { path, content, statedir } = written();
    const lines = content.toString().split('\n');
    for (let spoilt = 1; spoilt < lines.length - 1; spoilt += 1) {
      const other = lines.map((line, at) => (at === spoilt ? line.replace('"kind"', '"kinb"') : line));
      writeFileSync(path, other.join('\n'));
      assert.equal(open(statedir).changes.length, spoilt - 1);
    }
  });

  test('open() refuses the file of a newer superd, and leaves it untouched', () => {
    const { path, statedir, content } = written();
    const lines = content.toString().split('\n');
    lines[0] = sealed(JSON.stringify({ version: WORLD_VERSION + 1, boot: BOOT, mark: 'm' })).trimEnd();
    writeFileSync(path, `${lines.join('\n')}torn`);
    const before = readFileSync(path);
    const opened = WorldFile.open(statedir, BOOT, () => assert.fail('a problem'));
    assert.equal(opened.ok ? '' : opened.error, `cannot use ${path}: it was written by a newer superd (version 2)`);
    assert.deepEqual(readFileSync(path), before);
  });

  test('open() forgets the world of another boot, and keeps the mark', () => {
    const { statedir } = written();
    const { mark } = open(statedir).file;
    const { file, changes } = open(statedir, 'another boot');
    assert.deepEqual(changes, []);
    assert.equal(file.mark, mark);
    assert.deepEqual(open(statedir).changes, []);
  });

  test('open() begins anew where there is nothing, or nothing that can be read', () => {
    for (const content of ['', 'x', '\n\n', 'garbage\ngarbage\n', sealed('{"version":1}').slice(1)]) {
      const statedir = newFolder();
      writeFileSync(join(statedir, 'world'), content);
      const { file, changes } = open(statedir);
      assert.deepEqual(changes, []);
      assert.match(file.mark, /^[0-9a-f-]{36}$/);
    }
    assert.equal(readWorld(Buffer.of()), undefined);
  });

  test('rewrite() leaves out what was overtaken, and nothing else', () => {
    const { statedir, path } = written();
    const { file } = open(statedir);
    for (let count = 0; count < 100; count += 1) file.save({ kind: 'serial', next: count });
    const before = statSync(path).size;
    file.snapshot = () => CHANGES;
    file.rewrite();
    assert.ok(statSync(path).size < before);
    file.save({ kind: 'serial', next: 8 });
    assert.deepEqual(plain(open(statedir).changes), plain([...CHANGES, { kind: 'serial', next: 8 }]));
  });

  test('save() rewrites a file that has grown much', () => {
    const { statedir, path } = written();
    const { file } = open(statedir);
    file.snapshot = () => CHANGES;
    const long: SavedChange = { kind: 'removed', group: 'x'.repeat(2 ** 20) };
    for (let count = 0; count < 4; count += 1) file.save(long);
    assert.ok(statSync(path).size < 2 ** 20);
    assert.deepEqual(plain(open(statedir).changes), plain(CHANGES));
  });

  test('save() on a full disk says so once, cuts off what is torn, and makes good for it when there is room', async () => {
    const { statedir, path, content } = written();
    const problems: string[] = [];
    const { file } = open(statedir, BOOT, problems);
    file.snapshot = () => [...CHANGES, { kind: 'serial', next: 2 }];
    withLargestFile(content.length + 10, () => {
      for (const next of [0, 1, 2]) file.save({ kind: 'serial', next });
      assert.deepEqual(readFileSync(path), content);
    });
    assert.deepEqual(problems, [`cannot write ${path}: EFBIG; a brain that dies now forgets what changes`]);
    await until('it is written again', () => problems.length > 1);
    assert.deepEqual(problems.slice(1), [`${path} is written again`]);
    file.save({ kind: 'serial', next: 3 });
    assert.deepEqual(
      plain(open(statedir).changes),
      plain([...CHANGES, { kind: 'serial', next: 2 }, { kind: 'serial', next: 3 }]),
    );
  });

  test('rewrite() on a full disk keeps the old file, which goes on', () => {
    const { statedir, path, content } = written();
    const problems: string[] = [];
    const { file } = open(statedir, BOOT, problems);
    file.snapshot = () => CHANGES;
    withLargestFile(100, () => file.rewrite());
    assert.deepEqual(readFileSync(path), content);
    assert.equal(statSync(`${path}.new`, { throwIfNoEntry: false }), undefined);
    file.save({ kind: 'serial', next: 9 });
    assert.equal(open(statedir).changes.length, CHANGES.length + 1);
  });

  test('forget() leaves nothing', () => {
    const { statedir, path } = written();
    open(statedir).file.forget();
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
    assert.equal(replay(open(statedir).changes), undefined);
  });
});

/** A limit of file sizes is as good as a full disk: a write is cut short, the next one fails. */
function withLargestFile(bytes: number, run: () => void): void {
  const limit = (soft: string): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:`]);
  };
  limit(String(bytes));
  try {
    run();
  } finally {
    limit('unlimited');
  }
}
