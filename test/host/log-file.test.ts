import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { cleanAutoLogs, createAutoLog } from '../../src/host/auto-logs.ts';
import { type LogFile, openLogFile } from '../../src/host/log-file.ts';
import { MAX_BACKLOG } from '../../src/logs/backlog.ts';
import { bytes } from '../../src/units.ts';
import { until } from '../support/until.ts';

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'superd-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

interface Opened {
  readonly path: string;
  readonly log: LogFile;
  readonly problems: readonly string[];
  readonly append: (text: string) => void;
  /** Contents of the log and of its backups, oldest first. */
  readonly contents: () => string;
}

function open(t: TestContext, options: { path?: string; maxbytes?: number; backups?: number } = {}): Opened {
  const path = options.path ?? join(temporary(t), 'log');
  const problems: string[] = [];
  const opened = openLogFile({
    path,
    maxbytes: bytes(options.maxbytes ?? 0),
    backups: options.backups ?? 0,
    onProblem: (text) => problems.push(text),
  });
  assert.ok(opened.ok, path);
  const log = opened.value;
  t.after(() => log.close());
  const numbers = Array.from({ length: 30 }, (_, index) => `${path}.${30 - index}`);
  return {
    path,
    log,
    problems,
    append: (text) => log.append(Buffer.from(text)),
    contents: () =>
      [...numbers, path]
        .filter((name) => existsSync(name))
        .map((name) => readFileSync(name, 'utf8'))
        .join(''),
  };
}

const read = (path: string): string => readFileSync(path, 'utf8');

test('append() writes before it returns, behind what is there', (t) => {
  const path = join(temporary(t), 'log');
  writeFileSync(path, 'old\n');
  const { append } = open(t, { path });
  append('new\n');
  assert.equal(read(path), 'old\nnew\n');
});

test('openLogFile() gives the errno and leaves nothing open', (t) => {
  const directory = temporary(t);
  const before = readdirSync('/proc/self/fd').length;
  const policy = { maxbytes: bytes(1), backups: 1, onProblem: () => undefined };
  for (const [path, code] of [
    [join(directory, 'no', 'log'), 'ENOENT'],
    [directory, 'EISDIR'],
  ] as const) {
    const opened = openLogFile({ path, ...policy });
    assert.deepEqual(opened, { ok: false, error: code });
  }
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('append() rotates after the write that reaches maxbytes', (t) => {
  const { path, append } = open(t, { maxbytes: 10, backups: 2 });
  append('123456789');
  assert.ok(!existsSync(`${path}.1`));
  append('0abc');
  assert.deepEqual([read(path), read(`${path}.1`)], ['', '1234567890abc']);
  append('b'.repeat(10));
  append('c'.repeat(10));
  append('d');
  assert.deepEqual([read(path), read(`${path}.1`), read(`${path}.2`)], ['d', 'c'.repeat(10), 'b'.repeat(10)]);
  assert.ok(!existsSync(`${path}.3`));
});

test('append() empties the file when no backups are kept', (t) => {
  const { path, append } = open(t, { maxbytes: 10 });
  append('1234567890');
  append('x');
  assert.equal(read(path), 'x');
  assert.deepEqual(readdirSync(join(path, '..')), ['log']);
});

test('append() rotates an oversize file at the first write', (t) => {
  const path = join(temporary(t), 'log');
  writeFileSync(path, 'x'.repeat(50));
  const { append } = open(t, { path, maxbytes: 10, backups: 1 });
  append('y');
  assert.equal(read(`${path}.1`), `${'x'.repeat(50)}y`);
});

test('append() notices that the file was emptied from outside', (t) => {
  const { path, append } = open(t, { maxbytes: 10, backups: 1 });
  append('12345678');
  truncateSync(path);
  append('abc');
  assert.equal(read(path), 'abc');
  append('0123456');
  assert.equal(read(`${path}.1`), 'abc0123456');
});

test('append() goes on in the same file when it cannot be rotated', (t) => {
  const { path, append, problems } = open(t, { maxbytes: 10, backups: 1 });
  mkdirSync(`${path}.1`);
  append('1234567890');
  append('x');
  assert.equal(read(path), '1234567890x');
  assert.deepEqual(problems, [`cannot rotate ${path}: ${path}.1 is not a regular file`]);
  append('123456789');
  assert.equal(problems.length, 2);
});

test('rotation never loses or doubles a byte', (t) => {
  const directory = temporary(t);
  let run = 0;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      (sizes, maxbytes) => {
        run += 1;
        const { append, contents, log } = open(t, { path: join(directory, `log${run}`), maxbytes, backups: 30 });
        let expected = '';
        for (const [index, size] of sizes.entries()) {
          const text = String.fromCharCode(97 + index).repeat(size);
          append(text);
          expected += text;
        }
        log.close();
        assert.equal(contents(), expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('reopen() goes on in a new file after a rename or a deletion', (t) => {
  const { path, append, log } = open(t);
  append('a');
  renameSync(path, `${path}.old`);
  append('b');
  log.reopen();
  append('c');
  unlinkSync(path);
  log.reopen();
  append('d');
  assert.deepEqual([read(`${path}.old`), read(path)], ['ab', 'd']);
});

test('reopen() keeps the old file when there can be no new one', (t) => {
  const { path, append, log, problems } = open(t);
  renameSync(path, `${path}.old`);
  mkdirSync(path);
  log.reopen();
  append('a');
  assert.equal(read(`${path}.old`), 'a');
  assert.deepEqual(problems, [`cannot reopen ${path}: EISDIR`]);
});

test('clear() makes the file anew', (t) => {
  const { path, append, log } = open(t, { maxbytes: 10, backups: 1 });
  append('12345678');
  const follower = openSync(path, 'r');
  assert.deepEqual(log.clear(), { ok: true, value: undefined });
  append('abc');
  assert.deepEqual([read(path), readFileSync(follower, 'utf8')], ['abc', '12345678']);
  closeSync(follower);
  unlinkSync(path);
  assert.ok(log.clear().ok);
  assert.equal(read(path), '');
});

test('clear() empties what a symbolic link points to', (t) => {
  const directory = temporary(t);
  const path = join(directory, 'link');
  symlinkSync(join(directory, 'real'), path);
  const { append, log } = open(t, { path });
  append('abc');
  assert.ok(log.clear().ok);
  append('d');
  assert.deepEqual([read(join(directory, 'real')), lstatSync(path).isSymbolicLink()], ['d', true]);
});

test('a device is never rotated, emptied or deleted', (t) => {
  const { append, log } = open(t, { path: '/dev/null', maxbytes: 1, backups: 1 });
  append('abc');
  log.reopen();
  assert.ok(log.clear().ok);
  assert.ok(statSync('/dev/null').isCharacterDevice());
  assert.ok(!existsSync('/dev/null.1'));
});

test('a symbolic link to a device is not rotated', (t) => {
  const path = join(temporary(t), 'link');
  symlinkSync('/dev/null', path);
  const { append, log } = open(t, { path, maxbytes: 1, backups: 1 });
  append('abc');
  assert.ok(log.clear().ok);
  assert.ok(lstatSync(path).isSymbolicLink());
});

test('a file that became a device is left alone', (t) => {
  const { path, append, log, problems } = open(t, { maxbytes: 5, backups: 1 });
  unlinkSync(path);
  symlinkSync('/dev/null', path);
  append('12345');
  assert.deepEqual(problems, [`cannot rotate ${path}: ${path} is not a regular file`]);
  assert.ok(log.clear().ok);
  assert.ok(lstatSync(path).isSymbolicLink());
});

test('a full disk is reported once, and never throws', (t) => {
  const { append, log, problems } = open(t, { path: '/dev/full' });
  for (let index = 0; index < 3; index += 1) append('x'.repeat(MAX_BACKLOG));
  assert.deepEqual(problems, ['cannot write /dev/full: ENOSPC']);
  log.close();
  assert.equal(problems[1], `cannot write /dev/full: ENOSPC; ${3 * MAX_BACKLOG} bytes were lost`);
});

function fifo(t: TestContext): string {
  const path = join(temporary(t), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

/** Reads until a pipe has given as much as was asked for. */
async function drain(path: string, length: number): Promise<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const parts: Buffer[] = [];
  let total = 0;
  await until(`${length} bytes in ${path}`, () => {
    const part = Buffer.alloc(65_536);
    try {
      const count = readSync(fd, part);
      parts.push(part.subarray(0, count));
      total += count;
    } catch {
      // Nothing there yet.
    }
    return total >= length;
  });
  closeSync(fd);
  return Buffer.concat(parts);
}

test('a named pipe needs no reader, and what it has no room for is not lost', async (t) => {
  const path = fifo(t);
  const { log, problems } = open(t, { path, maxbytes: 1, backups: 1 });
  const data = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  for (let at = 0; at < data.length; at += 50_000) log.append(data.subarray(at, at + 50_000));
  assert.ok((await drain(path, data.length)).equals(data));
  assert.deepEqual(problems, []);
});

test('bytes over the limit of a stuck pipe are counted, and it recovers', async (t) => {
  const path = fifo(t);
  const { append, problems } = open(t, { path });
  const room = 65_536 + MAX_BACKLOG;
  append('x'.repeat(room + 7));
  assert.deepEqual(problems, [`cannot write ${path}: EAGAIN`]);
  await drain(path, room);
  await until('the recovery', () => problems.length === 2);
  assert.equal(problems[1], `can write ${path} again; 7 bytes were lost`);
  append('back');
  assert.equal((await drain(path, 4)).toString(), 'back');
});

const SCRIPT = `
  const { openLogFile } = await import(process.argv[1]);
  const log = openLogFile({ path: process.argv[2], maxbytes: 1, backups: 1, onProblem: () => {} }).value;
  log.append(Buffer.from('one '));
  log.reopen();
  log.clear();
  log.append(Buffer.from('two'));
  log.close();
  process.exitCode = 0;
`;

function runWithStdout(path: string, stdout: 'pipe' | number): string {
  const module = new URL('../../src/host/log-file.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', SCRIPT, module, path];
  const run = spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'] });
  assert.equal(run.status, 0);
  return stdout === 'pipe' ? run.stdout.toString() : '';
}

test('/dev/stdout and links to it mean the descriptor, whatever it is', (t) => {
  const directory = temporary(t);
  const link = join(directory, 'access.log');
  symlinkSync('/dev/stdout', link);
  for (const path of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', link])
    assert.equal(runWithStdout(path, 'pipe'), 'one two');
  const out = join(directory, 'out');
  const fd = openSync(out, 'w');
  runWithStdout('/dev/stdout', fd);
  runWithStdout(link, fd);
  closeSync(fd);
  assert.equal(read(out), 'one twoone two');
  assert.deepEqual(readdirSync(directory).toSorted(), ['access.log', 'out']);
});

test('createAutoLog() makes an empty file that only its owner reads', (t) => {
  const childlogdir = temporary(t);
  const made = createAutoLog({ childlogdir, process: 'web', channel: 'stdout', identifier: 'sup' });
  assert.ok(made.ok);
  assert.match(made.value, /\/web-stdout---sup-[a-z0-9_]{8}\.log$/);
  assert.deepEqual([statSync(made.value).mode & 0o777, read(made.value)], [0o600, '']);
  const nowhere = createAutoLog({
    childlogdir: join(childlogdir, 'no'),
    process: 'p',
    channel: 'stderr',
    identifier: 's',
  });
  assert.deepEqual(nowhere, { ok: false, error: 'ENOENT' });
});

test('cleanAutoLogs() deletes left-overs, but neither files in use nor anything else', (t) => {
  const directory = temporary(t);
  const names = ['a-stdout---sup-abcd1234.log', 'a-stdout---sup-abcd1234.log.1', 'b-stdout---sup-abcd1234.log'];
  const kept = ['c-stdout---sup-abcd1234.log', 'c-stdout---sup-abcd1234.log.1', 'other---sup2-abcd1234.log', 'x.log'];
  for (const name of [...names, ...kept]) writeFileSync(join(directory, name), '');
  mkdirSync(join(directory, 'd-stdout---sup-abcd1234.log'));
  const problems = cleanAutoLogs(directory, 'sup', [join(directory, 'c-stdout---sup-abcd1234.log')]);
  assert.deepEqual(problems, []);
  assert.deepEqual(readdirSync(directory).toSorted(), [...kept, 'd-stdout---sup-abcd1234.log'].toSorted());
});

test('cleanAutoLogs() warns when the directory cannot be read', (t) => {
  const directory = join(temporary(t), 'no');
  assert.deepEqual(cleanAutoLogs(directory, 'sup', []), ['Could not clear childlog dir']);
});

test('append() makes a deleted log anew within a second, and goes on in a renamed one for a while', async (t) => {
  const { path, append, problems } = open(t);
  append('one\n');
  renameSync(path, `${path}.moved`);
  const began = performance.now();
  await until('the second is over', () => performance.now() - began > 1100);
  append('two\n');
  assert.equal(readFileSync(`${path}.moved`, 'utf8'), 'one\ntwo\n');
  unlinkSync(`${path}.moved`);
  await until('the file is there', () => {
    append('three\n');
    return existsSync(path);
  });
  assert.match(readFileSync(path, 'utf8'), /^three\n$/);
  assert.deepEqual(problems, []);
});
