import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { formatUser } from '../../src/config/users.ts';
import { emptyHash, hashPassword, scryptKey } from '../../src/host/scrypt.ts';
import { SessionFile } from '../../src/host/session-file.ts';
import { readUsersText, UsersFile, writeUsersText } from '../../src/host/users-file.ts';
import { epochMillis } from '../../src/units.ts';
import { webUser } from '../support/fake-access.ts';

suite('files of users and sessions', () => {
  const dir = mkdtempSync(join(tmpdir(), 'superd-users-'));
  const path = join(dir, 'users');
  const line = (name: string): string => `${formatUser(webUser(name, 'viewer', 'x'))}\n`;

  test('users are those of the file as it is now, and what is wrong is told once', () => {
    const told: string[] = [];
    const file = new UsersFile(path, (level, text) => told.push(`${level} ${text}`));
    const names = (): readonly string[] => [...file.users.keys()];
    assert.deepEqual([names(), names()], [[], []]);
    assert.deepEqual(told.splice(0), [`critical cannot read ${path}: ENOENT; none of its users gets in`]);
    writeFileSync(path, line('bob'), { mode: 0o600 });
    assert.deepEqual([names(), told], [['bob'], []]);
    assert.equal(file.users, file.users);
    assert.ok(writeUsersText(path, `${line('bob')}broken\n${line('eve')}`).ok);
    assert.deepEqual(
      [names(), names()],
      [
        ['bob', 'eve'],
        ['bob', 'eve'],
      ],
    );
    assert.deepEqual(told.splice(0), [`error ${path}:2: cannot read a user: want name:role:hash`]);
    writeFileSync(path, line('eve'));
    chmodSync(path, 0o644);
    assert.deepEqual(names(), ['eve']);
    assert.deepEqual(told.splice(0), [
      `warn ${path}: everybody may read the hashes of passwords; run: chmod o-r ${path}`,
    ]);
    writeFileSync(path, 'x'.repeat(1024 * 1024 + 1));
    assert.deepEqual(names(), []);
    rmSync(path);
    assert.deepEqual(names(), []);
    assert.equal(told.length, 2);
  });

  test('a users file is replaced whole, private when it is new, with its mode when it is not, and behind a link', () => {
    assert.deepEqual(readUsersText(path), { ok: true, value: '' });
    assert.ok(writeUsersText(path, 'a').ok);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o640);
    const link = join(dir, 'link');
    symlinkSync(path, link);
    assert.ok(writeUsersText(link, 'b').ok);
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['b', 0o640]);
    assert.deepEqual(writeUsersText(join(dir, 'none', 'users'), 'x'), {
      ok: false,
      error: `cannot write ${join(dir, 'none', 'users')}: ENOENT`,
    });
    assert.equal(readUsersText(dir).ok, false);
    assert.deepEqual(readdirSync(dir).toSorted(), ['link', 'users']);
  });

  test('hashPassword() makes what scryptKey() finds again, with a salt of its own each time', async () => {
    const [one, two] = [await hashPassword('pässword'), await hashPassword('pässword')];
    assert.notEqual(one.salt, two.salt);
    assert.equal(await scryptKey('pässword', one), one.key);
    // The same word as another keyboard writes it.
    assert.equal(await scryptKey('pässword'.normalize('NFD'), one), one.key);
    assert.notEqual(await scryptKey('password', one), one.key);
    assert.equal(Buffer.from(emptyHash().key, 'base64url').length, 32);
    // Of another program, by the test vectors of RFC 7914.
    const vector = {
      cost: 1024,
      blockSize: 8,
      parallel: 16,
      salt: Buffer.from('NaCl').toString('base64url'),
      key: 'A'.repeat(86),
    };
    assert.match(Buffer.from(await scryptKey('password', vector), 'base64url').toString('hex'), /^fdbabe1c9d347200/);
  });

  test('sessions are kept private, and what is damaged is told of and begun anew', () => {
    const told: string[] = [];
    const file = join(dir, 'state', 'sessions.json');
    const store = new SessionFile(file, (text) => told.push(text));
    assert.deepEqual(store.load(), []);
    const session = { id: 'i', section: 's', user: 'u', print: 'p', began: epochMillis(1), used: epochMillis(2) };
    store.save([session]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(new SessionFile(file, assert.fail).load(), [session]);
    writeFileSync(file, JSON.stringify({ version: 1, sessions: [session, { ...session, user: 3 }, null, 'x'] }));
    assert.deepEqual(store.load(), [session]);
    writeFileSync(file, '{"version":1,"sess');
    assert.deepEqual(store.load(), []);
    assert.deepEqual(told, [`cannot read ${file}: it is damaged: everybody has to log in again`]);
    const full = new SessionFile(join(file, 'sessions.json'), (text) => told.push(text));
    full.save([session]);
    full.save([session]);
    assert.equal(told.length, 2);
    rmSync(dir, { recursive: true });
  });
});
