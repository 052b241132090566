import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { millis } from '../../src/units.ts';
import { senderOf, Throttle } from '../../src/web/throttle.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A throttle on a clock that the test moves. */
function throttle(): { table: Throttle; clock: { now: number } } {
  const clock = { now: 0 };
  return { table: new Throttle(() => millis(clock.now)), clock };
}

test('enter() lets a few failures pass, then ever fewer', () => {
  const { table, clock } = throttle();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const wait = table.enter('10.0.0.1', 'bob');
    assert.ok(wait !== undefined);
    clock.now += wait;
    waits.push(wait);
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test('enter() gives nothing to many attempts at once: all but a few are refused unheard', () => {
  const { table } = throttle();
  const waits = Array.from({ length: 1000 }, () => table.enter('10.0.0.1', 'bob'));
  const heard = waits.filter((wait) => wait !== undefined);
  assert.ok(heard.length <= 14, String(heard.length));
  assert.ok(Math.max(...heard) <= 20 * SECOND);
});

test('enter() judges each sender and each name for itself, and a sender with many names too', () => {
  const { table, clock } = throttle();
  for (let attempt = 0; attempt < 10; attempt += 1) table.enter('10.0.0.1', 'bob');
  assert.equal(table.enter('10.0.0.2', 'bob'), 0);
  assert.equal(table.enter('10.0.0.1', 'eve'), 0);
  const tried = Array.from({ length: 40 }, (_, index) => table.enter('10.0.0.9', `user${index}`) ?? Number.NaN);
  assert.deepEqual(tried.slice(0, 21), Array(21).fill(0));
  assert.ok(Number.isNaN(tried.at(-1)));
  clock.now += 15 * MINUTE;
  assert.equal(table.enter('10.0.0.9', 'user1'), 0);
});

test('succeeded() forgets the failures of a name, but not those of its sender', () => {
  const { table } = throttle();
  for (let attempt = 0; attempt < 30; attempt += 1) {
    assert.equal(table.enter('10.0.0.1', 'bob'), 0);
    table.succeeded('10.0.0.1', 'bob');
  }
  for (let attempt = 0; attempt < 21; attempt += 1) {
    table.enter('10.0.0.1', `bob${attempt}`);
    table.enter('10.0.0.1', 'eve');
    table.succeeded('10.0.0.1', 'eve');
  }
  assert.notEqual(table.enter('10.0.0.1', 'eve'), 0);
});

test('the table never grows beyond its limit, whoever comes', () => {
  const { table, clock } = throttle();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.ipV4(), fc.string()), { minLength: 500, maxLength: 500 }), (attempts) => {
      for (const [address, user] of attempts) {
        clock.now += 1;
        table.enter(address, user);
      }
      assert.ok(table.size <= 4096);
    }),
    { numRuns: 20 },
  );
  assert.equal(table.size, 4096);
});

test('senderOf() takes the network of an IPv6 address, and one IPv4 address for itself', () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, ''],
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:0DB8:1:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ];
  for (const [address, sender] of cases) assert.equal(senderOf(address), sender);
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.match(senderOf(address), /^[0-9a-f.:]+$/i);
    }),
  );
});
