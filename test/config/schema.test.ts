import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_TYPES } from '../../src/config/event-types.ts';
import { kindOf, meantSection, SECTION_KINDS } from '../../src/config/schema.ts';
import { EVENT_TYPES as SENT_TYPES } from '../../src/events/types.ts';
import { fakeSource } from './fake-source.ts';

const source = fakeSource({ directories: ['/tmp'] });

test('SECTION_KINDS has every key of a kind once, with a sentence', () => {
  for (const { kind, keys } of SECTION_KINDS) {
    const names = keys.map((row) => row.name);
    assert.deepEqual(names, [...new Set(names)], kind);
    for (const row of keys) assert.match(row.doc, /^[A-Z`].*\.$/s, `${kind} ${row.name}`);
  }
});

test('SECTION_KINDS has only defaults that their types accept', () => {
  for (const { kind, keys } of SECTION_KINDS) {
    for (const { name, type, initial } of keys) {
      assert.ok(initial === undefined || type.parse(initial, source).ok, `${kind} ${name}`);
    }
  }
});

test('kindOf() knows sections by name, by prefix, and by what is before the colon', () => {
  const kinds = ['supervisord', 'program:a:b', 'program:', 'unix_http_server:b', 'crashmail', 'program', 'mine'].map(
    (name) => kindOf(name)?.kind,
  );
  assert.deepEqual(kinds, ['supervisord', 'program', 'program', 'unix_http_server', 'crashmail', undefined, undefined]);
});

test('meantSection() guesses near names only', () => {
  const meant = [
    'progam:x',
    'programs:y',
    'Program:z',
    'program',
    'supervisrod',
    'event-listener:a',
    'my-tool',
    'nginx',
  ].map(meantSection);
  assert.deepEqual(meant, [
    'program:x',
    'program:y',
    'program:z',
    'program:x',
    'supervisord',
    'eventlistener:a',
    undefined,
    undefined,
  ]);
});

test('EVENT_TYPES are the types that the events chapter knows', () => {
  assert.deepEqual([...EVENT_TYPES].sort(), [...SENT_TYPES].sort());
});
