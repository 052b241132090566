import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeSendmail, judgeSmtp } from '../../src/crashmail/delivery.ts';
import {
  afterAttempt,
  channelsLeft,
  newRecord,
  readRecord,
  retryDelay,
  writeRecord,
} from '../../src/crashmail/outbox.ts';
import { DOWN, REFUSED, REPORT, START } from './fixtures.ts';

test('readRecord() reads what writeRecord() wrote, and nothing else', () => {
  const record = newRecord(REPORT);
  const text = writeRecord(record);
  assert.deepEqual(readRecord(text), record);
  assert.equal(readRecord(text.slice(0, -20)), undefined);
  assert.equal(readRecord(text.replace('"version":1', '"version":2')), undefined);
  assert.equal(readRecord(text.replace('"lines":["hello"]', '"lines":"hello"')), undefined);
  fc.assert(fc.property(fc.json(), (json) => readRecord(json) === undefined));
});

test('afterAttempt() remembers who has it, who never takes it, and the last trouble', () => {
  const fresh = newRecord(REPORT);
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
  const old = afterAttempt(newRecord(REPORT), 'smtp', DOWN, START + 5 * 86_400_000);
  assert.deepEqual(channelsLeft(old, ['smtp']), []);
  assert.match(old.refused[0]?.reason ?? '', /given up after 5 days/);
});

test('retryDelay() doubles up to a quarter of an hour and is spread by a quarter', () => {
  assert.deepEqual(
    [1, 2, 3, 10, 99, 1e9].map((failures) => retryDelay(failures, 0.5)),
    [2000, 4000, 8000, 900_000, 900_000, 900_000],
  );
  assert.deepEqual([retryDelay(1, 0), retryDelay(1, 1)], [1500, 2500]);
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
