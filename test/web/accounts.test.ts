import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InetServer } from '../../src/config/model.ts';
import { FakeAccess, USERS_FILE, webUser } from '../support/fake-access.ts';
import { SERVER as PLAIN } from '../support/web-requests.ts';

const SERVER: InetServer = { ...PLAIN, users: USERS_FILE };
const HERE = '127.0.0.1';

function withBob(): FakeAccess {
  const access = new FakeAccess();
  access.put(webUser('bob', 'operator', 'right'));
  return access;
}

test('check() knows the users of the file, and the one of the section as admin beside them', async () => {
  const accounts = withBob().accounts();
  const server = { ...SERVER, username: 'old', password: 'pw' };
  const role = async (username: string, password: string): Promise<string> => {
    const verdict = await accounts.check(server, { username, password }, HERE);
    return typeof verdict === 'string' ? verdict : verdict.role;
  };
  assert.equal(await role('bob', 'right'), 'operator');
  assert.equal(await role('old', 'pw'), 'admin');
  for (const [name, password] of [
    ['bob', 'wrong'],
    ['bob', ''],
    ['bob', 'pw'],
    ['old', 'right'],
    ['BOB', 'right'],
    ['', ''],
    ['__proto__', 'x'],
  ] as const) {
    assert.equal(await role(name, password), 'refused', `${name}:${password}`);
  }
  const named = { ...server, username: 'bob' };
  const both = await Promise.all(
    ['pw', 'right'].map((password) => accounts.check(named, { username: 'bob', password }, HERE)),
  );
  assert.deepEqual(
    both.map((verdict) => (typeof verdict === 'string' ? verdict : verdict.role)),
    ['admin', 'operator'],
  );
});

test('check() hashes as often for a name that nobody has, and not again what was right', async () => {
  const access = withBob();
  const accounts = access.accounts();
  await accounts.check(SERVER, { username: 'nobody', password: 'a' }, HERE);
  await accounts.check(SERVER, { username: 'bob', password: 'b' }, HERE);
  for (let time = 0; time < 5; time += 1) await accounts.check(SERVER, { username: 'bob', password: 'right' }, HERE);
  assert.deepEqual(access.hashed, ['a', 'b', 'right']);
  // A new password counts at once, and the old one no more.
  access.put(webUser('bob', 'viewer', 'new'));
  assert.equal(await accounts.check(SERVER, { username: 'bob', password: 'right' }, HERE), 'refused');
  assert.ok(typeof (await accounts.check(SERVER, { username: 'bob', password: 'new' }, HERE)) === 'object');
  access.users.clear();
  assert.equal(await accounts.check(SERVER, { username: 'bob', password: 'new' }, HERE), 'refused');
});

test('check() makes failures wait, also when they come at once, and refuses a crowd unheard', async () => {
  const access = withBob();
  const accounts = access.accounts();
  access.held = [];
  const guesses = Array.from({ length: 100 }, (_, index) =>
    accounts.check(SERVER, { username: 'bob', password: `guess ${index}` }, HERE),
  );
  const last = await guesses.at(-1);
  assert.equal(last, 'busy');
  // Only those that need not wait were looked at so far.
  assert.ok(access.hashed.length <= 4, String(access.hashed.length));
  for (const go of access.held) go();
  const verdicts = await Promise.all(guesses);
  assert.ok(verdicts.filter((verdict) => verdict === 'refused').length <= 14);
  assert.ok(access.pauses.every((pause, index) => pause >= (access.pauses[index - 1] ?? 0)));
  assert.equal(Math.max(...access.pauses) <= 20_000, true);
  // Somebody elsewhere is not hindered.
  assert.ok(typeof (await accounts.check(SERVER, { username: 'bob', password: 'right' }, '10.0.0.7')) === 'object');
});

test('check() counts the same attempt twice at once as one', async () => {
  const access = withBob();
  const accounts = access.accounts();
  const right = { username: 'bob', password: 'right' };
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => accounts.check(SERVER, right, HERE)));
  assert.ok(verdicts.every((verdict) => typeof verdict === 'object'));
  assert.deepEqual(access.hashed, ['right']);
  assert.deepEqual(access.pauses, []);
});

test('check() hashes one password at a time, and only so many wait', async () => {
  const access = withBob();
  let running = 0;
  let most = 0;
  const scrypt = access.scrypt;
  access.scrypt = async (password, hash) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return scrypt(password, hash);
  };
  const accounts = access.accounts();
  const verdicts = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      accounts.check(SERVER, { username: 'bob', password: 'x' }, `10.0.0.${index}`),
    ),
  );
  assert.equal(most, 1);
  assert.equal(verdicts.filter((verdict) => verdict === 'refused').length, 64);
  assert.equal(verdicts.filter((verdict) => verdict === 'busy').length, 136);
});

test('check() goes on after a password that could not be hashed', async () => {
  const access = withBob();
  const scrypt = access.scrypt;
  access.scrypt = () => Promise.reject(new Error('no memory'));
  const accounts = access.accounts();
  const right = { username: 'bob', password: 'right' };
  await assert.rejects(accounts.check(SERVER, right, HERE), /no memory/);
  access.scrypt = scrypt;
  const again = access.accounts();
  assert.ok(typeof (await again.check(SERVER, right, HERE)) === 'object');
});
