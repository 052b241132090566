import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { JournalFile } from '../../src/host/journal-file.ts';
import { newest } from '../../src/journal/query.ts';
import type { Entry, JournalRecord } from '../../src/journal/record.ts';
import { epochMillis, millis } from '../../src/units.ts';

interface Place {
  readonly directory: string;
  readonly problems: string[];
  open(maxbytes?: number): JournalFile;
}

function aPlace(t: TestContext): Place {
  const directory = join(mkdtempSync(join(tmpdir(), 'superd-journal-')), 'journal');
  const problems: string[] = [];
  t.after(() => rmSync(join(directory, '..'), { recursive: true, force: true }));
  const open = (maxbytes = 2 ** 20): JournalFile => {
    const wall = (): ReturnType<typeof epochMillis> => epochMillis(5);
    const journal = new JournalFile({ directory, maxbytes, wall, onProblem: (text) => problems.push(text) });
    journal.open();
    t.after(() => journal[Symbol.dispose]());
    return journal;
  };
  return { directory, problems, open };
}

const bug = (text: string): Entry => ({ kind: 'bug', text });
const textOf = (record: JournalRecord): string => ('text' in record ? record.text : record.kind);
const ALL = { name: undefined, since: undefined, kinds: undefined };

async function read(journal: JournalFile, after = 0): Promise<readonly JournalRecord[]> {
  const all: JournalRecord[] = [];
  for await (const batch of journal.after(after)) all.push(...batch);
  return all;
}

const segmentsIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));

test('append() numbers records on over closing and opening', async (t) => {
  const place = aPlace(t);
  const first = place.open();
  assert.deepEqual([first.append(bug('a')), first.append(bug('b'))], [1, 2]);
  first[Symbol.dispose]();
  assert.equal(first.append(bug('too late')), undefined);
  const second = place.open();
  assert.equal(second.last, 2);
  assert.equal(second.append(bug('c')), 3);
  assert.deepEqual((await read(second)).map(textOf), ['a', 'b', 'c']);
  assert.deepEqual((await read(second, 2)).map(textOf), ['c']);
  assert.equal(statSync(place.directory).mode & 0o777, 0o700);
  assert.deepEqual(place.problems, []);
});

test('open() cuts off what is torn at any byte, says so, and keeps everything before it', async (t) => {
  const place = aPlace(t);
  const before = place.open();
  before.append(bug('kept'));
  const [file = ''] = segmentsIn(place.directory);
  const sound = statSync(file).size;
  before.append(bug('torn'));
  before[Symbol.dispose]();
  const whole = readFileSync(file);
  for (let length = sound + 1; length < whole.length; length += 1) {
    writeFileSync(file, whole.subarray(0, length));
    place.problems.length = 0;
    const journal = place.open();
    assert.deepEqual((await read(journal)).map(textOf), ['kept', place.problems[0]]);
    assert.match(place.problems[0] ?? '', new RegExp(`${length - sound} bytes that are no record`));
    journal[Symbol.dispose]();
  }
});

test('open() goes on behind a header that is torn, and behind an empty file', async (t) => {
  const place = aPlace(t);
  place.open()[Symbol.dispose]();
  const journal = place.open();
  journal.append(bug('a'));
  journal[Symbol.dispose]();
  const [file = ''] = segmentsIn(place.directory);
  for (const length of [0, 5]) {
    truncateSync(file, length);
    const again = place.open();
    assert.ok((again.append(bug('b')) ?? 0) >= 1);
    assert.equal((await read(again)).map(textOf).at(-1), 'b');
    again[Symbol.dispose]();
  }
});

test('after() passes over damage in the middle, which open() reports', async (t) => {
  const place = aPlace(t);
  const journal = place.open();
  for (const text of ['a', 'b', 'c']) journal.append(bug(text));
  journal[Symbol.dispose]();
  const [file = ''] = segmentsIn(place.directory);
  const content = readFileSync(file, 'latin1');
  writeFileSync(file, content.replace('"b"', '"X"'), 'latin1');
  const again = place.open();
  assert.deepEqual((await read(again)).map(textOf).slice(0, 2), ['a', 'c']);
  assert.deepEqual(place.problems, ['the journal holds 1 damaged records, which are passed over']);
});

test('open() refuses what a later superd wrote, and touches nothing', (t) => {
  const place = aPlace(t);
  place.open().append(bug('a'));
  const [file = ''] = segmentsIn(place.directory);
  const json = '{"journal":99,"first":1}';
  writeFileSync(file, `${crc32(json).toString(16).padStart(8, '0')} ${json}\nwhatever`);
  const before = readFileSync(file, 'utf8');
  const journal = place.open();
  assert.match(place.problems.join(), /a later superd wrote it \(version 99\); it is left untouched/);
  assert.equal(journal.problem, place.problems[0]);
  assert.equal(journal.append(bug('b')), undefined);
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal(segmentsIn(place.directory).length, 1);
});

test('append() begins new segments, and lets go of the oldest', async (t) => {
  const place = aPlace(t);
  const journal = place.open(300_000);
  const filler = 'x'.repeat(10_000);
  for (let count = 0; count < 100; count += 1) journal.append(bug(filler));
  const files = segmentsIn(place.directory);
  assert.ok(files.length > 1);
  assert.ok(files.reduce((sum, file) => sum + statSync(file).size, 0) <= 300_000);
  const left = await read(journal);
  assert.equal(left.at(-1)?.serial, 100);
  assert.deepEqual(
    left.map(({ serial }) => serial),
    Array.from(left, (_, index) => (left[0]?.serial ?? 0) + index),
  );
  assert.deepEqual((await newest(journal, ALL, 40)).map(({ serial }) => serial).slice(-3), [98, 99, 100]);
  assert.ok((await newest(journal, ALL, 12)).length === 12);
  journal[Symbol.dispose]();
  const again = place.open(300_000);
  assert.equal(again.last, 100);
  assert.deepEqual(again.starts(), journal.starts());
});

test('cursor() goes on where it ended, over segments, and over a segment that is gone', (t) => {
  const place = aPlace(t);
  const journal = place.open(200_000);
  const cursor = journal.cursor(0);
  assert.deepEqual(cursor.next(), []);
  journal.append(bug('a'));
  assert.deepEqual(cursor.next().map(textOf), ['a']);
  assert.deepEqual(cursor.next(), []);
  const seen: number[] = [];
  for (let count = 0; count < 60; count += 1) journal.append(bug('x'.repeat(10_000)));
  for (let batch = cursor.next(); batch.length > 0; batch = cursor.next())
    seen.push(...batch.map(({ serial }) => serial));
  assert.equal(seen.at(-1), 61);
  assert.deepEqual(
    seen,
    Array.from(seen, (_, index) => (seen[0] ?? 0) + index),
  );
  assert.ok((seen[0] ?? 0) > 2, 'the first records are gone');
});

test('changed() resolves with the next record, with the end of the journal, or in time', async (t) => {
  const place = aPlace(t);
  const journal = place.open();
  const waiting = journal.changed(0, millis(60_000));
  journal.append(bug('a'));
  await waiting;
  await journal.changed(0, millis(60_000));
  await journal.changed(1, millis(1));
  const ended = journal.changed(1, millis(60_000));
  journal[Symbol.dispose]();
  await ended;
});

test('the number of the next event survives, also in a segment without events', (t) => {
  const place = aPlace(t);
  const journal = place.open(100_000);
  journal.append({ kind: 'supervisor-state', to: 'RUNNING', event: 41 });
  for (let count = 0; count < 30; count += 1) journal.append(bug('x'.repeat(10_000)));
  journal[Symbol.dispose]();
  assert.equal(place.open(100_000).nextEvent, 42);
});

test('files of others in the directory are left alone', (t) => {
  const place = aPlace(t);
  place.open().append(bug('a'));
  appendFileSync(join(place.directory, 'notes.txt'), 'mine');
  place.open(1).append(bug('x'.repeat(100_000)));
  assert.equal(readFileSync(join(place.directory, 'notes.txt'), 'utf8'), 'mine');
});
