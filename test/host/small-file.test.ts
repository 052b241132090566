import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSecret, readTail } from '../../src/host/small-file.ts';

function file(t: TestContext, content: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'superd-file-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'file');
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

test('readTail() gives the end of a regular file only', (t) => {
  const path = file(t, '0123456789');
  assert.equal(readTail(path, 4), '6789');
  assert.equal(readTail(path, 400), '0123456789');
  assert.equal(readTail('/dev/zero', 4), undefined);
  assert.equal(readTail('/nowhere', 4), undefined);
});

test('readSecret() refuses a file that others can read, and says how to mend it', (t) => {
  const path = file(t, ' smtp://u:p@h \n');
  assert.deepEqual(readSecret(path), { text: 'smtp://u:p@h' });
  chmodSync(path, 0o640);
  const refused = readSecret(path);
  assert.ok('problem' in refused);
  assert.match(refused.problem, /mode 0640 lets others read it; run: chmod 600/);
  assert.doesNotMatch(refused.problem, /smtp:/);
  assert.ok('problem' in readSecret('/dev/null'));
  assert.ok('problem' in readSecret('/nowhere'));
});
