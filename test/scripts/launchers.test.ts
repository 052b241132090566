import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../../src/version.ts';
import { CHECKOUT } from '../support/daemon.ts';
import { removeTree } from '../support/remove.ts';

test('superd and superctl are found however they are called', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'superd-launchers-'));
  t.after(() => removeTree(dir));
  const bin = join(CHECKOUT, 'bin');
  for (const [name, target] of Object.entries({ folder: bin, checkout: CHECKOUT, superd: join(bin, 'superd') })) {
    symlinkSync(target, join(dir, name));
  }
  const says = (cwd: string, file: string, word: string): string =>
    execFileSync('sh', ['-c', '"$0" "$1"', file, word], { cwd, encoding: 'utf8' });
  const calls: readonly (readonly [cwd: string, file: string])[] = [
    [dir, './superd'],
    [dir, 'folder/superd'],
    [dir, 'checkout/bin/superd'],
    [bin, './superd'],
    [CHECKOUT, 'bin/superd'],
  ];
  for (const [cwd, file] of calls) assert.equal(says(cwd, file, '--version'), `${VERSION}\n`, file);
  assert.match(says(dir, 'folder/superctl', '--help'), /superctl/);
});
