import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { makeFolder, removeFolder } from '../../src/host/memory-folder.ts';
import { removeTree } from '../support/remove.ts';

const TMPFS = 0x01021994;
/** Where a folder of root goes; undefined where nothing is in memory, and for other users. */
const place =
  process.getuid?.() === 0
    ? ['/run', '/dev/shm'].find((path) => existsSync(path) && statfsSync(path).type === TMPFS)
    : undefined;
const needsMemory = { skip: place === undefined ? 'not root, or no file system in memory' : false };

/** Mounts that nobody else sees. */
const needsMounts = {
  skip:
    process.getuid?.() !== 0 || spawnSync('unshare', ['-m', 'mount', '--make-rprivate', '/']).status !== 0
      ? 'may not mount'
      : false,
};

function parent(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'superd-folder-'));
  t.after(() => removeTree(dir));
  return dir;
}

suite('makeFolder() and removeFolder()', () => {
  test('a folder is private, is made once, and vanishes with what is in it', (t) => {
    const path = join(parent(t), 'state', 'pipes');
    makeFolder(path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    writeFileSync(join(path, 'x'), '');
    makeFolder(path);
    assert.deepEqual(readdirSync(path), ['x']);
    const where = realpathSync(path);
    removeFolder(path);
    assert.equal(lstatSync(path, { throwIfNoEntry: false }), undefined);
    assert.equal(existsSync(where), false);
    removeFolder(path);
  });

  test('for root it is in memory', needsMemory, (t) => {
    const path = join(parent(t), 'pipes');
    makeFolder(path);
    assert.equal(statfsSync(path).type, TMPFS);
    assert.match(readlinkSync(path), new RegExp(`^${place}/superd-pipes-[A-Za-z0-9]{6}$`));
  });

  test('what has room for few files only is left to others', needsMounts, (t) => {
    const path = join(parent(t), 'pipes');
    const module = join(import.meta.dirname, '../../src/host/memory-folder.ts');
    const script = `import(${JSON.stringify(module)}).then(({ makeFolder }) => makeFolder(${JSON.stringify(path)}))`;
    const mount = (place: string): string => `mount -t tmpfs -o nr_inodes=50 tmpfs ${place}`;
    const mounts = `mount --make-rprivate / && ${mount('/run')} && ${mount('/dev/shm')} && exec "$0" -e "$1"`;
    execFileSync('unshare', ['-m', 'sh', '-c', mounts, process.execPath, script]);
    assert.ok(lstatSync(path).isDirectory());
  });

  test('after a start of the machine, when the link leads nowhere, it is made anew', needsMemory, (t) => {
    const path = join(parent(t), 'pipes');
    makeFolder(path);
    rmSync(realpathSync(path), { recursive: true });
    makeFolder(path);
    assert.deepEqual(readdirSync(path), []);
  });

  test("a folder that is there stays where it is, and somebody else's link is not followed to be emptied", (t) => {
    const dir = parent(t);
    const path = join(dir, 'pipes');
    mkdirSync(path);
    makeFolder(path);
    assert.ok(lstatSync(path).isDirectory());
    removeFolder(path);
    const theirs = join(dir, 'theirs');
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'precious'), '');
    symlinkSync(theirs, path);
    makeFolder(path);
    assert.deepEqual(readdirSync(path), ['precious']);
    removeFolder(path);
    assert.deepEqual(readdirSync(theirs), ['precious']);
    assert.equal(existsSync(path), false);
  });
});
