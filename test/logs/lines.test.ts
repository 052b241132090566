import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { autoLogPath, isAutoLog, randomPart } from '../../src/logs/auto.ts';
import {
  communicationNote,
  formatLine,
  formatTime,
  isLogged,
  outputCopy,
  protocolCopy,
} from '../../src/logs/main-log.ts';
import { MAX_EMPTY_LINES, MAX_SYSLOG_LINE, SyslogLines } from '../../src/logs/syslog-lines.ts';
import { epochMillis } from '../../src/units.ts';
import { cutText } from './chunks.ts';

function linesOf(chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const lines: string[] = [];
  const cutter = new SyslogLines((line) => lines.push(line));
  for (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    cutter.append(bytes);
    // The reader uses its buffer again.
    bytes.fill('#');
  }
  cutter.end();
  return lines;
}

test('append() joins a line that was read in pieces', () => {
  assert.deepEqual(linesOf(['he', 'llo\nwor', 'ld']), ['hello', 'world']);
});

test('append() keeps empty lines inside and drops those at the end', () => {
  assert.deepEqual(linesOf(['a\n\nb\n\n\n']), ['a', '', 'b']);
});

test('append() bounds long lines and runs of empty ones', () => {
  const sizes = linesOf(['x'.repeat(2 * MAX_SYSLOG_LINE), 'yy\nz']).map((line) => line.length);
  assert.deepEqual(sizes, [MAX_SYSLOG_LINE, MAX_SYSLOG_LINE, 2, 1]);
  assert.equal(linesOf([`${'\n'.repeat(1000)}x`]).length, MAX_EMPTY_LINES + 1);
});

test('append() says the same however the bytes are cut', () => {
  const words = ['a', '\n', '\n\n', 'line\n', 'x'.repeat(MAX_SYSLOG_LINE), '\r'];
  fc.assert(
    fc.property(cutText(words), ({ text, chunks }) => assert.deepEqual(linesOf(chunks), linesOf([text]))),
    { numRuns: 30 },
  );
});

test('formatTime() cuts milliseconds off, in local time', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
  assert.equal(formatTime(epochMillis(time + 0.9)), '2026-01-02 03:04:05,006');
  assert.equal(formatLine(epochMillis(time), 'warn', 'a\nb'), '2026-01-02 03:04:05,006 WARN a\nb\n');
});

test('isLogged() compares weights', () => {
  assert.ok(isLogged('critical', 'info') && isLogged('info', 'info') && isLogged('blather', 'blather'));
  assert.ok(!isLogged('debug', 'info') && !isLogged('blather', 'trace'));
});

test('copies of output in the main log read as in supervisord', () => {
  assert.equal(outputCopy('web', 'stderr', Buffer.from('é\n')), "'web' stderr output:\né\n");
  assert.equal(outputCopy('web', 'stdout', Buffer.of(0xff)), "'web' stdout output:\nUndecodable: b'\\xff'");
  assert.equal(protocolCopy('web', Buffer.from('READY\n')), "'web' stdout output:\nb'READY\\n'");
  assert.equal(communicationNote('web', 'stdout'), "'web' stdout emitted a comm event");
});

test('autoLogPath() keeps a name within what file systems take, and whole in its characters', () => {
  const log = { childlogdir: '/tmp', channel: 'stdout', identifier: 'i', random: 'abcdefgh' } as const;
  for (const process of ['n'.repeat(300), '日'.repeat(100), 'x日'.repeat(80)]) {
    const path = autoLogPath({ ...log, process });
    assert.ok(Buffer.byteLength(path) <= '/tmp/'.length + 249 && Buffer.byteLength(path) > 240, path);
    assert.ok(path.startsWith(`/tmp/${process.slice(0, 50)}`) && path.endsWith('-stdout---i-abcdefgh.log'), path);
    assert.ok(!path.includes('\uFFFD'));
  }
});

test('autoLogPath() makes a name that isAutoLog() knows, backups included', () => {
  const random = randomPart(Uint8Array.of(0, 1, 25, 26, 36, 37, 255, 9));
  assert.match(random, /^[a-z0-9_]{8}$/);
  const path = autoLogPath({ childlogdir: '/tmp', process: 'web', channel: 'stdout', identifier: 'a.b+', random });
  assert.equal(path, `/tmp/web-stdout---a.b+-${random}.log`);
  const isOurs = isAutoLog('a.b+');
  for (const suffix of ['', '.1', '.10', '.9999']) assert.ok(isOurs(path.slice(5) + suffix), suffix);
});

test('isAutoLog() leaves other files alone', () => {
  const isOurs = isAutoLog('a.b');
  const random = 'abcd1234';
  const others = [
    `web-stdout---aXb-${random}.log`,
    `---a.b-${random}.log`,
    `web-stdout---a.b-${random}.log.12345`,
    `web-stdout---a.b-${random}.log.bak`,
    `web-stdout---a.b-${random}.txt`,
    `web-stdout---a.b-x y.log`,
    'supervisord.log',
  ];
  for (const name of others) assert.ok(!isOurs(name), name);
  assert.ok(!isAutoLog('.*')(`web-stdout---a.b-${random}.log`));
});
