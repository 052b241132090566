import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KEPT_SENT, MAX_REPORTS, newRecord } from '../../src/crashmail/outbox.ts';
import { DiskOutbox } from '../../src/host/outbox.ts';
import { processMark } from '../../src/host/process-mark.ts';
import { letter, letterOf, REPORT, report, START } from '../crashmail/fixtures.ts';

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'superd-outbox-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'one', 'two');
}

const said: string[] = [];
const open = (dir: string): DiskOutbox => new DiskOutbox(dir, (line) => said.push(line));
const filesIn = (dir: string, folder: string): readonly string[] => readdirSync(join(dir, folder)).sort();
const NAME = `${START}-abc123.json`;
const LETTER_NAME = `${START}-letter1.json`;
const RECORD = newRecord(letterOf(REPORT));

test('put() writes one private file, which the next process finds', async (t) => {
  const dir = place(t);
  assert.ok((await open(dir).put(REPORT)).ok);
  assert.deepEqual(filesIn(dir, 'reports'), [NAME]);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.equal(statSync(join(dir, 'reports', NAME)).mode & 0o777, 0o600);
  const next = open(dir);
  assert.equal(next.knows('abc123'), false);
  assert.equal(await next.refresh(), 'owner');
  assert.equal(next.knows('abc123'), true);
  assert.deepEqual(next.reports(), [REPORT]);
});

test('post() takes the reports of a letter out of those that wait, also for the next process', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(REPORT);
  await outbox.put(report('other'));
  await outbox.post(RECORD);
  assert.deepEqual(filesIn(dir, 'waiting'), [LETTER_NAME]);
  assert.deepEqual(
    outbox.reports().map(({ id }) => id),
    ['other'],
  );
  assert.equal(outbox.knows('abc123'), true);
  const next = open(dir);
  await next.refresh();
  assert.deepEqual([next.knows('abc123'), next.waiting(), next.reports().length], [true, ['letter1'], 1]);
  assert.deepEqual(await next.read('letter1'), RECORD);
});

test('refresh() drops a report that a crash left beside its letter, and one that is half written', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(REPORT);
  const kept = readFileSync(join(dir, 'reports', NAME));
  await outbox.post(RECORD);
  writeFileSync(join(dir, 'reports', NAME), kept);
  writeFileSync(join(dir, 'reports', `${START}-torn.json`), '{"version":2,"rep');
  const next = open(dir);
  await next.refresh();
  assert.deepEqual([next.reports(), filesIn(dir, 'reports')], [[], []]);
  assert.equal(next.knows('torn'), false);
});

test('settle() leaves a receipt that counts before the letter that a crash left', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(REPORT);
  await outbox.post(RECORD);
  const kept = readFileSync(join(dir, 'waiting', LETTER_NAME));
  await outbox.settle({ ...RECORD, sent: ['smtp'] }, 'sent');
  assert.deepEqual([filesIn(dir, 'waiting'), filesIn(dir, 'sent')], [[], [LETTER_NAME]]);
  writeFileSync(join(dir, 'waiting', LETTER_NAME), kept);
  const next = open(dir);
  await next.refresh();
  assert.deepEqual([next.knows('abc123'), next.waiting(), filesIn(dir, 'waiting')], [true, [], []]);
});

test('settle() keeps what failed, with the reason beside it', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.post(RECORD);
  await outbox.settle({ ...RECORD, refused: [{ channel: 'smtp', reason: '550 no such user' }] }, 'failed');
  assert.deepEqual(filesIn(dir, 'failed'), [LETTER_NAME, `${LETTER_NAME}.reason`]);
  assert.equal(readFileSync(join(dir, 'failed', `${LETTER_NAME}.reason`), 'utf8'), 'smtp: 550 no such user\n');
});

test('settle() keeps a limited number of receipts', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.refresh();
  for (let n = 0; n < KEPT_SENT; n += 1) {
    writeFileSync(join(dir, 'sent', `${String(n).padStart(13, '0')}-old${n}.json`), '{"reports":["x"]}');
  }
  await outbox.refresh();
  await outbox.post(RECORD);
  await outbox.settle(RECORD, 'sent');
  assert.equal(filesIn(dir, 'sent').length, KEPT_SENT);
  assert.ok(!existsSync(join(dir, 'sent', '0000000000000-old0.json')));
  assert.equal(outbox.knows('abc123'), true);
});

test('put() and refresh() at the same time lose nothing', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  const ids = Array.from({ length: 20 }, (_, n) => `r${n}`);
  const done = await Promise.all(ids.flatMap((id) => [outbox.put(report(id)).then(({ ok }) => ok), outbox.refresh()]));
  assert.ok(done.every((one) => one === true || one === 'owner'));
  assert.deepEqual(
    outbox
      .reports()
      .map(({ id }) => id)
      .sort(),
    ids.toSorted(),
  );
});

test('put() counts events in the last report of their program when the queue is full', async (t) => {
  const dir = place(t);
  const first = open(dir);
  await first.put(REPORT);
  const text = readFileSync(join(dir, 'reports', NAME), 'utf8');
  for (let n = 1; n < MAX_REPORTS; n += 1) {
    const name = `${START}-n${n}.json`;
    writeFileSync(join(dir, 'reports', name), text.replace('"id":"abc123"', `"id":"n${n}"`));
  }
  const outbox = open(dir);
  await outbox.refresh();
  assert.equal(outbox.reports().length, MAX_REPORTS);
  assert.ok((await outbox.put({ ...report('more'), serials: [99] })).ok);
  assert.equal(outbox.reports().length, MAX_REPORTS);
  assert.equal(outbox.knows('more'), true);
  assert.deepEqual(
    outbox
      .reports()
      .flatMap(({ serials }) => serials)
      .filter((serial) => serial === 99),
    [99],
  );
  const stranger = { ...report('new'), incident: { ...REPORT.incident, process: 'stranger' } };
  const refused = await outbox.put(stranger);
  assert.ok(!refused.ok && refused.error.code === 'EDQUOT');
});

test('revise() reaches the disk with save(), and drop() forgets', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put({ ...REPORT, detail: 'event' });
  outbox.revise(REPORT);
  await outbox.save();
  const next = open(dir);
  await next.refresh();
  assert.deepEqual(next.reports(), [REPORT]);
  await next.drop('abc123');
  assert.deepEqual(filesIn(dir, 'reports'), []);
});

test('update() replaces the record in place', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.post(RECORD);
  await outbox.update({ ...RECORD, attempts: 4, trouble: 'down' });
  assert.equal((await outbox.read('letter1'))?.attempts, 4);
  assert.deepEqual(filesIn(dir, 'waiting'), [LETTER_NAME]);
});

test('read() sets aside what is no letter, and goes on', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.post(RECORD);
  writeFileSync(join(dir, 'waiting', LETTER_NAME), '{"version":1,"rep');
  assert.equal(await outbox.read('letter1'), undefined);
  assert.deepEqual(outbox.waiting(), []);
  assert.deepEqual(filesIn(dir, 'failed'), [LETTER_NAME, `${LETTER_NAME}.reason`]);
  assert.match(said.join('\n'), /cannot read .*moved to failed/);
});

test('saveState() is found by the next process', async (t) => {
  const dir = place(t);
  assert.equal(await open(dir).loadState(), '');
  await open(dir).saveState('{"a":1}');
  assert.equal(await open(dir).loadState(), '{"a":1}');
});

test('refresh() clears what a crash left half written, and takes up what somebody put back', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.refresh();
  writeFileSync(join(dir, 'tmp', NAME), 'half');
  writeFileSync(join(dir, 'tmp', 'fresh'), 'half');
  utimesSync(join(dir, 'tmp', NAME), 1, 1);
  await open(dir).post(newRecord(letter('other')));
  await outbox.refresh();
  assert.deepEqual(filesIn(dir, 'tmp'), ['fresh']);
  assert.deepEqual(outbox.waiting(), ['other']);
});

test('refresh() lets one process send, and a dead one holds nothing', async (t) => {
  const dir = place(t);
  await open(dir).refresh();
  const lock = join(dir, 'lock');
  assert.equal(readFileSync(lock, 'utf8'), processMark(process.pid));
  writeFileSync(lock, processMark(process.ppid) ?? '');
  assert.equal(await open(dir).refresh(), 'guest');
  writeFileSync(lock, `${(processMark(process.ppid) ?? '').replace(/[0-9]+$/, '')}1`);
  assert.equal(await open(dir).refresh(), 'owner');
  assert.equal(readFileSync(lock, 'utf8'), processMark(process.pid));
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.startsWith('lock.')),
    [],
  );
});

test('put() reports a folder that cannot be used, and works once it can', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.refresh();
  chmodSync(dir, 0o755);
  const refused = await outbox.put(REPORT);
  assert.ok(!refused.ok && refused.error.code === 'EPERM');
  rmSync(dir, { recursive: true });
  writeFileSync(dir, 'in the way');
  const blocked = await outbox.put(REPORT);
  assert.ok(!blocked.ok && blocked.error.code === 'EEXIST');
  assert.equal(outbox.knows('abc123'), false);
  rmSync(dir);
  assert.ok((await outbox.put(REPORT)).ok);
  assert.ok(existsSync(join(dir, 'reports', NAME)));
});
