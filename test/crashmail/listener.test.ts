import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventFrame } from '../../src/crashmail/frame.ts';
import { History } from '../../src/crashmail/history.ts';
import { Listener } from '../../src/crashmail/listener.ts';
import { NO_COURSE, NO_SETTINGS, NO_VERDICT } from '../../src/crashmail/report.ts';
import { crash, DOWN, FakeChannel, FakeOutbox, FakeSurroundings, frame, REFUSED } from './fixtures.ts';

interface Heard {
  readonly wire: string;
  readonly surroundings: FakeSurroundings;
  readonly written: number;
}

const READY = 'READY\n';
const OK = 'RESULT 2\nOK';
const FAIL = 'RESULT 4\nFAIL';

/** Lets a listener hear these events, then the end of its input. */
async function hear(
  frames: readonly EventFrame[],
  { outbox = new FakeOutbox(), channels = [new FakeChannel('smtp')], heal = () => {} } = {},
): Promise<Heard> {
  const surroundings = new FakeSurroundings();
  surroundings.paused = heal;
  const queue = [...frames];
  let wire = '';
  let written = 0;
  const listener = new Listener(
    {
      supervisor: {
        next: async () => queue.shift(),
        write: (text) => {
          if (text === OK && outbox.found.size > 0) assert.ok(!outbox.broken);
          wire += text;
        },
      },
      witnesses: {
        rpc: { ask: async () => ({ kind: 'failed', reason: 'nobody' }) },
        readTail: async () => undefined,
        course: () => NO_COURSE,
        memory: () => NO_VERDICT,
        settings: () => NO_SETTINGS,
        mask: (_program, text) => text,
      },
      history: new History(),
      recipients: () => 'ops@example.com',
      met: () => {},
      heard: () => {},
      outbox,
      channels,
      surroundings,
      digest: (text) => Buffer.from(text).toString('hex'),
      written: () => {
        written += 1;
      },
    },
    {
      interest: { programs: [], crashes: true, fatal: false, states: [] },
      lines: 30,
      host: 'web1',
      daemon: 'boot 1 100',
    },
  );
  await listener.run();
  return { wire, surroundings, written };
}

test('run() writes the report before it says OK, and sends nothing itself', async () => {
  const outbox = new FakeOutbox();
  const channel = new FakeChannel('smtp');
  const { wire, written } = await hear([crash()], { outbox, channels: [channel] });
  assert.equal(wire, READY + OK + READY);
  assert.deepEqual([outbox.found.size, channel.mails.length, written], [1, 0, 1]);
});

test('run() says OK to everything that deserves no mail', async () => {
  const outbox = new FakeOutbox();
  const tick: EventFrame = { headers: new Map([['eventname', 'TICK_5']]), payload: 'when:1' };
  const stopped = frame('STOPPED', 'processname:a groupname:a from_state:STOPPING pid:1');
  const { wire } = await hear([tick, stopped], { outbox });
  assert.equal(wire, READY + OK + READY + OK + READY);
  assert.equal(outbox.found.size, 0);
});

test('run() keeps one report of an event that is told twice, and two of two events', async () => {
  const outbox = new FakeOutbox();
  await hear([crash(1), crash(1), crash(2, 43)], { outbox });
  assert.equal(outbox.found.size, 2);
  await hear([crash(1)], { outbox });
  assert.equal(outbox.found.size, 2);
});

test('run() sends at once and says OK when the disk is full but the mail goes out', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const channel = new FakeChannel('smtp');
  const { wire, surroundings } = await hear([crash()], { outbox, channels: [channel] });
  assert.equal(wire, READY + OK + READY);
  assert.equal(channel.mails.length, 1);
  assert.match(surroundings.said.join('\n'), /ENOSPC/);
});

test('run() hands the event back, ever more slowly, while disk and mail both fail', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const channels = [new FakeChannel('smtp', [DOWN, DOWN, DOWN])];
  const { wire, surroundings } = await hear([crash(), crash(), crash(), crash()], { outbox, channels });
  assert.equal(wire, READY + FAIL + READY + FAIL + READY + FAIL + READY + OK + READY);
  assert.deepEqual(
    surroundings.pauses.filter((time) => time < 15_000),
    [1000, 2000, 4000],
  );
});

test('run() gives no channel the mail twice while it hands the event back', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const good = new FakeChannel('maildir');
  const bad = new FakeChannel('smtp', [DOWN, DOWN]);
  await hear([crash(), crash(), crash()], { outbox, channels: [good, bad] });
  assert.deepEqual([good.mails.length, bad.mails.length], [1, 3]);
});

test('run() stores the report once the disk takes it again', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const bad = new FakeChannel('smtp', [DOWN]);
  const heal = (): void => {
    outbox.broken = false;
  };
  const { wire } = await hear([crash(), crash()], { outbox, channels: [bad], heal });
  assert.ok(wire.endsWith(OK + READY));
  assert.equal(outbox.found.size, 1);
});

test('run() sends no flood while the disk takes nothing', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const channel = new FakeChannel('smtp');
  const { wire } = await hear(
    Array.from({ length: 8 }, (_, at) => crash(at, at + 1)),
    { outbox, channels: [channel] },
  );
  assert.equal(channel.mails.length, 5);
  assert.ok(wire.endsWith(FAIL + READY));
});

test('run() shows the whole report when it is neither kept nor wanted', async () => {
  const outbox = new FakeOutbox();
  outbox.broken = true;
  const { wire, surroundings } = await hear([crash()], { outbox, channels: [new FakeChannel('smtp', [REFUSED])] });
  assert.ok(wire.endsWith(OK + READY));
  assert.match(surroundings.said.join('\n'), /Program: {4}worker:celery/);
});
