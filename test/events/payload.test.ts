import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SupervisorEvent } from '../../src/events/event.ts';
import { countCodePoints, envelope, payloadOf, reprBytes, textOf } from '../../src/events/payload.ts';
import { pid } from '../../src/units.ts';

const of = { process: 'p', group: 'g' } as const;
const state = { ...of, kind: 'process-state' } as const;
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('payloadOf() writes what supervisord writes', () => {
  const cases: readonly (readonly [SupervisorEvent, string])[] = [
    [
      { ...state, from: 'EXITED', to: { name: 'STARTING', tries: 2 } },
      'processname:p groupname:g from_state:EXITED tries:2',
    ],
    [
      { ...state, from: 'STARTING', to: { name: 'BACKOFF', tries: 1 } },
      'processname:p groupname:g from_state:STARTING tries:1',
    ],
    [
      { ...state, from: 'BACKOFF', to: { name: 'STOPPED', pid: 0 } },
      'processname:p groupname:g from_state:BACKOFF pid:0',
    ],
    [
      { ...state, from: 'RUNNING', to: { name: 'EXITED', pid: pid(7), expected: true } },
      'processname:p groupname:g from_state:RUNNING expected:1 pid:7',
    ],
    [{ ...state, from: 'BACKOFF', to: { name: 'FATAL' } }, 'processname:p groupname:g from_state:BACKOFF'],
    [
      { ...of, kind: 'process-log', channel: 'stderr', pid: pid(7), data: bytes('hi\n') },
      'processname:p groupname:g pid:7 channel:stderr\nhi\n',
    ],
    [
      { ...of, kind: 'process-communication', channel: 'stdout', pid: pid(7), data: bytes('err cap \xff\xfe') },
      "processname:p groupname:g pid:7\nUndecodable: b'err cap \\xff\\xfe'",
    ],
    [{ kind: 'remote-communication', type: 'té', data: 'dé' }, 'type:té\ndé'],
    [{ kind: 'supervisor-state-change', to: 'STOPPING' }, ''],
    [{ kind: 'tick', period: 60, when: 1795341180 }, 'when:1795341180'],
    [{ kind: 'process-group', change: 'REMOVED', group: 'g' }, 'groupname:g\n'],
  ];
  for (const [event, text] of cases) assert.equal(payloadOf(event), text);
});

test('reprBytes() quotes as Python does', () => {
  assert.equal(reprBytes(bytes(`a'b`)), `b"a'b"`);
  assert.equal(reprBytes(bytes(`a'b"`)), `b'a\\'b"'`);
  assert.equal(reprBytes(bytes('\\\t\r\n\x00\x7f\x80 ~')), "b'\\\\\\t\\r\\n\\x00\\x7f\\x80 ~'");
});

test('textOf() keeps a byte order mark and refuses encoded surrogates', () => {
  assert.equal(textOf(bytes('\xef\xbb\xbfa')), '\ufeffa');
  assert.equal(textOf(bytes('\xed\xa0\x80')), "Undecodable: b'\\xed\\xa0\\x80'");
});

test('envelope() counts characters, or bytes on request', () => {
  const event: SupervisorEvent = { kind: 'remote-communication', type: 'té', data: '😀' };
  const address = { server: 'capd', serial: 21, pool: 'dump', poolserial: 3, event } as const;
  const head = 'ver:3.0 server:capd serial:21 pool:dump poolserial:3 eventname:REMOTE_COMMUNICATION';
  assert.equal(Buffer.from(envelope({ ...address, lengthIn: 'characters' })).toString(), `${head} len:9\ntype:té\n😀`);
  assert.equal(Buffer.from(envelope({ ...address, lengthIn: 'bytes' })).toString(), `${head} len:13\ntype:té\n😀`);
});

test('envelope() keeps the header one line of tokens whatever the identifier is', () => {
  const event: SupervisorEvent = { kind: 'supervisor-state-change', to: 'RUNNING' };
  const text = Buffer.from(
    envelope({ server: 'a b:c\nd', serial: 0, pool: 'p', poolserial: 0, event, lengthIn: 'bytes' }),
  ).toString();
  assert.match(text, /^ver:3.0 server:a_b_c_d serial:0 .* len:0\n$/);
});

test('countCodePoints() counts as the string iterator does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(countCodePoints(text), Array.from(text).length)),
  );
  assert.equal(countCodePoints('\ud800a\udc00'), 3);
});

test('envelope() announces exactly the code points that a reader decodes', () => {
  const data = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\udc00b'));
  fc.assert(
    fc.property(data, (text) => {
      const event: SupervisorEvent = { kind: 'remote-communication', type: 't', data: text };
      const sent = envelope({ server: 's', serial: 0, pool: 'p', poolserial: 0, event, lengthIn: 'characters' });
      const [head = '', ...rest] = Buffer.from(sent).toString().split('\n');
      assert.equal(Number(/len:(\d+)$/.exec(head)?.[1]), Array.from(rest.join('\n')).length);
    }),
  );
});
