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
import { KEPT_SENT, newRecord } from '../../src/crashmail/outbox.ts';
import { DiskOutbox } from '../../src/host/outbox.ts';
import { processMark } from '../../src/host/process-mark.ts';
import { REPORT, report, START } from '../crashmail/fixtures.ts';

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'superd-outbox-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'one', 'two');
}

const said: string[] = [];
const open = (dir: string): DiskOutbox => new DiskOutbox(dir, (line) => said.push(line));
const filesIn = (dir: string, folder: string): readonly string[] => readdirSync(join(dir, folder)).sort();
const NAME = `${START}-abc123.json`;

test('put() writes one private file, which the next process finds', async (t) => {
  const dir = place(t);
  const record = newRecord(REPORT);
  assert.ok((await open(dir).put(record)).ok);
  assert.deepEqual(filesIn(dir, 'waiting'), [NAME]);
  assert.deepEqual(filesIn(dir, 'tmp'), []);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.equal(statSync(join(dir, 'waiting', NAME)).mode & 0o777, 0o600);
  const next = open(dir);
  assert.equal(next.knows('abc123'), false);
  assert.equal(await next.refresh(), 'owner');
  assert.equal(next.knows('abc123'), true);
  assert.deepEqual(next.waiting(), ['abc123']);
  assert.deepEqual(await next.read('abc123'), record);
});

test('settle() moves a report and still knows it, also after a restart', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(newRecord(REPORT));
  await outbox.settle(newRecord(REPORT), 'sent');
  assert.deepEqual([filesIn(dir, 'waiting'), filesIn(dir, 'sent')], [[], [NAME]]);
  const next = open(dir);
  await next.refresh();
  assert.equal(next.knows('abc123'), true);
  assert.deepEqual(next.waiting(), []);
});

test('settle() keeps what failed, with the reason beside it', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(newRecord(REPORT));
  await outbox.settle({ ...newRecord(REPORT), refused: [{ channel: 'smtp', reason: '550 no such user' }] }, 'failed');
  assert.deepEqual(filesIn(dir, 'failed'), [NAME, `${NAME}.reason`]);
  assert.equal(readFileSync(join(dir, 'failed', `${NAME}.reason`), 'utf8'), 'smtp: 550 no such user\n');
});

test('settle() keeps a limited number of sent reports', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.refresh();
  for (let n = 0; n < KEPT_SENT; n += 1) {
    writeFileSync(join(dir, 'sent', `${String(n).padStart(13, '0')}-old${n}.json`), '');
  }
  await outbox.refresh();
  await outbox.put(newRecord(REPORT));
  await outbox.settle(newRecord(REPORT), 'sent');
  assert.equal(filesIn(dir, 'sent').length, KEPT_SENT);
  assert.equal(outbox.knows('old0'), false);
  assert.equal(outbox.knows('abc123'), true);
});

test('put() and refresh() at the same time lose nothing', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  const ids = Array.from({ length: 20 }, (_, n) => `r${n}`);
  const done = await Promise.all(
    ids.flatMap((id) => [outbox.put(newRecord(report(id))).then(({ ok }) => ok), outbox.refresh()]),
  );
  assert.ok(done.every((one) => one === true || one === 'owner'));
  assert.deepEqual([...outbox.waiting()].sort(), [...ids].sort());
});

test('update() replaces the record in place', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(newRecord(REPORT));
  await outbox.update({ ...newRecord(REPORT), attempts: 4, trouble: 'down' });
  assert.equal((await outbox.read('abc123'))?.attempts, 4);
  assert.deepEqual(filesIn(dir, 'waiting'), [NAME]);
});

test('read() sets aside what is no report, and goes on', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.put(newRecord(REPORT));
  writeFileSync(join(dir, 'waiting', NAME), '{"version":1,"rep');
  assert.equal(await outbox.read('abc123'), undefined);
  assert.deepEqual(outbox.waiting(), []);
  assert.deepEqual(filesIn(dir, 'failed'), [NAME, `${NAME}.reason`]);
  assert.match(said.join('\n'), /cannot read .*moved to failed/);
});

test('refresh() clears what a crash left half written, and takes up what somebody put back', async (t) => {
  const dir = place(t);
  const outbox = open(dir);
  await outbox.refresh();
  writeFileSync(join(dir, 'tmp', NAME), 'half');
  writeFileSync(join(dir, 'tmp', 'fresh'), 'half');
  utimesSync(join(dir, 'tmp', NAME), 1, 1);
  await open(dir).put(newRecord(report('other')));
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
  const refused = await outbox.put(newRecord(REPORT));
  assert.ok(!refused.ok && refused.error.code === 'EPERM');
  rmSync(dir, { recursive: true });
  writeFileSync(dir, 'in the way');
  const blocked = await outbox.put(newRecord(REPORT));
  assert.ok(!blocked.ok && blocked.error.code === 'EEXIST');
  assert.equal(outbox.knows('abc123'), false);
  rmSync(dir);
  assert.ok((await outbox.put(newRecord(REPORT))).ok);
  assert.ok(existsSync(join(dir, 'waiting', NAME)));
});
