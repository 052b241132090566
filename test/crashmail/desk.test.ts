/** The desk, the sender and the rules of the flood together, over a fake disk and a clock that only pauses move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, type DeskOptions } from '../../src/crashmail/desk.ts';
import { CALM, type FloodState } from '../../src/crashmail/flood.ts';
import { History } from '../../src/crashmail/history.ts';
import type { Answer, Delivery } from '../../src/crashmail/ports.ts';
import { NO_COURSE, NO_FACTS, NO_SETTINGS, NO_VERDICT, type Report } from '../../src/crashmail/report.ts';
import { Sender } from '../../src/crashmail/sender.ts';
import { millis } from '../../src/units.ts';
import { DOWN, FakeChannel, FakeOutbox, FakeSurroundings, REPORT, START } from './fixtures.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const OPTIONS: DeskOptions = {
  policy: {
    window: 5 * MINUTE,
    windowMax: 360 * MINUTE,
    burst: 20,
    batch: 0,
    quietHours: undefined,
    quietSeverity: 'critical',
    maxEvents: 2000,
  },
  lines: 30,
  host: 'web1',
  severity: 'info',
  recovered: 5 * MINUTE,
};

interface Office {
  readonly outbox: FakeOutbox;
  readonly desk: Desk;
  readonly surroundings: FakeSurroundings;
  readonly info: { state: string; start: number };
  flood: FloodState;
}

/** A desk over a fake disk; `info` is what the supervisor says of every program. */
function open(
  options: Partial<DeskOptions> = {},
  outbox: FakeOutbox = new FakeOutbox(),
  flood: FloodState = CALM,
): Office {
  const surroundings = new FakeSurroundings();
  const info = { state: 'RUNNING', start: START / 1000 };
  const answers = (method: string): Answer =>
    method === 'supervisor.getProcessInfo'
      ? { kind: 'value', value: { statename: info.state, start: info.start, pid: 77, spawnerr: '' } }
      : { kind: 'fault', code: 1 };
  let serial = 0;
  const office: Office = {
    outbox,
    surroundings,
    info,
    flood,
    desk: new Desk(
      {
        outbox,
        witnesses: {
          rpc: { ask: async (method) => answers(method) },
          readTail: async () => undefined,
          course: () => NO_COURSE,
          memory: () => NO_VERDICT,
          settings: () => NO_SETTINGS,
          mask: (_program, text) => text,
        },
        history: new History(),
        surroundings,
        recipients: ({ group }) => (group === 'vip' ? 'vip@x.org' : 'ops@x.org'),
        digest: (text) => {
          serial += 1;
          return `${text.length}x${serial}`;
        },
        posted: () => {},
        underway: () => undefined,
      },
      { ...OPTIONS, ...options },
      {
        flood,
        keep: async (state) => {
          office.flood = state;
        },
      },
    ),
  };
  return office;
}

const crashAt = (at: number, id: string, group = 'web'): Report => ({
  ...REPORT,
  id,
  at: START + at,
  serials: [Number(id.replace(/\D/g, '') || 0)],
  incident: { ...REPORT.incident, group, process: group },
  detail: 'event',
  facts: NO_FACTS,
});

/** Lets the desk work until the clock shows so much; what comes meanwhile is put on the disk as a listener would. */
async function work(
  office: Office,
  until: number,
  coming: readonly Report[] = [],
  each: () => void = () => {},
): Promise<void> {
  const { outbox, surroundings, desk } = office;
  const left = [...coming];
  const arrive = (): void => {
    while (left[0] !== undefined && left[0].at <= START + surroundings.time) {
      const report = left.shift();
      if (report !== undefined) outbox.found.set(report.id, report);
    }
  };
  // A pause ends early when a report comes.
  const { pause } = surroundings;
  const shorter: typeof pause = async (time, abort) => {
    const next = left[0] === undefined ? time : Math.max(1, left[0].at - START - surroundings.time);
    await pause(millis(Math.min(time, next)), abort);
  };
  Object.assign(surroundings, { pause: shorter });
  surroundings.paused = () => {
    arrive();
    each();
    if (surroundings.time >= until) desk.stop();
  };
  arrive();
  await desk.run();
  Object.assign(surroundings, { pause });
}

test('run() makes one letter of the first crash at once, and one of those that follow', async () => {
  const office = open();
  await work(office, 11 * MINUTE, [crashAt(0, 'r1'), crashAt(1000, 'r2'), crashAt(2000, 'r3')], () =>
    office.outbox.records.clear(),
  );
  const letters = office.outbox.posted.filter(({ reports }) => reports.length > 0);
  assert.deepEqual(
    letters.map(({ reports }) => reports.map(({ id }) => id)),
    [['r1'], ['r2', 'r3']],
  );
  assert.deepEqual(letters[0]?.reports[0]?.detail, 'full');
  assert.equal(office.outbox.found.size, 0);
});

test('run() says that a program recovered, once, and only when it runs', async () => {
  const office = open();
  office.info.state = 'BACKOFF';
  await work(office, 60 * MINUTE, [crashAt(0, 'r1'), crashAt(1000, 'r2')], () => {
    office.outbox.records.clear();
    if (office.surroundings.time < 30 * MINUTE || office.info.state === 'RUNNING') return;
    Object.assign(office.info, { state: 'RUNNING', start: START / 1000 + 30 * 60 });
  });
  const recoveries = office.outbox.posted.flatMap((letter) =>
    letter.recoveries.map(({ crashes }) => [letter.at, crashes]),
  );
  assert.equal(recoveries.length, 1);
  assert.equal(recoveries[0]?.[1], 2);
  assert.ok((recoveries[0]?.[0] ?? 0) >= START + 35 * MINUTE - 2000);
  assert.deepEqual(office.flood.memories, []);
});

test('run() drops what is not severe enough', async () => {
  const office = open({ severity: 'critical' });
  await work(office, MINUTE, [crashAt(0, 'r1')]);
  assert.deepEqual([office.outbox.posted, office.outbox.found.size], [[], 0]);
});

test('run() keeps recipients apart', async () => {
  const office = open();
  await work(office, MINUTE, [crashAt(0, 'r1'), crashAt(0, 'r2', 'vip')]);
  assert.deepEqual(
    office.outbox.posted.map(({ to }) => to).toSorted((a, b) => (a < b ? -1 : 1)),
    ['ops@x.org', 'vip@x.org'],
  );
});

test('run() goes on where the process before it was killed', async () => {
  const outbox = new FakeOutbox();
  const first = open({}, outbox);
  await work(first, 1000, [crashAt(0, 'r1')]);
  outbox.records.clear();
  outbox.found.set('r2', crashAt(2000, 'r2'));
  const second = open({}, outbox, JSON.parse(JSON.stringify(first.flood)));
  second.surroundings.time = 3000;
  await work(second, 4 * MINUTE);
  assert.deepEqual(outbox.posted.length, 1, 'the window goes on');
  const third = open({}, outbox, second.flood);
  third.surroundings.time = 4 * MINUTE;
  await work(third, 6 * MINUTE);
  assert.deepEqual(
    outbox.posted.map(({ reports }) => reports.map(({ id }) => id)),
    [['r1'], ['r2']],
  );
});

test('flush() makes letters of everything that waits', async () => {
  const office = open();
  const coming = [crashAt(0, 'r1'), crashAt(1000, 'r2')];
  await work(office, 3000, coming, () => {
    office.outbox.records.clear();
    if (office.surroundings.time >= 2000) office.desk.flush();
  });
  assert.equal(office.outbox.posted.length, 2);
});

test('a mail server that is away for a day gets few mails then, with every crash in exactly one', async () => {
  const office = open({ recovered: 0 });
  const { outbox, surroundings, desk } = office;
  const isDown = (): boolean => surroundings.time < DAY;
  const channel = Object.assign(new FakeChannel('smtp'), {
    taken: new Array<readonly string[]>(),
    async deliver({ letter }: { readonly letter: { readonly reports: readonly Report[] } }): Promise<Delivery> {
      if (isDown()) return DOWN;
      channel.taken.push(letter.reports.map(({ id }) => id));
      return { kind: 'sent' };
    },
  });
  const sender = new Sender({
    outbox,
    channels: [channel],
    surroundings,
    moved: () => desk.wake(),
    refused: () => {},
  });
  const crashes = Array.from({ length: 600 }, (_, n) => crashAt(n * 144_000, `r${n}`, `g${n % 7}`));
  const working = work(office, DAY + 12 * 60 * MINUTE, crashes, () => {
    sender.wake();
    if (surroundings.time >= DAY + 12 * 60 * MINUTE) sender.stop();
  });
  await Promise.all([sender.run(), working]);
  const ids = channel.taken.flat();
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, 600);
  assert.ok(channel.taken.length <= 40, String(channel.taken.length));
});
