import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Mail } from '../../src/crashmail/mail.ts';
import { renderMail } from '../../src/crashmail/render.ts';
import type { Ending, Report } from '../../src/crashmail/report.ts';
import { FACTS, letterOf, REPORT, START, STUDIO } from './fixtures.ts';

const HEAD = { from: '', prefix: '' };
const mailOf = (report: Report, letterhead = HEAD): Mail => renderMail(letterOf(report), { ...STUDIO, letterhead });
const withEnding = (ending: Ending): Report => ({ ...REPORT, facts: { ...FACTS, ending } });

test('renderMail() says in the subject where, what and how', () => {
  const subject = (report: Report): string => mailOf(report).subject;
  assert.equal(subject(REPORT), '[web1] worker:celery exited with code 3 (unexpected)');
  assert.equal(
    subject(withEnding({ kind: 'signal', signal: 'SIGKILL', coreDumped: false })),
    '[web1] worker:celery was terminated by SIGKILL (unexpected)',
  );
  assert.equal(subject(withEnding({ kind: 'unknown' })), '[web1] worker:celery exited (unexpected)');
  const fatal: Report = { ...REPORT, incident: { ...REPORT.incident, kind: 'fatal', pid: 0 } };
  assert.equal(subject(fatal), '[web1] worker:celery gave up (FATAL)');
});

test('renderMail() puts the optional header before the subject as superlance does', () => {
  assert.match(mailOf(REPORT, { ...HEAD, prefix: 'HDR' }).subject, /^HDR: \[web1\] /);
});

test('renderMail() tells everything that is known', () => {
  assert.equal(
    mailOf(REPORT).text,
    `worker:celery on web1 exited with code 3 (unexpected).

Program:    worker:celery
Host:       web1
Supervisor: supervisor
Exited:     2026-11-22 09:53:25 UTC
Cause:      exit code 3, which is not an expected one
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
    mailOf({ ...REPORT, incident, facts }).text,
    /^Cause: {6}Exited too quickly \(process log may have details\); at last it exited with code 3$/m,
  );
});

test('renderMail() gives the same Message-ID for the same report, and a sender of this host', () => {
  const mail = mailOf(REPORT);
  assert.equal(mail.messageId, '<crashmail.letter1@web1>');
  assert.equal(mail.from, 'superd@web1');
  assert.equal(mailOf(REPORT, { ...HEAD, from: 'me@example.com' }).from, 'me@example.com');
  assert.equal(mail.headers['Auto-Submitted'], 'auto-generated');
  assert.equal(mail.headers['X-Superd-Program'], 'worker:celery');
  assert.equal(mail.headers['X-Superd-Event-Serials'], '7');
});

test('renderMail() cannot be made to write a second header', () => {
  const hostile = fc.string({ unit: 'binary' }).map((text) => `${text}\r\nBcc: evil@example.com\r\n${text}`);
  fc.assert(
    fc.property(hostile, (text) => {
      const incident = { ...REPORT.incident, process: text, group: text };
      const letter = { ...letterOf({ ...REPORT, host: text, server: text, incident }), host: text, to: text };
      const mail = renderMail(letter, { ...STUDIO, letterhead: { from: text, prefix: text } });
      for (const header of [mail.subject, mail.from, mail.to, mail.messageId, ...Object.values(mail.headers)]) {
        assert.doesNotMatch(header, /[\p{Cc}\p{Zl}\p{Zp}]/u);
      }
      assert.doesNotMatch(mail.text, /^Bcc:/m);
      assert.doesNotMatch(mail.html, /^Bcc:/m);
    }),
  );
});

const COURSE = { stepSeconds: 5, cpuPercent: [1, 50, 99], rssBytes: [1e6, 2e6, 3e6] };

test('renderMail() shows hostile text in HTML as text', () => {
  const lines = ['<script>alert(1)</script>', '"&\'', '</pre></td><img src=x onerror=1>'];
  const incident = { ...REPORT.incident, process: '<b>x</b>', group: '<b>x</b>' };
  const mail = mailOf({ ...REPORT, incident, facts: { ...FACTS, stderr: { lines, problem: '' } } });
  assert.doesNotMatch(mail.html, /<script|<b>|<img/);
  assert.match(mail.html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
});

test('renderMail() draws the course as a picture and as text, when there is one', () => {
  const mail = mailOf({ ...REPORT, facts: { ...FACTS, course: COURSE } });
  assert.equal(mail.pictures.length, 1);
  assert.ok(mail.html.includes(`src="cid:${mail.pictures[0]?.cid}"`));
  assert.match(mail.text, /CPU +▁▅█ +last 99 %, highest 99 %/);
  assert.equal(mailOf(REPORT).pictures.length, 0);
});

test('renderMail() names the cause with the evidence for it', () => {
  const cause = (facts: Partial<Report['facts']>): string =>
    /^Cause: +(.*)$/m.exec(mailOf({ ...REPORT, facts: { ...FACTS, ...facts } }).text)?.[1] ?? '';
  const killed = { kind: 'signal', signal: 'SIGKILL', coreDumped: false } as const;
  assert.match(cause({ ending: killed }), /^signal SIGKILL/);
  assert.match(cause({ ending: killed, memory: { kind: 'killed', evidence: 'why' } }), /ran out of memory \(why\)/);
  assert.match(cause({ ending: killed, memory: { kind: 'limit', evidence: 'why' } }), /its memory limit \(why\)/);
  assert.match(cause({ ending: killed, memory: { kind: 'possibly', evidence: 'why' } }), /possibly for memory: why/);
  assert.match(cause({ ending: { kind: 'code', code: 139 } }), /ended by SIGSEGV, as shells say it/);
});

test('renderMail() counts the crashes of a digest, names every serial once, and promises when the next comes', () => {
  const reports = Array.from({ length: 12 }, (_, n) => ({
    ...REPORT,
    id: `r${n}`,
    serials: [n],
    at: START + n * 10_000,
    detail: n < 2 ? ('full' as const) : ('brief' as const),
  }));
  const trouble = { program: 'worker:celery', since: START, crashes: 13, mails: 2, until: START + 900_000 };
  const letter = { ...letterOf(...reports), troubles: [trouble] };
  const mail = renderMail(letter, STUDIO);
  assert.equal(mail.subject, '[web1] worker:celery crashed 12 times in 110 s (exit code 3)');
  assert.equal(mail.headers['X-Superd-Event-Serials'], '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11');
  assert.match(mail.text, /collected until 10:08:25 UTC/);
  const flapping = renderMail({ ...letter, troubles: [{ ...trouble, mails: 3, crashes: 40 }] }, STUDIO);
  assert.match(flapping.subject, /worker:celery is still flapping: crashed 12 times/);
  assert.equal(flapping.thread, mail.thread);
});

test('renderMail() makes one table of many programs, and shows the gravest', () => {
  const reports = Array.from({ length: 150 }, (_, n) => ({
    ...REPORT,
    id: `r${n}`,
    serials: [n],
    incident: {
      ...REPORT.incident,
      group: `g${n}`,
      process: `g${n}`,
      kind: n === 9 ? ('fatal' as const) : ('exited' as const),
    },
  }));
  const mail = renderMail(letterOf(...reports), STUDIO);
  assert.equal(mail.subject, '[web1] 150 programs crashed 150 times in 0 s: g0, g1, g2 and 147 more');
  assert.match(mail.text, /and 50 more/);
  assert.equal(mail.text.match(/^Program: +(.*)$/m)?.[1], 'g9');
});

test('renderMail() says what recovered', () => {
  const recovery = { program: 'web', pid: 5, since: START, crashes: 4, firstCrash: START - 60_000 };
  const mail = renderMail({ ...letterOf(), recoveries: [recovery] }, STUDIO);
  assert.equal(mail.subject, '[web1] web recovered after 4 crashes');
  assert.equal(mail.headers['X-Superd-Event-Serials'], undefined);
});
