import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Options, parseOptions } from '../../src/crashmail/options.ts';
import { outboxBase, outboxName } from '../../src/crashmail/place.ts';

function parsed(...args: readonly string[]): Options {
  const read = parseOptions(args);
  assert.ok(read.ok && read.value !== 'help', JSON.stringify(read));
  return read.value;
}
function problem(...args: readonly string[]): string {
  const read = parseOptions(args);
  assert.ok(!read.ok);
  return read.error;
}

test('parseOptions() has the defaults of superlance', () => {
  assert.deepEqual(parsed(), {
    programs: [],
    fatal: false,
    prefix: '',
    sendmail: undefined,
    email: '',
    smtp: undefined,
    smtpFile: undefined,
    from: '',
    maildir: undefined,
    queue: undefined,
    lines: 30,
  });
});

test('parseOptions() reads every spelling that getopt reads', () => {
  assert.deepEqual(parsed('-p', 'a', '-pb', '--program', 'c:d', '--program=e', '--prog=f').programs, [
    'a',
    'b',
    'c:d',
    'e',
    'f',
  ]);
  assert.equal(parsed('-aomHDR').prefix, 'mHDR');
  assert.equal(parsed('-s', 'cat > /dev/null').sendmail, 'cat > /dev/null');
  assert.equal(parsed('--sendmail_program=x').sendmail, 'x');
  assert.equal(parsed('-m', 'a@b', 'http://ignored', '-z').email, 'a@b');
});

test('parseOptions() lets -a override -p', () => {
  assert.deepEqual(parsed('-p', 'a', '-a').programs, []);
});

test('parseOptions() answers help before it judges', () => {
  assert.deepEqual(parseOptions(['-h']), { ok: true, value: 'help' });
  assert.deepEqual(parseOptions(['--help', '--lines', 'x']), { ok: true, value: 'help' });
});

test('parseOptions() says what is wrong', () => {
  assert.equal(problem('-z'), 'option -z not recognized');
  assert.equal(problem('--nope'), 'option --nope not recognized');
  assert.equal(problem('--s'), 'option --s not a unique prefix');
  assert.equal(problem('-p'), 'option -p requires argument');
  assert.equal(problem('--any=1'), 'option --any must not have an argument');
  assert.match(problem('--lines', '501'), /from 0 to 500/);
  assert.match(problem('--smtp', 'mail.example.com', '-m', 'x'), /cannot read the URL/);
  assert.match(problem('--smtp', 'smtp://mail'), /recipient/);
  assert.match(problem('--smtp', 'smtp://m', '--smtp-file', 'f', '-m', 'x'), /not both/);
});

test('parseOptions() never shows the password of a URL', () => {
  assert.doesNotMatch(problem('--smtp', 'smtp//u:secret@h', '-m', 'x'), /secret/);
});

test('outboxBase() prefers what was asked for, then what the daemon offers', () => {
  const home = { queue: undefined, stateDirectory: '', isRoot: true, homeDirectory: '/home/u' };
  assert.equal(outboxBase(home), '/var/lib/crashmail');
  assert.equal(outboxBase({ ...home, isRoot: false }), '/home/u/.local/state/crashmail');
  assert.equal(outboxBase({ ...home, stateDirectory: '/run/s.state' }), '/run/s.state/crashmail');
  assert.equal(outboxBase({ ...home, stateDirectory: '/x', queue: '/q' }), '/q');
});

test('outboxName() is one safe file name, and differs between daemons and listeners', () => {
  const digest = (text: string): string => Buffer.from(text).toString('hex').slice(-24);
  const of = (serverUrl: string, process: string): string =>
    outboxName({ serverUrl, group: 'crashmail', process }, digest);
  assert.match(of('unix:///run/supervisor.sock', 'crashmail'), /^crashmail@run-supervisor\.sock-[0-9a-f]{8}$/);
  assert.match(of('http://../../x/\0', '../..'), /^[A-Za-z0-9@_][A-Za-z0-9.@_-]*$/);
  assert.notEqual(of('unix:///a', 'crashmail_00'), of('unix:///a', 'crashmail_01'));
});
