import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { arrange, decodeValues, encodeNames, encodeValues, isNewer, scan } from '../../src/metrics/codec.ts';
import { levelsOf } from '../../src/metrics/levels.ts';
import { epochMillis, seconds } from '../../src/units.ts';

const [hour] = levelsOf(seconds(5));
const AT = epochMillis(1_795_340_000_000);
const names = (from: number, ...some: readonly string[]): Buffer => encodeNames({ from, names: some }, AT, crc32);
const row = (at: number, ...values: readonly number[]): Buffer =>
  encodeValues(Float32Array.from(values), epochMillis(AT + at), crc32);

/** Everything that is whole in some bytes. */
function read(content: Buffer) {
  const { names: columns, rows, sound, damaged } = scan(content, hour, crc32);
  const found = rows.map(({ at, offset, columns: count }) => ({
    at: at - AT,
    values: [...decodeValues(content.subarray(offset, offset + count * hour.width * 4))],
  }));
  return { columns, found, sound, damaged };
}

suite('scan()', () => {
  const pieces = [names(0, 'a', 'b:c'), row(0, 1, 2, 3, 4), names(2, 'd"'), row(5000, 5, 6, 7, 8, 9, 10)];
  const whole = Buffer.concat(pieces);

  test('finds names and rows as they were written', () => {
    assert.deepEqual(read(whole), {
      columns: ['a', 'b:c', 'd"'],
      found: [
        { at: 0, values: [1, 2, 3, 4] },
        { at: 5000, values: [5, 6, 7, 8, 9, 10] },
      ],
      sound: whole.length,
      damaged: 0,
    });
  });

  test('stops at a torn end, wherever it was torn', () => {
    const sounds = pieces.map((_piece, index) => Buffer.concat(pieces.slice(0, index)).length);
    for (let length = 0; length < whole.length; length += 1) {
      const { sound, damaged } = read(whole.subarray(0, length));
      assert.equal(sound, Math.max(...sounds.filter((at) => at <= length)), `${length}`);
      assert.equal(damaged, 0);
    }
  });

  test('passes over a damaged row and counts its bytes', () => {
    const spoiled = Buffer.from(whole);
    const at = (pieces[0]?.length ?? 0) + 30;
    spoiled[at] = (spoiled[at] ?? 0) ^ 0xff;
    const { found, damaged, sound } = read(spoiled);
    assert.deepEqual(found, [{ at: 5000, values: [5, 6, 7, 8, 9, 10] }]);
    assert.equal(damaged, pieces[1]?.length);
    assert.equal(sound, whole.length);
  });

  test('gives no row to the wrong program when names are damaged', () => {
    const spoiled = Buffer.from(Buffer.concat([...pieces, names(3, 'e'), row(9000, 1, 1, 2, 2, 3, 3, 4, 4)]));
    const at = Buffer.concat(pieces.slice(0, 2)).length + 26;
    spoiled[at] = (spoiled[at] ?? 0) ^ 0xff;
    const { columns, found } = read(spoiled);
    assert.deepEqual(columns, ['a', 'b:c']);
    assert.deepEqual(found, [{ at: 0, values: [1, 2, 3, 4] }]);
  });

  test('survives any bytes, and any byte changed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const spoiled = Buffer.from(whole);
        spoiled[at] = (spoiled[at] ?? 0) ^ change;
        const { found } = read(spoiled);
        const known = read(whole).found;
        for (const each of found) assert.ok(known.some((one) => JSON.stringify(one) === JSON.stringify(each)));
      }),
    );
  });
});

test('isNewer() knows a form that a later superd wrote, and only that', () => {
  assert.equal(isNewer(names(0)), false);
  assert.equal(isNewer(Buffer.from('sdm\u0002')), true);
  for (const text of ['', 'sdm', 'xdm\u0002', 'sdm\u0001']) assert.equal(isNewer(Buffer.from(text)), false);
});

test('arrange() puts numbers into the columns of their names', () => {
  const columns = new Map([
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
  const values = arrange({ at: AT, names: ['c', 'a'], values: Float32Array.from([5, 6, 1, 2]) }, columns, 2);
  assert.deepEqual([...values], [1, 2, Number.NaN, Number.NaN, 5, 6]);
});
