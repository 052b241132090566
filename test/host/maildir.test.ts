import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Mail } from '../../src/crashmail/mail.ts';
import { renderMail } from '../../src/crashmail/render.ts';
import { buildMessage } from '../../src/host/mail.ts';
import { maildirCarrier } from '../../src/host/maildir.ts';
import { compose, FACTS, letter, letterOf, REPORT, STUDIO } from '../crashmail/fixtures.ts';

const LETTER = letterOf(REPORT);
const MAIL: Mail = compose(LETTER);
const LOAD = { letter: LETTER, mail: MAIL, owed: undefined };
const NEVER = new AbortController().signal;

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'superd-maildir-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'Maildir');
}
const filesIn = (dir: string, folder: string): readonly string[] => readdirSync(join(dir, folder));

test('carry() makes a Maildir and puts one file into new', async (t) => {
  const dir = place(t);
  assert.deepEqual(await maildirCarrier(dir, 'web1').carry(LOAD, NEVER), { kind: 'sent' });
  assert.deepEqual([filesIn(dir, 'tmp'), filesIn(dir, 'cur')], [[], []]);
  const [name = ''] = filesIn(dir, 'new');
  assert.equal(name, '1795341205.crashmail_letter1.web1');
  assert.match(readFileSync(join(dir, 'new', name), 'utf8'), /^Subject: \[web1\] worker:celery exited with code 3/m);
});

test('carry() finds the same mail again, also when it was read', async (t) => {
  const dir = place(t);
  const carrier = maildirCarrier(dir, 'web1');
  await carrier.carry(LOAD, NEVER);
  await carrier.carry(LOAD, NEVER);
  const [name = ''] = filesIn(dir, 'new');
  renameSync(join(dir, 'new', name), join(dir, 'cur', `${name}:2,S`));
  await carrier.carry(LOAD, NEVER);
  assert.deepEqual([filesIn(dir, 'new').length, filesIn(dir, 'cur').length], [0, 1]);
  await carrier.carry({ ...LOAD, mail: compose(letter('other')) }, NEVER);
  assert.equal(filesIn(dir, 'new').length, 1);
});

test('carry() keeps a host name from leaving the folder', async (t) => {
  const dir = place(t);
  await maildirCarrier(dir, '../../x:y').carry(LOAD, NEVER);
  assert.deepEqual(filesIn(dir, 'new'), ['1795341205.crashmail_letter1...\\057..\\057x\\072y']);
});

test('carry() says later when the folder cannot be written', async (t) => {
  const dir = place(t);
  writeFileSync(dir, 'in the way');
  const delivery = await maildirCarrier(dir, 'web1').carry(LOAD, NEVER);
  assert.equal(delivery.kind, 'later');
});

test('buildMessage() makes text and HTML with the headers that robots should have', async () => {
  const facts = { ...FACTS, stderr: { lines: ['café 🐟', 'x'.repeat(1000)], problem: '' } };
  const text = Buffer.from(
    await buildMessage(
      renderMail(letterOf({ ...REPORT, facts }), { ...STUDIO, letterhead: { from: '', prefix: 'Größe' } }),
    ),
  ).toString();
  assert.match(text, /^Auto-Submitted: auto-generated$/m);
  assert.match(text, /^X-Superd-Program: worker:celery$/m);
  assert.match(text, /^Message-ID: <crashmail\.letter1@web1>$/im);
  assert.match(text, /^From: superd@web1$/m);
  assert.match(text, /^To: ops@example\.com$/m);
  assert.match(text, /^Date: Sun, 22 Nov 2026 09:53:25 \+0000$/m);
  assert.match(text, /^Content-Type: text\/plain; charset=utf-8$/m);
  assert.match(text, /^Subject: =\?UTF-8\?/m);
  for (const line of text.split('\n')) assert.ok(line.length <= 998);
});

test('buildMessage() addresses nobody when no address is given', async () => {
  const text = Buffer.from(await buildMessage(compose({ ...LETTER, to: '' }))).toString();
  assert.doesNotMatch(text, /^To:/m);
});
