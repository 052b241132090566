import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SENDMAIL, type Options, parseOptions } from '../../src/crashmail/options.ts';
import { outboxBase, outboxName } from '../../src/crashmail/place.ts';
import { setupOf } from '../../src/crashmail/setup.ts';
import { good } from '../config/fake-source.ts';

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

const NONE = parsed();

test('setupOf() has the defaults of superlance without a section', () => {
  const setup = setupOf(NONE, undefined, false);
  assert.ok(setup.ok);
  const { interest, to, letterhead, lines, ways } = setup.value;
  assert.deepEqual(interest, { programs: [], crashes: true, fatal: false, states: [] });
  assert.deepEqual([to, letterhead, lines], [[], { from: '', prefix: '' }, 30]);
  assert.deepEqual(ways, { smtp: undefined, sendmail: undefined, maildir: undefined, webhook: undefined });
  const mailing = setupOf(parsed('-m', 'a@b, c@d'), undefined, false);
  assert.ok(mailing.ok);
  assert.deepEqual([mailing.value.to, mailing.value.ways.sendmail], [['a@b', 'c@d'], DEFAULT_SENDMAIL]);
});

test('setupOf() lets an option beat its key, and a way to send all ways of the section', () => {
  const { crashmail } = good('[supervisord]\n[crashmail]\nto=a@x\nsmtp=m\nlines=5\nwindow=1min\nprefix=P\n');
  const plain = setupOf(NONE, crashmail, false);
  assert.ok(plain.ok);
  assert.deepEqual([plain.value.to, plain.value.interest.fatal, plain.value.lines], [['a@x'], true, 5]);
  assert.deepEqual([plain.value.policy.window, plain.value.ways.smtp?.at], [60_000, { url: 'smtp://m' }]);
  const both = setupOf(parsed('-m', 'b@x', '--maildir', '/m', '--window', '2.5'), crashmail, false);
  assert.ok(both.ok);
  assert.deepEqual([both.value.to, both.value.ways.smtp, both.value.ways.maildir], [['b@x'], undefined, '/m']);
  assert.deepEqual([both.value.policy.window, both.value.letterhead.prefix], [2500, 'P']);
  assert.match(JSON.stringify(setupOf(parsed('--smtp', 'smtp://mail'), undefined, false)), /recipient/);
});

test("parseOptions() understands superlance's batch mailers", () => {
  const args = ['--toEmail=a@b', '--fromEmail', 'c@d', '--interval=0.5', '--subject=S', '--smtpHost=mail'];
  const { email, from, batch, prefix, smtp } = parsed(...args, '--tickEvent=TICK_5');
  assert.deepEqual([email, from, batch, prefix, smtp], ['a@b', 'c@d', 30_000, 'S', 'smtp://mail']);
  assert.deepEqual(parsed('--fatal-only').fatalOnly, true);
  assert.deepEqual(parsed('--state', 'stopped').states, ['STOPPED']);
});

test('parseOptions() knows what it is to do', () => {
  const tasks = [[], ['--test'], ['--preview', 'f'], ['queue'], ['-c', 'x', 'flush'], ['other']].map(
    (args) => parsed(...args).task.kind,
  );
  assert.deepEqual(tasks, ['listen', 'test', 'preview', 'queue', 'flush', 'listen']);
});

test('parseOptions() reads the options behind a command, too, and refuses what it would not do', () => {
  const { task, queue, configuration } = parsed('flush', '--queue', '/q', '-c', 'x');
  assert.deepEqual([task.kind, queue, configuration], ['flush', '/q', 'x']);
  assert.deepEqual(parseOptions(['queue', 'list']), { ok: false, error: 'queue takes no "list"' });
  assert.equal(parseOptions(['queue', '--nosuch']).ok, false);
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
  assert.equal(problem('--sm'), 'option --sm not a unique prefix');
  assert.equal(problem('--s'), 'option --sendmail_program requires argument');
  assert.match(problem('--window', 'soon'), /as a number/);
  assert.match(problem('--state', 'ODD'), /no state ODD/);
  assert.match(problem('--webhook', 'x'), /--webhook: cannot read/);
  assert.equal(problem('-p'), 'option -p requires argument');
  assert.equal(problem('--any=1'), 'option --any must not have an argument');
  assert.match(problem('--lines', '501'), /from 0 to 500/);
  assert.match(problem('--smtp', 'mail.example.com', '-m', 'x'), /cannot read the URL/);
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
