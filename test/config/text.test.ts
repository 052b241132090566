import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../src/config/nearest.ts';
import { compareText, decodeText, trim, words } from '../../src/config/text.ts';

test('trim() knows the white space of Python', () => {
  assert.equal(trim('\u001c\u0085\u00a0\u2003 x \u3000\v\f'), 'x');
  assert.equal(trim('\ufeffx'), '\ufeffx');
  assert.deepEqual(words(' a\n\tb\u00a0c '), ['a', 'b', 'c']);
});

test('compareText() orders by code point', () => {
  assert.deepEqual(['\u{10000}', '\ue000', 'b', 'ab', 'a', ''].sort(compareText), [
    '',
    'a',
    'ab',
    'b',
    '\ue000',
    '\u{10000}',
  ]);
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (a, b) => Math.sign(compareText(a, b)) === -Math.sign(compareText(b, a)),
    ),
  );
});

/** Read off Python's codec. */
const UNDECODABLE: readonly (readonly [readonly number[], string])[] = [
  [[0x61, 0xff], 'byte 0xff in position 1: invalid start byte'],
  [[0x80], 'byte 0x80 in position 0: invalid start byte'],
  [[0xc3, 0xa9, 0xe9, 0x20], 'byte 0xe9 in position 2: invalid continuation byte'],
  [[0xe2, 0x82, 0x20], 'bytes in position 0-1: invalid continuation byte'],
  [[0xe2, 0x82], 'bytes in position 0-1: unexpected end of data'],
  [[0xc3], 'byte 0xc3 in position 0: unexpected end of data'],
  [[0xed, 0xa0, 0x80], 'byte 0xed in position 0: invalid continuation byte'],
  [[0xc0, 0x80], 'byte 0xc0 in position 0: invalid start byte'],
];

test('decodeText() says what is wrong with bytes as Python does', () => {
  for (const [bytes, detail] of UNDECODABLE) {
    const error = `'utf-8' codec can't decode ${detail}`;
    assert.deepEqual(decodeText(Uint8Array.from(bytes)), { ok: false, error });
  }
});

test('decodeText() ends for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => typeof decodeText(bytes).ok === 'boolean'),
    { numRuns: 3000 },
  );
});

test('nearest() finds slips of the finger, and nothing far', () => {
  const known = ['startsecs', 'startretries', 'command', 'user', 'umask'];
  const guesses = ['startsec', 'sartsecs', 'comand', 'commnad', 'usr', 'xyz', 'COMMAND'].map((word) =>
    nearest(word, known),
  );
  assert.deepEqual(guesses, ['startsecs', 'startsecs', 'command', 'command', 'user', undefined, 'command']);
  assert.deepEqual([editDistance('ab', 'ba'), editDistance('', 'abc'), editDistance('abc', 'abc')], [1, 3, 0]);
});
