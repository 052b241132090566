import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeAccess } from '../support/fake-access.ts';

const BOB = { section: 'inet_http_server', user: 'bob', print: 'p' };
const HOUR = 3_600_000;

test('a session is found by what its browser holds, at its own server, and by nothing that is kept', () => {
  const access = new FakeAccess();
  const sessions = access.sessions();
  const secret = sessions.begin(BOB);
  assert.match(secret, /^[\w-]{43}$/);
  assert.equal(sessions.find(secret, BOB.section)?.user, 'bob');
  assert.equal(sessions.find(secret, 'inet_http_server:other'), undefined);
  const [kept] = access.stored;
  assert.ok(kept !== undefined && !JSON.stringify(access.stored).includes(secret));
  for (const guess of ['', kept.id, kept.id.slice(0, 43), secret.slice(1), `${secret}x`, '__proto__', `${secret}\0`]) {
    assert.equal(sessions.find(guess, BOB.section), undefined, guess);
  }
});

test('every login is a session of its own, with a token of its own', () => {
  const sessions = new FakeAccess().sessions();
  const secrets = [sessions.begin(BOB), sessions.begin(BOB), sessions.begin({ ...BOB, user: 'eve' })];
  assert.equal(new Set(secrets).size, 3);
  const tokens = secrets.map((secret) => sessions.tokenOf(secret));
  assert.equal(new Set(tokens).size, 3);
  assert.ok(tokens.every((token, index) => !token.includes(secrets[index] ?? '')));
});

test('a session ends when its user says so, when nobody uses it, and after a week in any case', () => {
  const access = new FakeAccess();
  const sessions = access.sessions();
  const isOpen = (secret: string): boolean => sessions.find(secret, BOB.section) !== undefined;
  const [first, second] = [sessions.begin(BOB), sessions.begin(BOB)];
  sessions.end(first, 'inet_http_server:other');
  assert.ok(isOpen(first));
  sessions.end(first, BOB.section);
  assert.ok(!isOpen(first) && isOpen(second));
  access.time += 13 * HOUR;
  assert.equal(sessions.find(second, BOB.section), undefined);
  const used = sessions.begin(BOB);
  for (let hour = 0; hour < 167; hour += 1) {
    access.time += HOUR;
    assert.ok(sessions.find(used, BOB.section) !== undefined, `hour ${hour}`);
  }
  access.time += HOUR;
  assert.equal(sessions.find(used, BOB.section), undefined);
});

test('sessions outlive superd, but not a clock that went back for long', () => {
  const access = new FakeAccess();
  const secret = access.sessions().begin(BOB);
  assert.equal(access.sessions().find(secret, BOB.section)?.user, 'bob');
  access.time -= 2 * HOUR;
  assert.equal(access.sessions().find(secret, BOB.section), undefined);
});

test('sessions are limited, for each user and for all; who comes last is let in', () => {
  const access = new FakeAccess();
  const sessions = access.sessions();
  const mine = Array.from({ length: 25 }, () => {
    access.time += 1;
    return sessions.begin(BOB);
  });
  assert.deepEqual(
    mine.map((secret) => sessions.find(secret, BOB.section) !== undefined),
    [...Array(5).fill(false), ...Array(20).fill(true)],
  );
  for (let user = 0; user < 1100; user += 1) {
    access.time += 1;
    sessions.begin({ ...BOB, user: `user${user}` });
  }
  assert.equal(access.stored.length, 1000);
  assert.equal(sessions.find(mine.at(-1) ?? '', BOB.section), undefined);
});
