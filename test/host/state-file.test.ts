import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DisabledFile } from '../../src/host/disabled-file.ts';
import { PoolPositions } from '../../src/host/pool-positions.ts';
import { readState, writeState } from '../../src/host/state-file.ts';

function aDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'superd-state-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('writeState() replaces a file whole, for its owner only, and leaves nothing beside it', (t) => {
  const directory = aDirectory(t);
  const file = join(directory, 'sub/x.json');
  writeFileSync(join(directory, 'unrelated'), '');
  assert.ok(writeState(file, { version: 1, a: 'b' }).ok);
  assert.ok(writeState(file, { version: 1, a: 'c' }).ok);
  assert.deepEqual(readState(file, 1), { ok: true, value: { version: 1, a: 'c' } });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(directory, 'sub')), ['x.json']);
  const under = writeState(join(directory, 'unrelated/x.json'), { version: 1 });
  assert.match(under.ok ? '' : under.error, /^cannot write .*: (ENOTDIR|EEXIST)$/);
});

test('readState() tells nothing, damage and a later version apart', (t) => {
  const file = join(aDirectory(t), 'x.json');
  const kindOf = (version: number): string => {
    const read = readState(file, version);
    return read.ok ? 'ok' : read.error.kind;
  };
  assert.equal(kindOf(1), 'none');
  for (const text of ['', '{', '5', 'null', '[]', '{"version":"1"}', '\0\0']) {
    writeFileSync(file, text);
    assert.equal(kindOf(1), 'unreadable', text);
  }
  writeFileSync(file, '{"version":2}');
  assert.equal(kindOf(1), 'newer');
  assert.equal(kindOf(2), 'ok');
});

test('DisabledFile keeps names, and leaves what a later superd wrote', (t) => {
  const path = join(aDirectory(t), 'disabled.json');
  const problems: string[] = [];
  const open = (): DisabledFile => new DisabledFile(path, (text) => problems.push(text));
  assert.deepEqual(open().load(), new Set());
  assert.ok(open().save(new Set(['b:b', 'a:a'])).ok);
  assert.deepEqual(open().load(), new Set(['a:a', 'b:b']));
  writeFileSync(path, '{"version":1,"disabled":["a:a",5,null]}');
  assert.deepEqual(open().load(), new Set(['a:a']));
  assert.deepEqual(problems, []);
  writeFileSync(path, 'rubbish');
  assert.deepEqual(open().load(), new Set());
  assert.match(problems.join(), /it is damaged: no process counts as disabled/);
  writeFileSync(path, '{"version":9}');
  const later = open();
  assert.deepEqual(later.load(), new Set());
  assert.equal(later.save(new Set(['a:a'])).ok, false);
  assert.equal(readFileSync(path, 'utf8'), '{"version":9}');
});

test('PoolPositions keeps a position for each pool, whatever its name', (t) => {
  const directory = join(aDirectory(t), 'pools');
  const problems: string[] = [];
  const names = ['a', 'A b', '../../x', '.', '..', 'ä%', 'x'.repeat(300)];
  {
    using positions = new PoolPositions(directory, (text) => problems.push(text));
    for (const [index, name] of names.entries()) positions.save(name, index);
    for (const [index, name] of names.entries()) positions.save(name, index + 100);
  }
  const positions = new PoolPositions(directory, (text) => problems.push(text));
  for (const [index, name] of names.entries()) assert.equal(positions.load(name), index + 100, name);
  assert.equal(positions.load('other'), undefined);
  assert.equal(readdirSync(directory).length, names.length);
  writeFileSync(join(directory, 'a.json'), '{"version":9,"answered":1}');
  assert.equal(positions.load('a'), undefined);
  positions.save('a', 5);
  positions[Symbol.dispose]();
  assert.equal(readFileSync(join(directory, 'a.json'), 'utf8'), '{"version":9,"answered":1}');
  assert.equal(problems.length, 1);
});
