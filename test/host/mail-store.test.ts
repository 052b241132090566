import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newRecord } from '../../src/crashmail/outbox.ts';
import { writeReceipt } from '../../src/crashmail/records.ts';
import { MailStore } from '../../src/host/mail-store.ts';
import { DiskOutbox } from '../../src/host/outbox.ts';
import { letterOf, REPORT, report, START } from '../crashmail/fixtures.ts';

function place(t: TestContext): { readonly base: string; readonly outbox: DiskOutbox; readonly store: MailStore } {
  const base = mkdtempSync(join(tmpdir(), 'superd-mails-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const outbox = new DiskOutbox(join(base, 'crashmail-1'), () => undefined);
  return { base, outbox, store: new MailStore(() => base) };
}

const record = (id: string, ...reports: readonly string[]): ReturnType<typeof newRecord> =>
  newRecord({ ...letterOf(...reports.map(report)), id });

test('queue() tells of a report from its crash to its mail', async (t) => {
  const { outbox, store } = place(t);
  assert.deepEqual(await store.queue(), { collected: [], waiting: [], failed: [], sent: [] });
  await outbox.put(REPORT);
  const collected = await store.queue();
  assert.partialDeepStrictEqual(collected.collected, [
    { id: 'abc123', at: START, programs: ['worker:celery'], reports: ['abc123'] },
  ]);
  assert.match((await store.text('abc123')) ?? '', /worker:celery on web1 .*exit/);

  const letter = record('letter1', 'abc123');
  await outbox.post(letter);
  await outbox.update({ ...letter, attempts: 3, trouble: 'connection refused' });
  const waiting = await store.queue();
  assert.deepEqual(waiting.collected, []);
  assert.partialDeepStrictEqual(waiting.waiting, [
    { id: 'letter1', to: 'ops@example.com', attempts: 3, problem: 'connection refused', reports: ['abc123'] },
  ]);
  assert.match(waiting.waiting[0]?.subject ?? '', /^\[web1\] worker:celery /);

  await outbox.settle({ ...letter, attempts: 4, sent: ['smtp'] }, 'sent');
  const sent = await store.queue();
  assert.deepEqual(sent.waiting, []);
  assert.partialDeepStrictEqual(sent.sent, [{ id: 'letter1', attempts: 4, sent: ['smtp'], problem: '' }]);
  assert.equal(sent.sent[0]?.subject, waiting.waiting[0]?.subject);
  for (const id of ['letter1', 'abc123']) assert.match((await store.text(id)) ?? '', /Traceback/, id);
});

test('queue() tells why a mail failed, and lists the newest first', async (t) => {
  const { outbox, store } = place(t);
  const first = record('first', 'r1');
  await outbox.post(first);
  await outbox.settle({ ...first, refused: [{ channel: 'smtp', reason: '550 no such user' }] }, 'failed');
  const later = { ...record('later', 'r2') };
  await outbox.post({ ...later, letter: { ...later.letter, at: START + 1000 } });
  await outbox.settle({ ...later, letter: { ...later.letter, at: START + 1000 } }, 'failed');
  const { failed } = await store.queue();
  assert.deepEqual(
    failed.map(({ id, problem }) => [id, problem]),
    [
      ['later', ''],
      ['first', 'smtp: 550 no such user'],
    ],
  );
});

test('text() finds nothing by a name that is no id, follows no link, and reads no text of earlier versions', async (t) => {
  const { base, outbox, store } = place(t);
  await outbox.refresh();
  const sent = join(base, 'crashmail-1', 'sent');
  const secret = join(base, 'secret');
  writeFileSync(secret, writeReceipt(record('evil', 'r1')));
  symlinkSync(secret, join(sent, `${START}-evil.json`));
  assert.equal(await store.text('evil'), undefined);
  for (const id of ['../secret', '..', '', '.', 'evil.json', '*']) assert.equal(await store.text(id), undefined, id);
  // A receipt from before there were subjects.
  writeFileSync(
    join(sent, `${START + 1}-old.json`),
    JSON.stringify({
      version: 2,
      id: 'old',
      at: START + 1,
      to: '',
      serials: [],
      reports: [],
      sent: ['smtp'],
      attempts: 1,
    }),
  );
  mkdirSync(join(sent, `${START + 2}-folder.json`));
  assert.deepEqual(
    (await store.queue()).sent.map(({ id, subject }) => [id, subject === '']),
    [['old', true]],
  );
});
