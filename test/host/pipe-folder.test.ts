import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PipeFolder } from '../../src/host/pipe-folder.ts';
import { removeTree } from '../support/remove.ts';

test('makeAhead() makes what make() would, and leaves what goes wrong to it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'superd-pipes-'));
  t.after(() => removeTree(folder));
  const named = (...names: string[]) => names.map((name) => ({ name, user: undefined }));
  const pipes = new PipeFolder(folder);
  pipes.make(named('a'));
  const inodeOf = (name: string): number => statSync(pipes.pathOf(name)).ino;
  const before = inodeOf('a');
  writeFileSync(pipes.pathOf('b'), 'no pipe');
  // The same name twice is one pipe.
  await pipes.makeAhead(named('a', 'b', 'b', 'c'));
  assert.ok(['a', 'b', 'c'].every((name) => pipes.has(name)));
  assert.equal(inodeOf('a'), before);
  const ahead = inodeOf('b');
  pipes.make(named('a', 'b', 'c'));
  assert.deepEqual([inodeOf('a'), inodeOf('b')], [before, ahead]);
  assert.equal(statSync(pipes.pathOf('c')).mode & 0o777, 0o600);

  mkdirSync(pipes.pathOf('d'));
  await pipes.makeAhead(named('d', 'e'));
  assert.throws(() => pipes.make(named('d', 'e')), /EISDIR|EPERM/);
});
