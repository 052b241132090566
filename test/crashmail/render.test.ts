import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderMail } from '../../src/crashmail/render.ts';
import type { Ending, Report } from '../../src/crashmail/report.ts';
import { FACTS, REPORT } from './fixtures.ts';

const HEAD = { from: '', to: 'ops@example.com', prefix: '' };
const withEnding = (ending: Ending): Report => ({ ...REPORT, facts: { ...FACTS, ending } });

test('renderMail() says in the subject where, what and how', () => {
  const subject = (report: Report): string => renderMail(report, HEAD).subject;
  assert.equal(subject(REPORT), '[web1] worker:celery exited with code 3 (unexpected)');
  assert.equal(
    subject(withEnding({ kind: 'signal', signal: 'SIGKILL', coreDumped: false })),
    '[web1] worker:celery was terminated by SIGKILL (unexpected)',
  );
  assert.equal(subject(withEnding({ kind: 'unknown' })), '[web1] worker:celery exited (unexpected)');
  const fatal: Report = { ...REPORT, incident: { ...REPORT.incident, kind: 'fatal', pid: 0 } };
  assert.equal(subject(fatal), '[web1] worker:celery is FATAL: it was given up');
});

test('renderMail() puts the optional header before the subject as superlance does', () => {
  assert.match(renderMail(REPORT, { ...HEAD, prefix: 'HDR' }).subject, /^HDR: \[web1\] /);
});

test('renderMail() tells everything that is known', () => {
  assert.equal(
    renderMail(REPORT, HEAD).text,
    `worker:celery on web1 exited with code 3 (unexpected).

Program:    worker:celery
Host:       web1
Supervisor: supervisor
Exited:     2026-11-22 09:53:25 UTC
Reason:     exited with code 3
Pid:        42
Uptime:     0:02:33
Restarts:   2 so far
Next:       restarted by autorestart (now RUNNING, pid 43)

Last 2 lines of stderr:
  Traceback
    boom

Last line of stdout:
  hello
`,
  );
});

test('renderMail() says why a program was given up', () => {
  const incident = { ...REPORT.incident, kind: 'fatal', pid: 0 } as const;
  const facts = { ...FACTS, reason: 'Exited too quickly (process log may have details)' };
  assert.match(
    renderMail({ ...REPORT, incident, facts }, HEAD).text,
    /^Reason: {5}Exited too quickly \(process log may have details\); at last it exited with code 3$/m,
  );
});

test('renderMail() gives the same Message-ID for the same report, and a sender of this host', () => {
  const mail = renderMail(REPORT, HEAD);
  assert.equal(mail.messageId, '<crashmail.abc123@web1>');
  assert.equal(mail.from, 'superd@web1');
  assert.equal(renderMail(REPORT, { ...HEAD, from: 'me@example.com' }).from, 'me@example.com');
  assert.deepEqual(mail.headers, { 'Auto-Submitted': 'auto-generated', 'X-Superd-Program': 'worker:celery' });
});

test('renderMail() cannot be made to write a second header', () => {
  const hostile = fc.string({ unit: 'binary' }).map((text) => `${text}\r\nBcc: evil@example.com\r\n${text}`);
  fc.assert(
    fc.property(hostile, (text) => {
      const incident = { ...REPORT.incident, process: text, group: text };
      const mail = renderMail(
        { ...REPORT, host: text, server: text, incident },
        { from: text, to: text, prefix: text },
      );
      for (const header of [mail.subject, mail.from, mail.to, mail.messageId, ...Object.values(mail.headers)]) {
        assert.doesNotMatch(header, /[\p{Cc}\p{Zl}\p{Zp}]/u);
      }
      assert.doesNotMatch(mail.text, /^Bcc:/m);
    }),
  );
});
