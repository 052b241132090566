import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { createConfigSource } from '../../src/host/config-source.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(`${tmpdir()}/superd-source-`);
});
after(() => rmSync(dir, { recursive: true }));

test('read() tells missing from unreadable', () => {
  const source = createConfigSource(dir);
  writeFileSync(`${dir}/a`, 'é');
  assert.deepEqual(source.read(`${dir}/nope`), { ok: false, error: 'missing' });
  assert.deepEqual(source.read(dir), { ok: false, error: 'unreadable' });
  const bytes = source.read(`${dir}/a`);
  assert.deepEqual(bytes.ok && [...bytes.value], [0xc3, 0xa9]);
});

test('read() gives up on a file without end', () => {
  assert.deepEqual(createConfigSource(dir).read('/dev/zero'), { ok: false, error: 'unreadable' });
});

test('list(), exists() and isDirectory() never throw', () => {
  const source = createConfigSource(dir);
  symlinkSync('loop', `${dir}/loop`);
  assert.deepEqual(source.list(`${dir}/nope`), []);
  assert.deepEqual([source.exists(`${dir}/loop`), source.isDirectory(`${dir}/loop`)], [false, false]);
  assert.deepEqual([source.isDirectory(`${dir}/a\0b`), source.isDirectory(dir)], [false, true]);
});

test('lookupUser() and lookupGroup() find by name and by number', () => {
  const source = createConfigSource(dir);
  const root = source.lookupUser('root');
  assert.deepEqual([root?.uid, root?.gid, root?.gids[0]], [0, 0, 0]);
  assert.deepEqual(source.lookupUser(0), root);
  assert.deepEqual([source.lookupGroup('root'), source.lookupGroup(0)], [0, 0]);
  for (const name of ['no-such-user', '', '-G', 'a\0b', 'root:x', '0'])
    assert.equal(source.lookupUser(name), undefined, name);
});

test('lookupUser() includes the groups of the user that runs the tests', () => {
  const source = createConfigSource(dir);
  const me = source.lookupUser(userInfo().uid);
  assert.equal(me?.gids[0], userInfo().gid);
});

test('home() knows the own home and that of others', () => {
  const source = createConfigSource(dir);
  assert.equal(source.home('root'), '/root');
  assert.equal(source.home('no-such-user'), undefined);
  assert.equal(source.home(undefined), process.env['HOME'] ?? userInfo().homedir);
});

test('loadConfig() works on the real machine', () => {
  mkdirSync(`${dir}/conf.d`);
  writeFileSync(`${dir}/s.conf`, '[supervisord]\n[include]\nfiles=conf.d/*.conf\n');
  writeFileSync(`${dir}/conf.d/b.conf`, '[program:b]\ncommand=%(here)s/b\n');
  writeFileSync(`${dir}/conf.d/a.conf`, '[program:a]\ncommand=a \\\n--x\n');
  chmodSync(`${dir}/conf.d/b.conf`, 0o600);
  const loaded = loadConfig(createConfigSource(dir), { file: 's.conf', overrides: new Map() });
  assert.ok(loaded.ok);
  assert.deepEqual(
    loaded.value.groups.map(({ processes }) => processes[0]?.command),
    ['a --x', `${dir}/conf.d/b`],
  );
  assert.equal(loaded.value.daemon.pidfile, `${dir}/supervisord.pid`);
});
