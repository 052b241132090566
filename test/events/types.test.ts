import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorEvent } from '../../src/events/event.ts';
import { renderEventsReference } from '../../src/events/reference.ts';
import { concreteTypes, EVENT_TYPES, eventTypeOf, isEventType, subscribes } from '../../src/events/types.ts';

const tick: SupervisorEvent = { kind: 'tick', period: 5, when: 0 };
const added: SupervisorEvent = { kind: 'process-group', change: 'ADDED', group: 'g' };

test('isEventType() accepts abstract and concrete names in upper case only', () => {
  for (const name of ['EVENT', 'PROCESS_STATE', 'TICK_5', 'REMOTE_COMMUNICATION']) assert.ok(isEventType(name), name);
  for (const name of ['', 'tick_5', 'TICK_6', 'constructor', '__proto__']) assert.ok(!isEventType(name), name);
  assert.equal(EVENT_TYPES.length, 27);
});

test('concreteTypes() of EVENT are all that are ever sent', () => {
  assert.equal(concreteTypes(['EVENT']).size, 20);
  assert.deepEqual([...concreteTypes(['TICK', 'TICK_60'])], ['TICK_5', 'TICK_60', 'TICK_3600']);
  assert.deepEqual([...concreteTypes(['REMOTE_COMMUNICATION'])], ['REMOTE_COMMUNICATION']);
});

test('subscribes() matches a type and the types above it', () => {
  assert.equal(eventTypeOf(tick), 'TICK_5');
  for (const names of [['TICK_5'], ['TICK'], ['EVENT'], ['PROCESS_LOG', 'TICK_5']]) assert.ok(subscribes(names)(tick));
  for (const names of [['TICK_60'], ['PROCESS_GROUP'], []]) assert.ok(!subscribes(names)(tick));
  assert.ok(subscribes(['PROCESS_GROUP_ADDED'])(added));
});

test('renderEventsReference() names every type and has a payload for every concrete one', () => {
  const page = renderEventsReference();
  for (const name of EVENT_TYPES) assert.ok(page.includes(`\`${name}\``), name);
  assert.equal(page.split('| empty |').length - 1, 2);
});
