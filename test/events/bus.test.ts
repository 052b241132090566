import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bus, MAX_CHAINED_EVENTS, type NumberedSubscriber } from '../../src/events/bus.ts';
import type { SupervisorEvent } from '../../src/events/event.ts';
import { eventTypeOf, subscribes } from '../../src/events/types.ts';

const tick = (when: number): SupervisorEvent => ({ kind: 'tick', period: 5, when });
const running: SupervisorEvent = { kind: 'supervisor-state-change', to: 'RUNNING' };

function pool(name: string, types: readonly string[], got: string[]): NumberedSubscriber {
  const accept = (event: SupervisorEvent, serial: number): void => {
    got.push(`${name}:${serial}:${eventTypeOf(event)}`);
  };
  return { name, wants: subscribes(types), accept };
}

const refuse = (problem: string): never => assert.fail(problem);

test('publish() numbers only events that a pool wants, with one number for all pools', () => {
  const got: string[] = [];
  const bus = new Bus(refuse, 7);
  bus.publish(tick(0));
  bus.subscribe(pool('a', ['TICK', 'TICK_5'], got));
  bus.subscribe(pool('b', ['EVENT'], got));
  bus.publish(tick(5));
  bus.publish(running);
  assert.deepEqual(got, ['a:7:TICK_5', 'b:7:TICK_5', 'b:8:SUPERVISOR_STATE_CHANGE_RUNNING']);
  assert.equal(bus.nextSerial, 9);
});

test('publish() starts again at 0 when the numbers are used up', () => {
  const got: string[] = [];
  const bus = new Bus(refuse, Number.MAX_SAFE_INTEGER);
  bus.subscribe(pool('a', ['TICK'], got));
  bus.publish(tick(0));
  assert.equal(bus.nextSerial, 0);
});

test('remove() ends the delivery', () => {
  const got: string[] = [];
  const bus = new Bus(refuse);
  const one = pool('a', ['EVENT'], got);
  bus.subscribe(one);
  assert.ok(bus.isWanted(running));
  bus.remove(one);
  assert.ok(!bus.isWanted(running));
  bus.publish(running);
  assert.deepEqual(got, []);
});

test('publish() reports and drops a subscriber that throws, and goes on', () => {
  const got: string[] = [];
  const problems: string[] = [];
  const bus = new Bus((problem) => problems.push(problem));
  const broken = (): never => {
    throw new Error('boom');
  };
  bus.watch({ name: 'journal', see: broken });
  bus.subscribe({ name: 'bad', wants: () => true, accept: broken });
  bus.subscribe({ name: 'worse', wants: broken, accept: () => assert.fail() });
  bus.subscribe(pool('good', ['EVENT'], got));
  bus.publish(running);
  bus.publish(running);
  assert.equal(got.length, 2);
  assert.deepEqual(
    problems,
    ['worse', 'journal', 'bad'].map((name) => `cannot deliver an event to ${name}: boom; it gets no more events`),
  );
});

test('publish() keeps the order when a subscriber publishes', () => {
  const got: string[] = [];
  const bus = new Bus(refuse);
  bus.watch({ name: 'echo', see: (event) => (event.kind === 'tick' ? bus.publish(running) : undefined) });
  bus.subscribe(pool('a', ['EVENT'], got));
  bus.publish(tick(5));
  assert.deepEqual(got, ['a:0:TICK_5', 'a:1:SUPERVISOR_STATE_CHANGE_RUNNING']);
});

test('publish() cuts a feedback loop', () => {
  let problems = 0;
  const bus = new Bus(() => {
    problems += 1;
  });
  let seen = 0;
  bus.watch({
    name: 'loop',
    see: (event) => {
      seen += 1;
      bus.publish(event);
    },
  });
  bus.publish(running);
  assert.deepEqual([seen, problems], [MAX_CHAINED_EVENTS + 1, 1]);
});
