/**
 * Event listeners as they exist: Python, written with `childutils` of the supervisor package, which all of superlance
 * uses. They read text, keep one XML-RPC connection for ever, and cannot be changed.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const PYTHON = '/usr/bin/python3';

/** Writes a JSON line per event, with what the API said meanwhile. `argv`: the file, how many events to refuse first. */
const LISTENER = `
import json, os, sys
from supervisor import childutils
record = open(sys.argv[1], 'a')
refuse = int(sys.argv[2])
rpc = childutils.getRPCInterface(os.environ)
while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    seen = {'headers': headers, 'payload': payload}
    if '\\n' in payload or headers['eventname'].startswith(('PROCESS_COMM', 'PROCESS_LOG')):
        seen['fields'], seen['data'] = childutils.eventdata(payload)
    elif payload:
        seen['fields'] = childutils.get_headers(payload)
    seen['state'] = rpc.supervisor.getState()['statename']
    seen['time'] = childutils.get_asctime(0)
    record.write(json.dumps(seen) + '\\n')
    record.flush()
    if refuse > 0:
        refuse -= 1
        childutils.listener.fail(sys.stdout)
    else:
        childutils.listener.ok(sys.stdout)
`;

/** Talks, is silent for longer than any usual keep-alive, and talks again. */
const IDLER = `
import json, os, sys, time
from supervisor import childutils
rpc = childutils.getRPCInterface(os.environ)
transport = rpc('transport')
def connection():
    return os.readlink('/proc/self/fd/%d' % transport.connection.sock.fileno())
rpc.supervisor.getState()
before = connection()
for _ in range(int(sys.argv[2])):
    rpc.supervisor.getAllProcessInfo()
time.sleep(float(sys.argv[3]))
state = rpc.supervisor.getState()['statename']
with open(sys.argv[1] + '.new', 'w') as file:
    json.dump({'state': state, 'same': connection() == before}, file)
os.rename(sys.argv[1] + '.new', sys.argv[1])
while True:
    childutils.listener.wait(sys.stdin, sys.stdout)
    childutils.listener.ok(sys.stdout)
`;

/** As childutils.pcomm would, which cannot: it writes bytes to a text stream. */
const COMMUNICATOR = `
import sys, time
from supervisor.events import ProcessCommunicationEvent as Event
def say(message, stream):
    stream.write(Event.BEGIN_TOKEN.decode() + message + Event.END_TOKEN.decode())
    stream.flush()
print('before', flush=True)
say('hello from stdout', sys.stdout)
say('hello from stderr \\u2603', sys.stderr)
print('after', flush=True)
time.sleep(1000)
`;

const FILES = { 'listener.py': LISTENER, 'idler.py': IDLER, 'communicator.py': COMMUNICATOR };

interface Seen {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly data?: string;
  readonly state: string;
}

/** A listener that records into \`seen\`. */
const listener = (events: string, refuse = 0): string =>
  `[eventlistener:l]\ncommand=${PYTHON} %(here)s/listener.py %(here)s/seen ${refuse}\nevents=${events}\nstderr_logfile=%(here)s/l.err\n`;

const seenBy = (daemon: Daemon): readonly Seen[] =>
  existsSync(`${daemon.dir}/seen`)
    ? daemon
        .read('seen')
        .split('\n')
        .slice(0, -1)
        .map((line): Seen => JSON.parse(line))
    : [];

const waitFor = (daemon: Daemon, what: string, is: (seen: readonly Seen[]) => boolean): Promise<readonly Seen[]> =>
  until(
    () => `${what}; seen ${JSON.stringify(seenBy(daemon))}\n${daemon.log()}`,
    () => {
      const seen = seenBy(daemon);
      return is(seen) && seen;
    },
  );

describe('a listener written with childutils', { ...needs('supervisord'), concurrency: true }, () => {
  test('waits, reads headers and data, calls the API and answers', async (t) => {
    const config = `${listener('PROCESS_STATE')}[program:p]\ncommand=sleep 1000\nautostart=false\n`;
    const daemon = await startDaemon(t, { config, files: FILES });
    await daemon.rpc('supervisor.startProcess', 'p');
    const { pid } = await daemon.status('p');
    await daemon.rpc('supervisor.stopProcess', 'p');
    const all = await waitFor(daemon, 'STOPPED', (seen) =>
      seen.some(({ headers }) => headers['eventname'] === 'PROCESS_STATE_STOPPED'),
    );
    const ours = all.filter(({ fields }) => fields?.['processname'] === 'p');
    assert.deepEqual(
      ours.map(({ headers, fields }) => [headers['eventname'], fields]),
      [
        ['PROCESS_STATE_STARTING', { processname: 'p', groupname: 'p', from_state: 'STOPPED', tries: '0' }],
        ['PROCESS_STATE_RUNNING', { processname: 'p', groupname: 'p', from_state: 'STARTING', pid: String(pid) }],
        ['PROCESS_STATE_STOPPING', { processname: 'p', groupname: 'p', from_state: 'RUNNING', pid: String(pid) }],
        ['PROCESS_STATE_STOPPED', { processname: 'p', groupname: 'p', from_state: 'STOPPING', pid: String(pid) }],
      ],
    );
    for (const { headers, state, payload } of all) {
      assert.equal(headers['ver'], '3.0');
      assert.equal(headers['server'], 'supervisor');
      assert.equal(headers['pool'], 'l');
      assert.equal(headers['len'], String(Array.from(payload).length));
      assert.equal(state, 'RUNNING');
    }
    assert.deepEqual(
      all.map(({ headers }) => Number(headers['poolserial'])),
      all.map((_, index) => index),
    );
    assert.equal(daemon.read('l.err'), '');
    assert.equal(await daemon.stop(), 0);
    daemon.assertQuiet();
  });

  test('that answers FAIL gets the same event again', async (t) => {
    const daemon = await startDaemon(t, { config: listener('REMOTE_COMMUNICATION', 2), files: FILES });
    await daemon.reaches('l', 'RUNNING');
    await daemon.rpc('supervisor.sendRemoteCommEvent', 'first', '1');
    await daemon.rpc('supervisor.sendRemoteCommEvent', 'second', '2');
    const all = await waitFor(daemon, 'four events', (seen) => seen.length === 4);
    assert.deepEqual(
      all.map(({ fields }) => fields?.['type']),
      ['first', 'first', 'first', 'second'],
    );
    assert.equal(new Set(all.slice(0, 3).map(({ headers }) => headers['serial'])).size, 1);
    assert.equal(daemon.log().split('WARN l: event was rejected').length, 3);
    assert.equal(await daemon.stop(), 0);
  });

  test('hears what programs say between the marks, on stdout and stderr', async (t) => {
    const config = `${listener('PROCESS_COMMUNICATION')}
[program:p]
command=${PYTHON} %(here)s/communicator.py
stdout_logfile=%(here)s/p.log
stderr_logfile=%(here)s/p.err
stdout_capture_maxbytes=1KB
stderr_capture_maxbytes=1KB
`;
    const daemon = await startDaemon(t, { config, files: FILES });
    const all = await waitFor(daemon, 'both events', (seen) => seen.length === 2);
    const { pid } = await daemon.status('p');
    const fields = { processname: 'p', groupname: 'p', pid: String(pid) };
    // The two streams are read one by one, in any order.
    const sorted = all
      .map(({ headers, fields: found, data }) => [headers['eventname'], found, data] as const)
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    assert.deepEqual(sorted, [
      ['PROCESS_COMMUNICATION_STDERR', fields, 'hello from stderr ☃'],
      ['PROCESS_COMMUNICATION_STDOUT', fields, 'hello from stdout'],
    ]);
    await until('the log', () => daemon.read('p.log') === 'before\nafter\n');
    assert.equal(await daemon.stop(), 0);
  });

  test('is not confused by text beyond ASCII, of any width', async (t) => {
    const config = `${listener('REMOTE_COMMUNICATION,PROCESS_LOG')}
[program:p]
command=${PYTHON} -c "import time; print('gr\\u00fc\\u00dfe \\U0001d11e', flush=True); time.sleep(1000)"
stdout_events_enabled=true
autostart=false
`;
    const daemon = await startDaemon(t, { config, files: FILES });
    await daemon.reaches('l', 'RUNNING');
    const texts = ['é', '☃☃', '𝄞 clef', 'e\u0301', '日本語\nsecond line', 'plain'];
    for (const text of texts) await daemon.rpc('supervisor.sendRemoteCommEvent', 'typ-ü', text);
    await daemon.rpc('supervisor.startProcess', 'p');
    const all = await waitFor(daemon, 'seven events', (seen) => seen.length === texts.length + 1);
    assert.deepEqual(
      all.slice(0, -1).map(({ fields, data }) => [fields?.['type'], data]),
      texts.map((text) => ['typ-ü', text]),
    );
    assert.equal(all.at(-1)?.data, 'grüße 𝄞\n');
    assert.equal(daemon.read('l.err'), '');
    assert.equal(await daemon.stop(), 0);
  });

  test('ticks', async (t) => {
    const daemon = await startDaemon(t, { config: listener('TICK_5'), files: FILES });
    const [first, second] = await waitFor(daemon, 'two ticks', (seen) => seen.length >= 2);
    for (const tick of [first, second]) {
      assert.equal(tick?.headers['eventname'], 'TICK_5');
      assert.match(tick?.payload ?? '', /^when:\d+$/);
    }
    assert.equal(Number(second?.fields?.['when']) - Number(first?.fields?.['when']), 5);
    assert.equal(Number(first?.fields?.['when']) % 5, 0);
    assert.equal(await daemon.stop(), 0);
  });

  test('is told of the end of the daemon, and of its beginning', async (t) => {
    const daemon = await startDaemon(t, { config: listener('SUPERVISOR_STATE_CHANGE'), files: FILES });
    await waitFor(daemon, 'RUNNING', (seen) => seen.length === 1);
    assert.equal(await daemon.stop(), 0);
    assert.deepEqual(
      seenBy(daemon)
        .map(({ headers, payload }) => [headers['eventname'], payload])
        .slice(0, 1),
      [['SUPERVISOR_STATE_CHANGE_RUNNING', '']],
    );
    daemon.assertQuiet();
  });

  for (const kind of ['unix', 'inet'] as const) {
    test(`keeps its ${kind} connection over 66 idle seconds and hundreds of calls`, async (t) => {
      const port = await freePort();
      const idler = `[eventlistener:l]\ncommand=${PYTHON} %(here)s/idler.py %(here)s/result 200 66\nevents=TICK_60\nstderr_logfile=%(here)s/l.err\n`;
      const inet = `[inet_http_server]\nport=127.0.0.1:${port}\nusername=user\npassword=pass\n`;
      const url = `serverurl=http://127.0.0.1:${port}\nenvironment=SUPERVISOR_USERNAME="user",SUPERVISOR_PASSWORD="pass"\n`;
      const config = kind === 'unix' ? idler : `${inet}${idler}${url}`;
      const daemon = await startDaemon(t, { config, files: FILES });
      const result = await until(
        () => `the listener's second call\n${daemon.read('l.err')}\n${daemon.log()}`,
        () => existsSync(`${daemon.dir}/result`) && daemon.read('result'),
        180_000,
      );
      assert.deepEqual(JSON.parse(result), { state: 'RUNNING', same: true });
      assert.equal(await daemon.stop(), 0);
      daemon.assertQuiet();
    });
  }
});
