import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  decodeBatch,
  decodeHeader,
  encodeHeader,
  encodeRecord,
  JOURNAL_VERSION,
  MAX_LINE,
} from '../../src/journal/codec.ts';
import { crc32 } from '../../src/journal/crc.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { epochMillis } from '../../src/units.ts';
import { anEntry, numbered } from './records.ts';

const records = fc.array(anEntry, { minLength: 1, maxLength: 8 }).map((entries) => numbered(entries));
const linesOf = (all: readonly JournalRecord[]): Buffer =>
  Buffer.concat(all.map((record) => Buffer.from(encodeRecord(record))));
/** As it comes back: what JSON cannot carry, such as a lone surrogate, has become something else. */
const plain = (value: unknown): unknown => JSON.parse(Buffer.from(JSON.stringify(value)).toString());

test('crc32() is that of zip', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (data) => crc32(data) === zlibCrc32(data)));
});

test('decodeBatch() gives back what was encoded', () => {
  fc.assert(
    fc.property(records, (all) => {
      const lines = linesOf(all);
      const batch = decodeBatch(lines);
      assert.deepEqual(plain(batch.records), plain(all));
      assert.deepEqual([batch.consumed, batch.sound, batch.damaged], [lines.length, lines.length, 0]);
    }),
  );
});

test('decodeBatch() of a journal that is torn at any byte gives every record before it, and no other', () => {
  fc.assert(
    fc.property(records, (all) => {
      const lines = linesOf(all);
      const ends = all.map((_, index) => linesOf(all.slice(0, index + 1)).length);
      for (let length = 0; length <= lines.length; length += 1) {
        const { records: read, sound } = decodeBatch(lines.subarray(0, length));
        const whole = ends.filter((end) => end <= length);
        assert.equal(read.length, whole.length);
        assert.equal(sound, whole.at(-1) ?? 0);
        assert.deepEqual(plain(read), plain(all.slice(0, whole.length)));
      }
    }),
    { numRuns: 6 },
  );
});

test('decodeBatch() never gives a record that was not written, whichever bit is wrong', () => {
  fc.assert(
    fc.property(records, fc.nat(), (all, where) => {
      const lines = linesOf(all);
      const bit = where % (lines.length * 8);
      lines[bit >> 3] = (lines[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = decodeBatch(lines).records;
      const written = new Set(all.map((record) => JSON.stringify(plain(record))));
      for (const record of read) assert.ok(written.has(JSON.stringify(record)), JSON.stringify(record));
      // A line feed that is lost joins two lines.
      assert.ok(read.length >= all.length - 2);
      const before = all.filter((_, index) => linesOf(all.slice(0, index + 1)).length <= bit >> 3);
      assert.deepEqual(plain(read.slice(0, before.length)), plain(before));
    }),
    { numRuns: 500 },
  );
});

test('decodeBatch() takes any bytes for what they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), records, (garbage, all) => {
      const clean = garbage.map((byte) => (byte === 0x0a ? 0 : byte));
      assert.deepEqual(decodeBatch(clean).records, []);
      const mixed = Buffer.concat([clean, Buffer.from('\n'), linesOf(all)]);
      assert.deepEqual(plain(decodeBatch(mixed).records), plain(all));
    }),
  );
});

test('decodeBatch() passes over records of a kind that it does not know, as sound', () => {
  const json = '{"serial":1,"at":5,"kind":"wonder"}';
  const line = Buffer.from(`${zlibCrc32(json).toString(16).padStart(8, '0')} ${json}\n`);
  assert.deepEqual(decodeBatch(line), { records: [], consumed: line.length, sound: line.length, damaged: 0 });
});

test('encodeRecord() leaves out data that is too long, and the number of the event with it', () => {
  const at = epochMillis(0);
  const long: JournalRecord = {
    serial: 1,
    at,
    kind: 'remote-communication',
    type: 't',
    data: 'x'.repeat(MAX_LINE),
    event: 5,
  };
  assert.deepEqual(decodeBatch(encodeRecord(long)).records, [
    { serial: 1, at, kind: 'remote-communication', type: 't', data: '' },
  ]);
  const wordy: JournalRecord = { serial: 2, at, kind: 'bug', text: 'x'.repeat(MAX_LINE) };
  const [kept] = decodeBatch(encodeRecord(wordy)).records;
  assert.equal(kept?.kind, 'problem');
});

test('decodeHeader() tells a later version from damage', () => {
  const line = encodeHeader({ first: 7, nextEvent: 3 }).subarray(0, -1);
  assert.deepEqual(decodeHeader(line), { ok: true, value: { first: 7, nextEvent: 3 } });
  const json = `{"journal":${JOURNAL_VERSION + 1},"first":1}`;
  const later = Buffer.from(`${zlibCrc32(json).toString(16).padStart(8, '0')} ${json}`);
  assert.deepEqual(decodeHeader(later), { ok: false, error: { kind: 'newer', version: JOURNAL_VERSION + 1 } });
  const damaged = { ok: false, error: { kind: 'damaged' } };
  assert.deepEqual(decodeHeader(Buffer.from(later).fill('x', 12, 14)), damaged);
  assert.deepEqual(decodeHeader(new Uint8Array(0)), damaged);
});
