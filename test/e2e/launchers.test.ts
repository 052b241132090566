/** The scripts in bin/: they find what they start, whichever way they are called. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, environmentOf, privateDirectory } from '../support/daemon.ts';

test('superd and superctl start through links, folders that are links, and PATH', (t) => {
  const dir = privateDirectory(t);
  const strange = 'a b#c?d%41é';
  symlinkSync(CHECKOUT, join(dir, strange));
  symlinkSync(join(CHECKOUT, 'bin'), join(dir, 'bin'));
  for (const name of ['superd', 'superctl']) {
    symlinkSync(join(CHECKOUT, 'bin', name), join(dir, name));
    symlinkSync(name, join(dir, `${name}-again`));
    const run = (path: string, folder: string): string =>
      execFileSync(path, [name === 'superd' ? '-v' : '-h'], {
        cwd: dir,
        env: { ...environmentOf(dir), PATH: `${folder}:${process.env['PATH']}` },
        encoding: 'utf8',
      });
    const ways = [
      join(CHECKOUT, 'bin', name),
      `${strange}/bin/${name}`,
      `bin/${name}`,
      `./bin//${name}`,
      `./${name}`,
      `./${name}-again`,
    ].map((path) => [path, '/nowhere'] as const);
    for (const [path, folder] of [...ways, [name, 'bin'], [name, `${dir}/bin/`], [name, '.']] as const) {
      const wanted = name === 'superd' ? /^\d+\.\d+\.\d+\n$/ : /status/;
      assert.match(run(path, folder), wanted, `${path} ${folder}`);
    }
  }
});
