import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ListenerGroup, ProcessConfig, StreamConfig } from '../../src/config/model.ts';
import { fail, ok, type Result } from '../../src/errors.ts';
import type { SupervisorEvent } from '../../src/events/event.ts';
import { DISCARD_LINES, ListenerPool, MAX_EVENT_BYTES, PROMPT_REDELIVERIES } from '../../src/events/pool.ts';
import { bytes, millis, signal } from '../../src/units.ts';

const stream: StreamConfig = {
  logfile: { kind: 'none' },
  maxbytes: bytes(0),
  backups: 0,
  captureMaxbytes: bytes(0),
  isDirect: false,
  eventsEnabled: false,
  syslog: false,
};
const place = { file: 'f', line: 1 };

const processConfig = (name: string): ProcessConfig => ({
  name,
  program: 'p',
  command: 'true',
  directory: undefined,
  umask: undefined,
  priority: 999,
  autostart: true,
  autorestart: 'unexpected',
  startsecs: millis(1000),
  startretries: 3,
  stopsignal: signal(15),
  stopwaitsecs: millis(1000),
  stopasgroup: false,
  killasgroup: false,
  exitcodes: [0],
  redirectStderr: false,
  user: undefined,
  environment: {},
  serverurl: 'auto',
  stdout: stream,
  stderr: stream,
  place,
});

const group = (processes: readonly string[], bufferSize: number): ListenerGroup => ({
  kind: 'eventlistener',
  name: 'p',
  priority: -1,
  processes: processes.map(processConfig),
  place,
  events: ['TICK', 'TICK_5', 'REMOTE_COMMUNICATION'],
  bufferSize,
  resultHandler: 'supervisor.dispatchers:default_handler',
  replay: false,
});

const tick = (when: number): SupervisorEvent => ({ kind: 'tick', period: 5, when });

/** A pool with its ports recorded. */
function fixture(processes: readonly string[], bufferSize: number) {
  const sent: string[] = [];
  const logged: string[] = [];
  const wakes: (() => void)[] = [];
  const answers = new Map<string, Result<void, 'closed' | 'full'>>();
  const pool = new ListenerPool(
    { config: group(processes, bufferSize), server: 's', lengthIn: 'characters' },
    {
      send(process, data) {
        const answer = answers.get(process) ?? ok(undefined);
        const [, serial, poolserial] = /serial:(\d+) pool:p poolserial:(\d+)/.exec(Buffer.from(data).toString()) ?? [];
        if (answer.ok) sent.push(`${process}:${serial}/${poolserial}`);
        return answer;
      },
      log: (level, message) => logged.push(`${level} ${message}`),
      after: (_delay, wake) => wakes.push(wake),
    },
  );
  const say = (process: string, text: string): void => pool.output(process, Buffer.from(text));
  const start = (process: string): void => {
    pool.processSpawned(process);
    pool.processChanged(process, 'STARTING');
    pool.processChanged(process, 'RUNNING');
  };
  const wake = (): void => {
    for (const one of wakes.splice(0)) one();
  };
  return { pool, sent, logged, wakes, answers, say, start, wake };
}

const OK = 'RESULT 2\nOKREADY\n';
const FAIL = 'RESULT 4\nFAILREADY\n';

test('accept() sends at once to a process that is RUNNING and READY', () => {
  const { pool, sent, logged, say, start } = fixture(['a'], 10);
  start('a');
  say('a', 'READY\n');
  pool.accept(tick(5), 21);
  assert.deepEqual(sent, ['a:21/0']);
  assert.deepEqual(logged, ['debug a: ACKNOWLEDGED -> READY', 'debug event 21 sent to listener a']);
  say('a', OK);
  assert.deepEqual(logged.slice(2), [
    'debug a: event was processed',
    'debug a: BUSY -> ACKNOWLEDGED',
    'debug a: ACKNOWLEDGED -> READY',
  ]);
});

test('processChanged() to RUNNING sends what waited while STARTING', () => {
  const { pool, sent, say } = fixture(['a'], 10);
  pool.processSpawned('a');
  pool.processChanged('a', 'STARTING');
  say('a', 'READY\n');
  pool.accept(tick(5), 0);
  assert.deepEqual(sent, []);
  pool.processChanged('a', 'RUNNING');
  assert.deepEqual(sent, ['a:0/0']);
});

test('processChanged() to STOPPING ends sending, but an answer still counts', () => {
  const { pool, sent, logged, say, start } = fixture(['a'], 10);
  start('a');
  say('a', 'READY\n');
  pool.accept(tick(5), 0);
  pool.processChanged('a', 'STOPPING');
  pool.accept(tick(10), 1);
  say('a', OK);
  pool.processExited('a');
  assert.deepEqual(sent, ['a:0/0']);
  assert.ok(logged.includes('debug a: event was processed'));
  assert.equal(pool.status().buffered, 1);
});

test('dispatch goes to the first READY process in the order of the configuration', () => {
  const { pool, sent, say, start } = fixture(['b', 'a'], 10);
  for (const process of ['a', 'b']) {
    start(process);
    say(process, 'READY\n');
  }
  for (const serial of [0, 1, 2]) pool.accept(tick(5), serial);
  assert.deepEqual(sent, ['b:0/0', 'a:1/1']);
  say('a', OK);
  assert.deepEqual(sent.slice(2), ['a:2/2']);
});

test('accept() discards the oldest event when the buffer is full', () => {
  const { pool, sent, logged, say, start } = fixture(['a'], 3);
  for (let serial = 0; serial < 5; serial += 1) pool.accept(tick(5), serial);
  assert.deepEqual(logged, [
    'error pool p event buffer overflowed, discarding event 0',
    'error pool p event buffer overflowed, discarding event 1',
  ]);
  start('a');
  say('a', 'READY\n');
  assert.deepEqual(sent, ['a:2/2']);
  assert.deepEqual(pool.status(), { buffered: 2, discarded: 2, listeners: [{ process: 'a', state: 'BUSY' }] });
});

test('accept() names the first discarded events of a flood and counts the rest', () => {
  const { pool, logged, say, start } = fixture(['a'], 1);
  for (let serial = 0; serial < DISCARD_LINES + 6; serial += 1) pool.accept(tick(5), serial);
  assert.equal(logged.length, DISCARD_LINES);
  start('a');
  say('a', 'READY\n');
  assert.equal(logged.at(-1), 'error pool p event buffer overflowed, discarded 5 more events');
});

test('a rejected event comes back first, with both numbers, and costs no other event its place', () => {
  const { pool, sent, logged, say, start } = fixture(['a'], 2);
  start('a');
  say('a', 'READY\n');
  for (const serial of [0, 1, 2]) pool.accept(tick(5), serial);
  logged.length = 0;
  say('a', FAIL);
  assert.deepEqual(logged, [
    'warn a: event was rejected',
    'debug a: BUSY -> ACKNOWLEDGED',
    'debug rebuffering event 0 for pool p (buf size=2, max=2)',
    'debug a: ACKNOWLEDGED -> READY',
    'debug event 0 sent to listener a',
  ]);
  for (let answers = 0; answers < 3; answers += 1) say('a', OK);
  assert.deepEqual(sent, ['a:0/0', 'a:0/0', 'a:1/1', 'a:2/2']);
});

test('a bad result line silences the listener and gives its event to the next', () => {
  const { pool, sent, logged, say, start } = fixture(['a', 'b'], 2);
  for (const process of ['a', 'b']) {
    start(process);
    say(process, 'READY\n');
  }
  pool.accept(tick(5), 0);
  logged.length = 0;
  say('a', 'RESULT foo\n');
  assert.deepEqual(logged, [
    "warn a: bad result line: 'RESULT foo'",
    'debug a: BUSY -> UNKNOWN',
    'warn a: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process ' +
      'violated the eventlistener protocol',
    'debug rebuffering event 0 for pool p (buf size=0, max=2)',
    'debug event 0 sent to listener b',
  ]);
  say('a', 'READY\n');
  assert.deepEqual(sent, ['a:0/0', 'b:0/0']);
  assert.equal(pool.status().listeners[0]?.state, 'UNKNOWN');
});

test('processExited() gives back the event of a BUSY process, unless it answered before', () => {
  const { pool, sent, say, start } = fixture(['a'], 2);
  start('a');
  say('a', 'READY\n');
  pool.accept(tick(5), 0);
  pool.processExited('a');
  start('a');
  say('a', 'READY\n');
  say('a', 'RESULT 2\nOK');
  pool.processExited('a');
  start('a');
  say('a', 'READY\n');
  assert.deepEqual(sent, ['a:0/0', 'a:0/0']);
});

test('a broken pipe leaves the listener as it is and tries the next', () => {
  const { pool, sent, logged, answers, say, start } = fixture(['a', 'b'], 2);
  for (const process of ['a', 'b']) {
    start(process);
    say(process, 'READY\n');
  }
  answers.set('a', fail('closed'));
  logged.length = 0;
  pool.accept(tick(5), 4);
  assert.deepEqual(sent, ['b:4/0']);
  assert.equal(logged[0], 'debug epipe occurred while sending event 4 to listener a, listener state unchanged');
  assert.equal(pool.status().listeners[0]?.state, 'READY');
});

test('an event that no pipe takes is kept and tried again later', () => {
  const { pool, sent, wakes, answers, say, start, wake } = fixture(['a'], 2);
  start('a');
  say('a', 'READY\n');
  answers.set('a', fail('full'));
  pool.accept(tick(5), 0);
  pool.accept(tick(10), 1);
  assert.equal(wakes.length, 1);
  answers.clear();
  wake();
  assert.deepEqual(sent, ['a:0/0']);
});

test('an event that no pipe could ever take does not block the pool', () => {
  const { pool, sent, logged, say, start } = fixture(['a'], 2);
  pool.accept({ kind: 'remote-communication', type: 't', data: 'x'.repeat(MAX_EVENT_BYTES) }, 0);
  pool.accept(tick(5), 1);
  start('a');
  say('a', 'READY\n');
  assert.deepEqual([sent, pool.status().discarded], [['a:1/1'], 1]);
  assert.match(logged[1] ?? '', /^error pool p cannot send event 0: it has \d+ bytes$/);
});

test('an event that is rejected again and again waits before it is sent again', () => {
  const { pool, sent, wakes, say, start, wake } = fixture(['a'], 2);
  start('a');
  say('a', 'READY\n');
  pool.accept(tick(5), 0);
  for (let round = 1; round < PROMPT_REDELIVERIES; round += 1) say('a', FAIL);
  assert.deepEqual([sent.length, wakes.length], [PROMPT_REDELIVERIES, 0]);
  say('a', FAIL);
  assert.deepEqual([sent.length, wakes.length], [PROMPT_REDELIVERIES, 1]);
  wake();
  assert.equal(sent.length, PROMPT_REDELIVERIES + 1);
});

test('processAdopted() goes on with a conversation that an earlier brain began', () => {
  const { pool, sent, say } = fixture(['a', 'b'], 2);
  pool.processAdopted('a', 'READY');
  pool.processAdopted('b', 'BUSY');
  pool.accept(tick(5), 0);
  pool.accept(tick(10), 1);
  pool.processChanged('a', 'RUNNING');
  pool.processChanged('b', 'RUNNING');
  say('b', OK);
  assert.deepEqual(sent, ['a:0/0', 'b:1/1']);
});

test('close() forgets what is buffered and takes nothing more', () => {
  const { pool, sent, say, start, wake } = fixture(['a'], 2);
  pool.accept(tick(5), 0);
  assert.ok(pool.wants(tick(5)));
  pool.close();
  assert.ok(!pool.wants(tick(5)));
  start('a');
  say('a', 'READY\n');
  wake();
  assert.deepEqual([sent, pool.status().buffered], [[], 0]);
});

test('calls for processes of other pools are harmless', () => {
  const { pool, say, start } = fixture(['a'], 2);
  start('x');
  say('x', 'READY\n');
  pool.processAdopted('x', 'READY');
  pool.processExited('x');
});

type Act =
  | { readonly kind: 'event' | 'wake' }
  | { readonly kind: 'start' | 'ok' | 'fail' | 'die' | 'noise' | 'closed'; readonly process: string };

const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('event' as const, 'wake' as const) }),
    fc.record({
      kind: fc.constantFrom(
        'start' as const,
        'ok' as const,
        'fail' as const,
        'die' as const,
        'noise' as const,
        'closed' as const,
      ),
      process: fc.constantFrom('a', 'b'),
    }),
  ),
  { maxLength: 80 },
);

/** Plays listeners that answer, refuse, die and talk nonsense, then lets everything come to rest. */
function play(script: readonly Act[], bufferSize: number) {
  const { pool, sent, logged, answers, say, start, wake } = fixture(['a', 'b'], bufferSize);
  const processed: string[] = [];
  const isBusy = (process: string): boolean =>
    pool.status().listeners.some((listener) => listener.process === process && listener.state === 'BUSY');
  const isDead = new Set(['a', 'b']);
  let serial = 0;
  const lastOf = (process: string): string => sent.findLast((entry) => entry.startsWith(process))?.slice(2) ?? '';
  const act = (one: Act): void => {
    if (!('process' in one)) {
      if (one.kind === 'wake') return wake();
      pool.accept(tick(serial), serial);
      serial += 1;
    } else if (one.kind === 'start') {
      if (!isDead.delete(one.process)) return;
      answers.delete(one.process);
      start(one.process);
      say(one.process, 'READY\n');
    } else if (one.kind === 'die') {
      isDead.add(one.process);
      pool.processExited(one.process);
    } else if (one.kind === 'closed') answers.set(one.process, fail('closed'));
    else if (!isDead.has(one.process)) {
      if (one.kind === 'noise') say(one.process, 'noise\n');
      else if (isBusy(one.process)) {
        if (one.kind === 'ok') processed.push(lastOf(one.process));
        say(one.process, one.kind === 'ok' ? OK : FAIL);
      }
    }
  };
  for (const one of script) act(one);
  for (const process of ['a', 'b']) {
    act({ kind: 'die', process });
    act({ kind: 'start', process });
  }
  for (let round = 0; round < 100; round += 1) {
    act({ kind: 'wake' });
    act({ kind: 'ok', process: 'a' });
    act({ kind: 'ok', process: 'b' });
  }
  return { pool, sent, logged, processed, accepted: serial };
}

test('every accepted event is processed exactly once or discarded, and first sent in order', () => {
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 5 }), (script, bufferSize) => {
      const { pool, sent, processed, accepted } = play(script, bufferSize);
      const { buffered, discarded } = pool.status();
      assert.equal(buffered, 0);
      assert.equal(new Set(processed).size, processed.length, 'processed twice');
      assert.equal(processed.length + discarded, accepted, 'lost');
      const firsts = [...new Set(sent.map((entry) => Number(entry.slice(2).split('/')[0])))];
      assert.deepEqual(
        firsts,
        firsts.toSorted((one, other) => one - other),
      );
    }),
  );
});
