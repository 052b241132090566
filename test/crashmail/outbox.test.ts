import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeHttp, judgeRecipients, judgeSendmail, judgeSmtp } from '../../src/crashmail/delivery.ts';
import { afterAttempt, channelsLeft, countedInto, newRecord, owedBy, retryDelay } from '../../src/crashmail/outbox.ts';
import {
  readIds,
  readRecord,
  readReport,
  writeReceipt,
  writeRecord,
  writeReport,
} from '../../src/crashmail/records.ts';
import { DOWN, letterOf, REFUSED, REPORT, START } from './fixtures.ts';

test('readRecord() reads what writeRecord() wrote, and nothing else', () => {
  const record = newRecord(letterOf(REPORT));
  const text = writeRecord(record);
  assert.deepEqual(readRecord(text), record);
  assert.equal(readRecord(text.slice(0, -20)), undefined);
  assert.equal(readRecord(text.replace('"version":2', '"version":3')), undefined);
  assert.equal(readRecord(text.replace('"lines":["hello"]', '"lines":"hello"')), undefined);
  fc.assert(fc.property(fc.json(), (json) => readRecord(json) === undefined && readReport(json) === undefined));
  assert.deepEqual(readReport(writeReport(REPORT)), REPORT);
  assert.deepEqual([readIds(text), readIds(writeReceipt(record)), readIds('{')], [['abc123'], ['abc123'], []]);
});

test('afterAttempt() owes the mail to some recipients, but not for ever', () => {
  const fresh = newRecord(letterOf(REPORT));
  const partly = { kind: 'partly', owed: ['b@x.org'], reason: '451' } as const;
  const owing = afterAttempt(fresh, 'smtp', partly, START);
  assert.deepEqual([channelsLeft(owing, ['smtp']), owedBy(owing, 'smtp')], [['smtp'], ['b@x.org']]);
  const done = afterAttempt(owing, 'smtp', { kind: 'sent' }, START);
  assert.deepEqual([channelsLeft(done, ['smtp']), owedBy(done, 'smtp')], [[], undefined]);
  assert.deepEqual(channelsLeft(afterAttempt(owing, 'smtp', partly, START + 5 * 86_400_000), ['smtp']), []);
});

test('countedInto() adds events to a report without its logs, up to a limit', () => {
  const counted = countedInto(REPORT, { ...REPORT, id: 'x', serials: [9] });
  assert.deepEqual([counted?.serials, counted?.count, counted?.detail], [[7, 9], 2, 'brief']);
  assert.deepEqual(counted?.facts.stderr.lines, []);
  assert.equal(countedInto({ ...REPORT, count: 5000 }, REPORT), undefined);
});

test('afterAttempt() remembers who has it, who never takes it, and the last trouble', () => {
  const fresh = newRecord(letterOf(REPORT));
  const sent = afterAttempt(fresh, 'smtp', { kind: 'sent' }, START);
  assert.deepEqual(channelsLeft(sent, ['smtp', 'maildir']), ['maildir']);
  const refused = afterAttempt(sent, 'maildir', REFUSED, START);
  assert.deepEqual(channelsLeft(refused, ['smtp', 'maildir']), []);
  assert.deepEqual(refused.refused, [{ channel: 'maildir', reason: '550 no such user' }]);
  const later = afterAttempt(fresh, 'smtp', DOWN, START);
  assert.deepEqual(
    [later.attempts, later.trouble, channelsLeft(later, ['smtp'])],
    [1, 'connect ECONNREFUSED', ['smtp']],
  );
});

test('afterAttempt() gives up after five days', () => {
  const old = afterAttempt(newRecord(letterOf(REPORT)), 'smtp', DOWN, START + 5 * 86_400_000);
  assert.deepEqual(channelsLeft(old, ['smtp']), []);
  assert.match(old.refused[0]?.reason ?? '', /given up after 5 days/);
});

test('retryDelay() grows by half up to five minutes and is spread by a quarter', () => {
  assert.deepEqual(
    [1, 2, 3, 10, 99, 1e9].map((failures) => retryDelay(failures, 0.5)),
    [1000, 1500, 2250, 38_443, 300_000, 300_000],
  );
  assert.deepEqual([retryDelay(1, 0), retryDelay(1, 1)], [750, 1250]);
});

test('judgeRecipients() tells those refused for good from those to be tried again', () => {
  const bad = { address: 'a@x', responseCode: 550, message: '550 no' };
  const busy = { address: 'b@x', responseCode: 451, message: '451 later' };
  assert.deepEqual(judgeRecipients([], '250 ok'), { kind: 'sent', answer: '250 ok' });
  assert.deepEqual(judgeRecipients([bad], '250'), { kind: 'sent', answer: '250', missed: 'a@x (550 no)' });
  assert.deepEqual(judgeRecipients([bad, busy], '250'), { kind: 'partly', owed: ['b@x'], reason: '451 later' });
});

test('judgeHttp() gives up what the server calls a bad request, and nothing else', () => {
  const kind = (status: number) => judgeHttp(status, 'x').kind;
  assert.deepEqual([200, 204, 400, 413, 401, 404, 429, 500, 302].map(kind), [
    'sent',
    'sent',
    'refused',
    'refused',
    'later',
    'later',
    'later',
    'later',
    'later',
  ]);
});

test('judgeSmtp() gives up only what the server refuses for good about the mail itself', () => {
  const judge = (code: string, responseCode: number) => judgeSmtp({ code, responseCode, message: 'no' });
  assert.equal(judge('EENVELOPE', 550).kind, 'refused');
  assert.equal(judge('EMESSAGE', 554).kind, 'refused');
  assert.deepEqual(judge('EENVELOPE', 450), { kind: 'later', scope: 'report', reason: 'no' });
  assert.deepEqual(judge('EAUTH', 535), { kind: 'later', scope: 'channel', reason: 'no' });
  assert.deepEqual(judge('ESOCKET', 0), { kind: 'later', scope: 'channel', reason: 'no' });
  assert.deepEqual(judge('EPROTOCOL', 421), { kind: 'later', scope: 'channel', reason: 'no' });
});

test('judgeSendmail() reads the exit codes of sysexits', () => {
  const exit = (code: number) => judgeSendmail({ kind: 'exited', code, output: 'why\n' }).kind;
  assert.deepEqual([0, 1, 67, 75, 127].map(exit), ['sent', 'later', 'refused', 'later', 'later']);
  assert.equal(judgeSendmail({ kind: 'timed-out', output: '' }).kind, 'later');
  assert.equal(judgeSendmail({ kind: 'signalled', signal: 'SIGKILL', output: '' }).kind, 'later');
  assert.equal(judgeSendmail({ kind: 'not-started', reason: 'ENOENT' }).kind, 'later');
});
