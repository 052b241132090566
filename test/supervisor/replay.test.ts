import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fail, ok, type Result } from '../../src/errors.ts';
import { Bus } from '../../src/events/bus.ts';
import type { SupervisorEvent } from '../../src/events/event.ts';
import { eventOf } from '../../src/journal/record.ts';
import { Listeners } from '../../src/supervisor/listeners.ts';
import { epochMillis } from '../../src/units.ts';
import { aListenerGroup, aProcess } from '../support/config.ts';
import { FakePositions } from '../support/fake-host.ts';
import { FakeJournal } from '../support/fake-journal.ts';

/** A daemon with one pool, as often as it is started; what is kept outlives it. */
class Daemon {
  readonly journal = new FakeJournal(() => epochMillis(0));
  readonly positions = new FakePositions();
  readonly log: string[] = [];
  /** Data of the events that listeners answered with OK, in that order. */
  readonly done: string[] = [];
  /** Serial and data of everything that was sent. */
  readonly sent: { readonly serial: number; readonly data: string }[] = [];
  readonly #names: readonly string[];
  readonly #bufferSize: number;
  #holding = new Map<string, string>();
  #wakes: (() => void)[] = [];
  #bus = new Bus((problem) => assert.fail(problem));
  #listeners: Listeners = this.#open();
  #isWritable = true;

  constructor(listeners: number, bufferSize: number) {
    this.#names = Array.from({ length: listeners }, (_, index) => `l${index}`);
    this.#bufferSize = bufferSize;
    this.start();
  }

  #open(): Listeners {
    return new Listeners({
      log: { log: (level, message) => this.log.push(`${level} ${message}`) },
      children: { write: ({ process }, data) => this.#write(process, Buffer.from(data).toString()) },
      identifier: 's',
      bus: this.#bus,
      after: (_, wake) => this.#wakes.push(wake),
      journal: this.journal,
      positions: this.positions,
    });
  }

  #write(process: string, text: string): Result<void, 'closed' | 'full'> {
    if (!this.#isWritable) return fail('full');
    assert.ok(!this.#holding.has(process), 'a second event before the answer');
    const serial = Number(/ serial:(\d+) /.exec(text)?.[1]);
    const data = text.slice(text.indexOf('\n') + 1).split('\n')[1] ?? text.slice(text.indexOf('\n') + 1);
    this.#holding.set(process, data);
    this.sent.push({ serial, data });
    return ok(undefined);
  }

  /** The daemon of before is gone without a word, as after SIGKILL. */
  start(): void {
    const events = this.journal.records.flatMap((record) => eventOf(record)?.serial ?? []);
    this.#bus = new Bus((problem) => assert.fail(problem));
    this.#bus.continueFrom(Math.max(-1, ...events) + 1);
    this.#holding = new Map();
    this.#wakes = [];
    this.#listeners = this.#open();
    this.#listeners.openPool(
      aListenerGroup('p', {
        processes: this.#names.map((name) => aProcess(name)),
        events: ['REMOTE_COMMUNICATION', 'TICK'],
        bufferSize: this.#bufferSize,
        replay: true,
      }),
    );
    for (const name of this.#names) this.revive(name);
  }

  revive(process: string): void {
    const slot = { group: 'p', process };
    this.#holding.delete(process);
    this.#listeners.listenerExited(slot);
    this.#listeners.listenerChanged(slot, 'EXITED');
    this.#listeners.listenerChanged(slot, 'STARTING');
    this.#listeners.listenerChanged(slot, 'RUNNING');
    this.#listeners.output(slot, Buffer.from('READY\n'));
  }

  say(data: string): void {
    this.#listeners.publish({ kind: 'remote-communication', type: 't', data });
  }

  publish(event: SupervisorEvent): void {
    this.#listeners.publish(event);
  }

  answer(which: number, isOk: boolean): void {
    const process = this.#names[which % this.#names.length] ?? '';
    const data = this.#holding.get(process);
    if (data === undefined) return;
    if (isOk) this.done.push(data);
    this.#holding.delete(process);
    const text = isOk ? 'RESULT 2\nOKREADY\n' : 'RESULT 4\nFAILREADY\n';
    this.#listeners.output({ group: 'p', process }, Buffer.from(text));
  }

  block(isBlocked: boolean): void {
    this.#isWritable = !isBlocked;
  }

  wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  /** Everybody answers until nothing is left to be sent. */
  drain(): void {
    this.block(false);
    for (let quiet = 0; quiet < 3; quiet += 1) {
      this.wake();
      while (this.#holding.size > 0) {
        quiet = 0;
        for (const which of this.#names.keys()) this.answer(which, true);
      }
    }
  }
}

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

test('a pool with replay gets in order what its buffer could not hold', () => {
  const daemon = new Daemon(1, 2);
  for (const data of numbers(0, 50)) daemon.say(data);
  assert.deepEqual(daemon.done, []);
  daemon.drain();
  assert.deepEqual(daemon.done, numbers(0, 50));
  assert.deepEqual(
    daemon.sent.map(({ serial }) => serial),
    numbers(0, 50).map(Number),
  );
  assert.equal(daemon.log.filter((line) => line.startsWith('error')).length, 0);
  assert.equal(daemon.log.filter((line) => line.includes('further events wait in the journal')).length, 1);
  daemon.say('after');
  daemon.drain();
  assert.equal(daemon.done.at(-1), 'after');
  assert.equal(daemon.positions.load('p'), daemon.journal.last);
});

test('what was not answered when the daemon died is sent again, with the same serial', () => {
  const daemon = new Daemon(1, 10);
  for (const data of numbers(0, 5)) daemon.say(data);
  daemon.answer(0, true);
  assert.deepEqual(
    daemon.sent.map(({ data }) => data),
    ['0', '1'],
  );
  daemon.start();
  daemon.say('new');
  daemon.drain();
  assert.deepEqual(daemon.done, ['0', ...numbers(1, 5), 'new']);
  assert.deepEqual(
    daemon.sent.map(({ serial }) => serial),
    [0, 1, 1, 2, 3, 4, 5],
  );
});

test('a pool that is new begins with what happens from now on', () => {
  const daemon = new Daemon(1, 10);
  daemon.say('old');
  daemon.positions.clear();
  daemon.start();
  daemon.say('new');
  daemon.drain();
  assert.deepEqual(daemon.done, ['new']);
});

test('events that are kept nowhere make no room for themselves at the cost of those that are', () => {
  const daemon = new Daemon(1, 2);
  daemon.say('0');
  daemon.say('1');
  daemon.say('2');
  daemon.publish({ kind: 'tick', period: 5, when: 5 });
  assert.deepEqual(
    daemon.log.filter((line) => line.startsWith('error')),
    ['error pool p event buffer overflowed, discarding event 3'],
  );
  daemon.drain();
  assert.deepEqual(daemon.done, ['0', '1', '2']);
});

test('what the journal has let go of is told', () => {
  const daemon = new Daemon(1, 1);
  for (const data of numbers(0, 10)) daemon.say(data);
  daemon.start();
  daemon.journal.forgotten = 8;
  daemon.start();
  daemon.drain();
  assert.deepEqual(daemon.done, ['8', '9']);
  assert.ok(daemon.log.includes('error pool p: the journal no longer holds the records 1 to 8'));
});

test('a journal that lost its end gives numbers again that do not count as answered', () => {
  const daemon = new Daemon(1, 10);
  for (const data of numbers(0, 5)) daemon.say(data);
  daemon.drain();
  daemon.journal.records.splice(2);
  daemon.start();
  daemon.say('again');
  daemon.drain();
  assert.equal(daemon.done.at(-1), 'again');
});

test('a journal that cannot be used leaves a pool without replay', () => {
  const daemon = new Daemon(1, 1);
  daemon.journal.problem = 'no journal';
  daemon.start();
  for (const data of numbers(0, 3)) daemon.say(data);
  daemon.drain();
  assert.deepEqual(daemon.done, ['0', '2']);
});

type Move =
  | { readonly kind: 'say' | 'tick' | 'wake' | 'start' }
  | { readonly kind: 'ok' | 'fail' | 'die'; readonly which: number }
  | { readonly kind: 'block'; readonly isBlocked: boolean };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('say', 'tick') }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('ok', 'ok', 'fail', 'die'), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('wake', 'start') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block'), isBlocked: fc.boolean() }) },
);

test('no kept event is lost, and none has two serials, over random histories with crashes', () => {
  const lists = fc.array(move, { maxLength: 80, size: 'max' });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), lists, (listeners, buffer, moves) => {
      const daemon = new Daemon(listeners, buffer);
      let said = 0;
      for (const one of moves) {
        switch (one.kind) {
          case 'say':
            daemon.say(String(said++));
            break;
          case 'tick':
            daemon.publish({ kind: 'tick', period: 5, when: 1_000_000 });
            break;
          case 'wake':
            daemon.wake();
            break;
          case 'start':
            daemon.start();
            break;
          case 'block':
            daemon.block(one.isBlocked);
            break;
          case 'ok':
          case 'fail':
            daemon.answer(one.which, one.kind === 'ok');
            break;
          case 'die':
            daemon.revive(`l${one.which % listeners}`);
        }
      }
      daemon.drain();
      const kept = daemon.done.filter((data) => /^\d+$/.test(data));
      assert.deepEqual(new Set(kept), new Set(numbers(0, said)));
      const serials = new Map<string, number>();
      for (const { serial, data } of daemon.sent.filter(({ data }) => /^\d+$/.test(data))) {
        assert.equal(serials.get(data) ?? serial, serial);
        serials.set(data, serial);
      }
      assert.equal(new Set(serials.values()).size, serials.size);
      // The first time that each is sent follows the order in which they happened.
      const firsts = [...serials.keys()].map(Number);
      assert.deepEqual(
        firsts,
        firsts.toSorted((a, b) => a - b),
      );
      assert.equal(daemon.positions.load('p'), daemon.journal.last);
    }),
    { numRuns: 500 },
  );
});
