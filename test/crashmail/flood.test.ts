import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CALM, decide, type FloodState, type Policy, type Waiting } from '../../src/crashmail/flood.ts';
import { START } from './fixtures.ts';

const MINUTE = 60_000;
const POLICY: Policy = {
  window: 5 * MINUTE,
  windowMax: 6 * 60 * MINUTE,
  burst: 20,
  batch: 0,
  quietHours: undefined,
  quietSeverity: 'critical',
  maxEvents: 2000,
};

interface Crash {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly program?: string;
  readonly to?: string;
  readonly isUrgent?: boolean;
  readonly severity?: Waiting['severity'];
}

interface Sent {
  readonly at: number;
  readonly to: string;
  readonly ids: readonly string[];
}

interface World {
  readonly policy?: Partial<Policy>;
  /** How long a mail is on its way. */
  readonly latency?: number;
  /** How long it takes to find out what is to be known of a crash, one after the other. */
  readonly inquiry?: number;
  readonly until?: number;
}

/** Plays crashes through the rules, moving from one moment to the next at which something happens. */
function play(
  crashes: readonly Crash[],
  { policy = {}, latency = 60, inquiry = 0, until = 7 * 86_400_000 }: World = {},
): readonly Sent[] {
  const rules = { ...POLICY, ...policy };
  const coming = crashes.map((crash, n) => ({ ...crash, id: `r${n}` })).toSorted((a, b) => a.at - b.at);
  const sent: Sent[] = [];
  const readyAt = new Map<string, number>();
  let known = 0;
  let state: FloodState = CALM;
  let waiting: readonly Waiting[] = [];
  let now = 0;
  for (let turns = 0; turns < 100_000 && now < until; turns += 1) {
    while (coming[0] !== undefined && coming[0].at <= now) {
      const {
        id,
        at,
        program = 'web',
        to = 'ops',
        isUrgent = false,
        severity = 'warning',
      } = coming.shift() ?? { id: '', at: 0 };
      known = Math.max(known, at) + inquiry;
      readyAt.set(id, known);
      waiting = [...waiting, { id, isReady: false, at: START + at, program, to, isUrgent, severity, count: 1 }];
    }
    waiting = waiting.map((item) => ({ ...item, isReady: (readyAt.get(item.id) ?? 0) <= now }));
    const moving = sent.filter(({ at }) => now < at + latency);
    const onTheWay = new Set(moving.map(({ to }) => to));
    const question = { state, waiting, onTheWay, blocked: new Set<string>(), now: START + now };
    const decision = decide(question, rules);
    // Decisions outlive a restart as JSON.
    state = JSON.parse(JSON.stringify(decision.state));
    for (const { to, ids } of decision.drafts) {
      sent.push({ at: now, to, ids });
      waiting = waiting.filter(({ id }) => !ids.includes(id));
    }
    const landings = sent.map(({ at }) => at + latency).filter((at) => at > now);
    const insights = waiting.filter(({ isReady }) => !isReady).map(({ id }) => readyAt.get(id) ?? until);
    const next = Math.min(coming[0]?.at ?? until, decision.wakeAt - START, ...landings, ...insights);
    if (decision.drafts.length === 0 && next >= until && waiting.length === 0) break;
    now = Math.max(now + (decision.drafts.length > 0 ? 0 : 1), Math.min(next, until));
  }
  assert.deepEqual(waiting, [], 'everything is mailed at last');
  return sent;
}

const times = (sent: readonly Sent[]): readonly number[] => sent.map(({ at }) => at);
const counts = (sent: readonly Sent[]): readonly number[] => sent.map(({ ids }) => ids.length);

test('decide() mails the first crash at once, and collects what follows for the window', () => {
  const sent = play([0, 1000, 60_000, 299_000].map((at) => ({ at })));
  assert.deepEqual(
    [times(sent), counts(sent)],
    [
      [0, 5 * MINUTE],
      [1, 3],
    ],
  );
});

test('decide() doubles the distance while a program keeps flapping, up to a limit', () => {
  const sent = play(
    Array.from({ length: 24 * 60 }, (_, n) => ({ at: n * MINUTE })),
    { policy: { windowMax: 60 * MINUTE } },
  );
  assert.deepEqual(
    times(sent)
      .slice(0, 7)
      .map((at) => Math.round(at / MINUTE)),
    [0, 5, 15, 35, 75, 135, 195],
  );
  assert.ok(sent.length < 32);
});

test('decide() starts anew after a long calm', () => {
  const sent = play([{ at: 0 }, { at: 11 * MINUTE }, { at: 12 * MINUTE }]);
  assert.deepEqual(times(sent), [0, 11 * MINUTE, 16 * MINUTE]);
});

test('decide() makes at most 3 mails of 500 crashes in 10 s, however they come and however quick the server is', () => {
  for (const programs of [3, 20, 500]) {
    for (const bursts of [500, 100, 20, 10]) {
      // Within a burst some are heard of a little later than others.
      for (const spread of [0, 17]) {
        for (const [latency, inquiry] of [
          [25, 0],
          [25, 30],
          [90, 60],
          [2000, 1],
        ] as const) {
          const crashes = Array.from({ length: 500 }, (_, n) => ({
            at: Math.floor((n * bursts) / 500) * (10_000 / bursts) + ((n * bursts) % 500 === 0 ? 0 : spread * (n % 7)),
            program: `p${n % programs}`,
          }));
          const sent = play(crashes, { latency, inquiry });
          assert.ok(
            sent.length <= 3,
            JSON.stringify({ programs, bursts, spread, latency, inquiry, counts: counts(sent) }),
          );
        }
      }
    }
  }
});

test('decide() never lets a giving up wait for the window', () => {
  const sent = play([{ at: 0 }, { at: 20_000, isUrgent: true }]);
  assert.deepEqual(times(sent), [0, 20_000]);
});

test('decide() mails crashes of different programs at once while they come one by one', () => {
  const sent = play(Array.from({ length: 30 }, (_, n) => ({ at: n * 1000, program: `p${n}` })));
  assert.deepEqual(
    times(sent).slice(0, POLICY.burst),
    Array.from({ length: POLICY.burst }, (_, n) => n * 1000),
  );
});

test('decide() joins what comes together', () => {
  const sent = play(['a', 'b', 'c'].map((program, n) => ({ at: n * 10, program })));
  assert.deepEqual(counts(sent), [1, 2]);
  assert.ok((sent[1]?.at ?? 0) < 1500);
});

for (const programs of [1, 2, 3, 5, 10, 50, 500]) {
  test(`decide() makes at most 3 mails of 500 crashes of ${programs} programs in 10 s`, () => {
    const sent = play(Array.from({ length: 500 }, (_, n) => ({ at: n * 20, program: `p${n % programs}` })));
    assert.ok(sent.length <= 3, JSON.stringify([times(sent), counts(sent)]));
    assert.equal(sent.flatMap(({ ids }) => ids).length, 500);
    if (programs >= 10) assert.ok((sent[1]?.at ?? 0) < 20_000);
  });
}

test('decide() bounds the mails of a long storm of ever new programs', () => {
  const sent = play(Array.from({ length: 1200 }, (_, n) => ({ at: n * 1000, program: `p${n}` })));
  assert.ok(sent.length <= 20 + 40 + 2, String(sent.length));
});

test('decide() keeps recipients apart', () => {
  const sent = play([
    { at: 0, program: 'a', to: 'x' },
    { at: 1, program: 'b', to: 'y' },
    { at: 2, program: 'c', to: 'x' },
  ]);
  assert.deepEqual(
    sent.map(({ to, ids }) => [to, ids]),
    [
      ['x', ['r0']],
      ['y', ['r1']],
      ['x', ['r2']],
    ],
  );
});

test('decide() waits for the end of the quiet hours, but not with what is grave', () => {
  const night = new Date(START);
  const minutes = night.getHours() * 60 + night.getMinutes();
  const quietHours = { from: minutes, until: (minutes + 120) % 1440 };
  const sent = play(
    [
      { at: 0, program: 'a' },
      { at: 1000, program: 'b', severity: 'critical' },
      { at: 2000, program: 'c' },
    ],
    { policy: { quietHours } },
  );
  assert.deepEqual(counts(sent), [1, 2]);
  assert.equal(sent[0]?.at, 1000);
  const end = (sent[1]?.at ?? 0) / MINUTE;
  assert.ok(end > 118 && end <= 120.1, String(end));
});

test('decide() makes one mail of a batch', () => {
  const crashes = [0, 10_000, 59_000].map((at, n) => ({ at, program: `p${n}`, isUrgent: n === 1 }));
  const sent = play(crashes, { policy: { batch: MINUTE } });
  assert.deepEqual([times(sent), counts(sent)], [[MINUTE], [3]]);
});

test('decide() makes nothing while too many mails wait, and puts no more events into one than it may', () => {
  const waiting: readonly Waiting[] = Array.from({ length: 10 }, (_, n) => ({
    id: `r${n}`,
    isReady: true,
    at: START,
    program: 'a',
    to: 'ops',
    isUrgent: false,
    severity: 'warning',
    count: 3,
  }));
  const question = { state: CALM, waiting, onTheWay: new Set<string>(), now: START };
  assert.deepEqual(decide({ ...question, blocked: new Set(['ops']) }, POLICY).drafts, []);
  const { drafts } = decide({ ...question, blocked: new Set() }, { ...POLICY, maxEvents: 7 });
  assert.deepEqual(
    drafts.map(({ ids }) => ids.length),
    [2],
  );
});

test('decide() survives a clock that is set back', () => {
  const memory = {
    program: 'web',
    to: 'ops',
    since: START,
    crashes: 3,
    mails: 2,
    mailedAt: START + 1e9,
    lastCrash: START + 1e9,
    distance: 300_000,
    isGivenUp: false,
  };
  const waiting: readonly Waiting[] = [
    { id: 'a', isReady: true, at: START, program: 'web', to: 'ops', isUrgent: false, severity: 'warning', count: 1 },
  ];
  const state = { memories: [memory], lines: [] };
  const { wakeAt } = decide({ state, waiting, onTheWay: new Set(), blocked: new Set(), now: START }, POLICY);
  assert.ok(wakeAt <= START + 300_000);
});

test('decide() puts every report into exactly one mail, whatever happens', () => {
  const crash = fc.record({
    at: fc.integer({ min: 0, max: 3_600_000 }),
    program: fc.constantFrom('a', 'b', 'c', 'd'),
    to: fc.constantFrom('x', 'y'),
    isUrgent: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(crash, { maxLength: 60 }), fc.integer({ min: 0, max: 5000 }), (crashes, latency) => {
      const ids = play(crashes, { latency }).flatMap((one) => one.ids);
      assert.equal(new Set(ids).size, crashes.length);
      assert.equal(ids.length, crashes.length);
    }),
    { numRuns: 60 },
  );
});
