import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openMainLog } from '../../src/host/main-log.ts';
import { Syslog, SyslogSink } from '../../src/host/syslog.ts';
import { formatLine } from '../../src/logs/main-log.ts';
import { bytes, epochMillis } from '../../src/units.ts';
import { until } from '../support/until.ts';

const NOW = epochMillis(1_795_341_205_678);
const INFO = (message: string): string => formatLine(NOW, 'info', message);

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'superd-main-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

function open(t: TestContext, logfile: string) {
  const policy = { maxbytes: bytes(0), backups: 0, level: 'info', echo: false, tag: 'supervisord' } as const;
  const opened = openMainLog({ ...policy, logfile, wall: () => NOW });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  return opened.value;
}

test('log() writes lines at or above the level', (t) => {
  const path = join(temporary(t), 'log');
  const log = open(t, path);
  log.log('debug', 'no');
  log.log('info', 'é');
  assert.deepEqual([readFileSync(path, 'utf8'), log.path], [INFO('é'), path]);
});

test('reopen() says so in the old file', (t) => {
  const path = join(temporary(t), 'log');
  const log = open(t, path);
  renameSync(path, `${path}.old`);
  log.reopen();
  log.log('info', 'new');
  assert.deepEqual(
    [readFileSync(`${path}.old`, 'utf8'), readFileSync(path, 'utf8')],
    [INFO('supervisord logreopen'), INFO('new')],
  );
});

test('clear() leaves an empty file', (t) => {
  const path = join(temporary(t), 'log');
  const log = open(t, path);
  log.log('info', 'old');
  assert.ok(log.clear().ok);
  assert.equal(readFileSync(path, 'utf8'), '');
});

test('openMainLog() gives the errno', () => {
  const policy = { maxbytes: bytes(0), backups: 0, level: 'info', echo: false, tag: 's', wall: () => NOW } as const;
  assert.deepEqual(openMainLog({ ...policy, logfile: '/nonexistent/log' }), { ok: false, error: 'ENOENT' });
});

const SCRIPT = `
  const { openMainLog } = await import(process.argv[1]);
  const options = { maxbytes: 0, backups: 0, level: 'info', echo: true, tag: 's', wall: () => ${NOW} };
  const log = openMainLog({ ...options, logfile: process.argv[2] }).value;
  log.log('info', 'hello');
  if (process.argv[3] === 'clear') log.clear();
  log.close();
`;

function echoed(logfile: string, stdout: 'pipe' | number, act = ''): string {
  const module = new URL('../../src/host/main-log.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', SCRIPT, module, logfile, act];
  const run = spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'] });
  assert.equal(run.status, 0);
  return stdout === 'pipe' ? run.stdout.toString() : '';
}

test('log() in the foreground writes to the standard output and to the file', (t) => {
  const path = join(temporary(t), 'log');
  assert.equal(echoed(path, 'pipe', 'clear'), INFO('hello') + INFO('reopening log file').repeat(2));
  assert.equal(readFileSync(path, 'utf8'), '');
});

test('log() never writes twice to the same place', (t) => {
  assert.equal(echoed('/dev/stdout', 'pipe'), INFO('hello'));
  const path = join(temporary(t), 'log');
  const fd = openSync(path, 'a');
  echoed(path, fd);
  closeSync(fd);
  assert.equal(readFileSync(path, 'utf8'), INFO('hello'));
});

/** Puts a `logger` first in the PATH of this process. */
function fakeLogger(t: TestContext, script: string): string {
  const directory = temporary(t);
  writeFileSync(join(directory, 'logger'), `#!/bin/sh\ncd '${directory}'\n${script}\n`, { mode: 0o755 });
  const path = process.env['PATH'] ?? '';
  process.env['PATH'] = `${directory}:${path}`;
  t.after(() => {
    process.env['PATH'] = path;
  });
  return directory;
}

test('send() hands lines to one logger', async (t) => {
  const directory = fakeLogger(t, `echo "$@" > arguments; cat > lines.new; mv lines.new lines`);
  const problems: string[] = [];
  const syslog = new Syslog({ tag: 'supervisord', onProblem: (text) => problems.push(text) });
  syslog.send('a\n\nb\n\n');
  syslog.send('c');
  syslog.close();
  const lines = join(directory, 'lines');
  await until('the lines', () => existsSync(lines));
  assert.equal(readFileSync(lines, 'utf8'), 'a\n\nb\nc\n');
  assert.match(readFileSync(join(directory, 'arguments'), 'utf8'), /--priority user\.info --tag supervisord$/m);
  assert.deepEqual([problems, syslog.dropped], [[], 0]);
});

test('send() reports once that syslog is not there, and drops', async (t) => {
  fakeLogger(t, 'echo "logger: socket /dev/log: No such file or directory" >&2; exit 1');
  const problems: string[] = [];
  const syslog = new Syslog({ tag: 's', onProblem: (text) => problems.push(text) });
  syslog.send('a');
  await until('the report', () => problems.length > 0);
  syslog.send('b\nc');
  syslog.close();
  assert.deepEqual(problems, ['cannot write to syslog: logger: socket /dev/log: No such file or directory']);
  assert.equal(syslog.dropped, 2);
});

test('send() survives a machine without logger', async (t) => {
  const path = process.env['PATH'];
  process.env['PATH'] = temporary(t);
  t.after(() => {
    process.env['PATH'] = path;
  });
  const problems: string[] = [];
  const syslog = new Syslog({ tag: 's', onProblem: (text) => problems.push(text) });
  syslog.send('a');
  await until('the report', () => problems.length > 0);
  assert.deepEqual(problems, ['cannot write to syslog: cannot start logger: ENOENT']);
});

test('SyslogSink sends whole lines under the name of the process', () => {
  const sent: string[] = [];
  const sink = new SyslogSink({ process: 'web', syslog: { send: (line) => sent.push(line) } });
  sink.append(Buffer.from('a\nb'));
  sink.reopen();
  assert.ok(sink.clear().ok);
  sink.append(Buffer.from('c\nd'));
  sink.end();
  sink.close();
  assert.deepEqual(sent, ['web a', 'web bc', 'web d']);
});
