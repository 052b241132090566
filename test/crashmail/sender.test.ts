import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRecord, type OutboxRecord } from '../../src/crashmail/outbox.ts';
import type { Channel, Delivery, Parcel } from '../../src/crashmail/ports.ts';
import { Sender } from '../../src/crashmail/sender.ts';
import { compose, DOWN, FakeChannel, FakeOutbox, FakeSurroundings, GREYLISTED, letter, REFUSED } from './fixtures.ts';

const PLAIN = { moved: (): void => {}, refused: (): void => {} };

/** Runs a sender until it has nothing left to do, or until it has paused `pauses` times. */
async function run(outbox: FakeOutbox, channels: readonly FakeChannel[], pauses = 50): Promise<FakeSurroundings> {
  const surroundings = new FakeSurroundings();
  const sender = new Sender({ outbox, channels, surroundings, ...PLAIN });
  surroundings.paused = () => {
    if (outbox.waiting().length === 0 || surroundings.pauses.length >= pauses) sender.stop();
  };
  await sender.run();
  return surroundings;
}

const ids = (channel: FakeChannel): readonly string[] => channel.mails.map(({ id }) => id);

test('run() sends what was left, oldest first, each once', async () => {
  const outbox = new FakeOutbox().add('a', 'b', 'c');
  const channel = new FakeChannel('smtp');
  await run(outbox, [channel]);
  assert.deepEqual(ids(channel), ['a', 'b', 'c']);
  assert.deepEqual([...outbox.settled.values()], ['sent', 'sent', 'sent']);
});

test('run() knocks once per pause at a server that is down, however much waits', async () => {
  const outbox = new FakeOutbox().add(...Array.from({ length: 100 }, (_, n) => `r${n}`));
  const channel = new FakeChannel('smtp', [DOWN, DOWN, DOWN]);
  const { pauses } = await run(outbox, [channel]);
  assert.deepEqual(pauses.slice(0, 3), [1000, 1500, 2250]);
  assert.equal(channel.mails.length, 103);
});

test('run() lets a greylisted report wait without holding up the others', async () => {
  const outbox = new FakeOutbox().add('a', 'b');
  const channel = new FakeChannel('smtp', [GREYLISTED]);
  await run(outbox, [channel]);
  assert.deepEqual(ids(channel), ['a', 'b', 'a']);
});

test('run() sets aside what is refused for good', async () => {
  const outbox = new FakeOutbox().add('a', 'b');
  const channel = new FakeChannel('smtp', [REFUSED]);
  await run(outbox, [channel]);
  assert.deepEqual(
    [...outbox.settled],
    [
      ['a', 'failed'],
      ['b', 'sent'],
    ],
  );
});

test('run() gives each channel the report once, though another one fails', async () => {
  const outbox = new FakeOutbox().add('a');
  const smtp = new FakeChannel('smtp', [DOWN, DOWN]);
  const maildir = new FakeChannel('maildir');
  await run(outbox, [smtp, maildir]);
  assert.deepEqual([smtp.mails.length, maildir.mails.length], [3, 1]);
  assert.deepEqual([...outbox.settled], [['a', 'sent']]);
});

test('run() sends again to those recipients alone who are owed the mail', async () => {
  const outbox = new FakeOutbox().add('a');
  const partly: Delivery = { kind: 'partly', owed: ['b@x.org'], reason: '451 greylisted' };
  const channel = new FakeChannel('smtp', [partly]);
  await run(outbox, [channel]);
  assert.deepEqual(channel.owed, [undefined, ['b@x.org']]);
  assert.deepEqual([...outbox.settled], [['a', 'sent']]);
});

test('run() tells who refused what, and gives restricted letters to their channels alone', async () => {
  const outbox = new FakeOutbox().add('a');
  const told: string[] = [];
  const smtp = new FakeChannel('smtp', [REFUSED]);
  const maildir = new FakeChannel('maildir');
  const surroundings = new FakeSurroundings();
  const refused = (record: OutboxRecord, channel: string, reason: string): void => {
    told.push(`${record.letter.id} ${channel} ${reason}`);
    outbox.records.set('n', newRecord({ ...letter('n'), channels: ['maildir'] }));
  };
  const sender = new Sender({ outbox, channels: [smtp, maildir], surroundings, ...PLAIN, refused });
  surroundings.paused = () => {
    if (outbox.waiting().length === 0 || surroundings.pauses.length > 20) sender.stop();
  };
  await sender.run();
  assert.deepEqual(told, ['a smtp 550 no such user']);
  assert.deepEqual([ids(smtp), ids(maildir)], [['a'], ['a', 'n']]);
  assert.deepEqual(
    [...outbox.settled],
    [
      ['a', 'failed'],
      ['n', 'sent'],
    ],
  );
});

test('run() does not send again what it sent, when the disk takes no note of it', async () => {
  const outbox = new FakeOutbox().add('a');
  outbox.broken = true;
  const channel = new FakeChannel('smtp');
  await run(outbox, [channel], 3);
  assert.equal(channel.mails.length, 1);
  assert.deepEqual(outbox.waiting(), ['a']);
});

test('run() sends nothing while another process has the outbox', async () => {
  const outbox = new FakeOutbox().add('a');
  outbox.role = 'guest';
  const channel = new FakeChannel('smtp');
  await run(outbox, [channel], 5);
  assert.equal(channel.mails.length, 0);
});

test('run() sends the same Message-ID again', async () => {
  const channel = new FakeChannel('smtp', [DOWN]);
  await run(new FakeOutbox().add('a'), [channel]);
  assert.equal(new Set(channel.mails.map(({ messageId }) => messageId)).size, 1);
});

test('stop() still tries once what is due, but waits for nothing', async () => {
  const outbox = new FakeOutbox().add('a', 'b');
  const channel = new FakeChannel('smtp', [{ kind: 'sent' }, DOWN]);
  const surroundings = new FakeSurroundings();
  const sender = new Sender({ outbox, channels: [channel], surroundings, ...PLAIN });
  sender.stop();
  await sender.run();
  assert.deepEqual(ids(channel), ['a', 'b']);
  assert.deepEqual([surroundings.pauses, outbox.waiting()], [[], ['b']]);
});

test('stop() begins no new mail when its time is over', async () => {
  const channel = new FakeChannel('smtp');
  const surroundings = new FakeSurroundings();
  const slow: FakeChannel = Object.assign(channel, {
    deliver: async ({ letter: one }: Parcel): Promise<Delivery> => {
      channel.mails.push(compose(one));
      surroundings.time += 1500;
      return { kind: 'sent' };
    },
  });
  const outbox = new FakeOutbox().add('a', 'b', 'c', 'd');
  const sender = new Sender({ outbox, channels: [slow], surroundings, ...PLAIN });
  sender.stop();
  await sender.run();
  assert.deepEqual(ids(channel), ['a', 'b']);
});

test('wake() ends the rest for what is new', async () => {
  const outbox = new FakeOutbox();
  const channel = new FakeChannel('smtp');
  const surroundings = new FakeSurroundings();
  const sender = new Sender({ outbox, channels: [channel], surroundings, ...PLAIN });
  surroundings.paused = () => {
    if (surroundings.pauses.length > 1) return sender.stop();
    outbox.add('late');
    sender.wake();
  };
  await sender.run();
  assert.deepEqual(ids(channel), ['late']);
  assert.ok(surroundings.time <= 120_000);
});

test('run() goes on with the others when a channel throws', async () => {
  const outbox = new FakeOutbox().add('a', 'b');
  const channel = new FakeChannel('smtp');
  const fragile: FakeChannel = Object.assign(channel, {
    deliver: async ({ letter: one }: Parcel): Promise<Delivery> => {
      channel.mails.push(compose(one));
      if (channel.mails.length === 1) throw new Error('bug');
      return { kind: 'sent' };
    },
  });
  await run(outbox, [fragile]);
  assert.deepEqual(ids(channel), ['a', 'b', 'a']);
});

test('abandon() ends the attempt under way, and the letter stays', async () => {
  const outbox = new FakeOutbox().add('a');
  const surroundings = new FakeSurroundings();
  const begun = Promise.withResolvers<void>();
  const hanging: Channel = {
    name: 'sendmail',
    deliver: (_parcel, abort) => {
      const { promise, resolve } = Promise.withResolvers<Delivery>();
      abort.addEventListener('abort', () => resolve(GREYLISTED), { once: true });
      begun.resolve();
      return promise;
    },
  };
  const sender = new Sender({ outbox, channels: [hanging], surroundings, ...PLAIN });
  const ended = sender.run();
  await begun.promise;
  sender.stop();
  sender.abandon();
  await ended;
  assert.deepEqual(outbox.waiting(), ['a']);
});
