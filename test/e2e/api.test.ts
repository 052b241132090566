/** The JSON API of the real daemon: calls, the stream of events over the death of a brain, and logs as they grow. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { brainOf } from '../support/faults.ts';
import { until } from '../support/until.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

function ask(
  { socket }: Daemon,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call = request({ socketPath: socket, path: `/api/v1${path}`, method, headers, agent: false }, resolve);
  call.on('error', reject).end(body);
  return promise;
}

async function call(daemon: Daemon, method: string, params: unknown): Promise<unknown> {
  const body = JSON.stringify(params);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const answer: unknown = JSON.parse(await text(await ask(daemon, `/${method}`, { method: 'POST', headers, body })));
  assert.ok(typeof answer === 'object' && answer !== null && 'result' in answer, JSON.stringify(answer));
  return answer.result;
}

interface Told {
  readonly id: number;
  readonly event: string;
  readonly data: string;
}

/** A client that reads events until its connection ends. */
class Listener {
  readonly told: Told[] = [];
  isOver = false;
  readonly #response: IncomingMessage;
  #rest = '';

  static async open(daemon: Daemon, path: string, headers: OutgoingHttpHeaders = {}): Promise<Listener> {
    const response = await ask(daemon, path, { headers });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['content-type'], 'text/event-stream');
    return new Listener(response);
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (piece: string) => this.#hear(piece));
    response
      .on('error', () => undefined)
      .on('close', () => {
        this.isOver = true;
      });
  }

  get last(): number {
    return this.told.at(-1)?.id ?? 0;
  }

  has(pattern: RegExp): boolean {
    return this.told.some(({ data }) => pattern.test(data));
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  #hear(piece: string): void {
    const blocks = (this.#rest + piece).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('event') !== '')
        this.told.push({ id: Number(field('id')), event: field('event'), data: field('data') });
    }
  }
}

const openFiles = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });

test('a script starts, stops and looks, and whoever listens hears of it at once', async (t) => {
  const daemon = await startDaemon(t, { config: '[program:web]\ncommand=sleep 1000\nautostart=false\nstartsecs=0\n' });
  const overview = await call(daemon, 'superd.getOverview', {});
  assert.partialDeepStrictEqual(overview, {
    mood: 'RUNNING',
    role: 'admin',
    processes: [{ namespec: 'web', state: 'STOPPED' }],
  });
  const listener = await Listener.open(daemon, '/events');
  assert.equal(await call(daemon, 'supervisor.startProcess', { name: 'web' }), true);
  await until('its start is told', () => listener.has(/"to":"RUNNING"/));
  assert.equal(await call(daemon, 'supervisor.stopProcess', ['web']), true);
  await until('its stop is told', () => listener.has(/"to":"STOPPED"/));
  assert.ok(listener.has(/"kind":"operator","action":"supervisor.stopProcess"/));
  const refused = await ask(daemon, '/supervisor.startProcess?name=web');
  assert.deepEqual([refused.statusCode, refused.headers['allow']], [405, 'POST']);
  await text(refused);
  listener.close();
  const program = await ask(daemon, '/superd.getProgram?name=web');
  assert.match(await text(program), /"key":"command","value":"sleep 1000","file":"[^"]*superd\.conf","line":\d+/);
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});

test('a listener that comes back after the death of the brain misses nothing and hears nothing twice', async (t) => {
  const daemon = await startDaemon(t, { config: '[program:web]\ncommand=sleep 1000\nstartsecs=0\n' });
  await daemon.reaches('web', 'RUNNING');
  const first = await Listener.open(daemon, '/events?after=0');
  await until('the start is told', () => first.has(/"to":"RUNNING","?/));
  const brain = await brainOf(daemon);
  process.kill(brain, 'SIGKILL');
  await until('the connection has ended', () => first.isOver);
  await until('another brain answers', () => daemon.rpc('supervisor.getState').then(Boolean, () => false));
  await call(daemon, 'supervisor.stopProcess', ['web']);
  const second = await Listener.open(daemon, '/events?after=0', { 'Last-Event-ID': String(first.last) });
  await until('the stop is told', () => second.has(/"to":"STOPPED"/));
  assert.ok(second.has(/"what":"recovered"/));
  const ids = [...first.told, ...second.told].map(({ id }) => id);
  assert.deepEqual(
    ids,
    Array.from(ids, (_, index) => index + 1),
  );
  second.close();
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});

test('a listener that sleeps while the journal goes by is told of the gap, and goes on', async (t) => {
  const daemon = await startDaemon(t, {
    config: '[supervisord]\njournal_maxbytes=64KB\n[program:web]\ncommand=sleep 1000\n',
  });
  const listener = await Listener.open(daemon, '/events?after=0');
  await until('it is told of the start', () => listener.told.length > 0);
  listener.pause();
  const data = 'x'.repeat(150);
  const calls = Array.from({ length: 200 }, () => ({
    methodName: 'supervisor.sendRemoteCommEvent',
    params: ['t', data],
  }));
  for (let round = 0; round < 15; round += 1) await call(daemon, 'system.multicall', [calls]);
  listener.resume();
  await call(daemon, 'supervisor.sendRemoteCommEvent', ['the last', '']);
  await until('the last is told', () => listener.has(/the last/));
  const ids = listener.told.filter(({ event }) => event !== 'gap').map(({ id }) => id);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  for (const { event, data: told } of listener.told)
    if (event === 'gap') assert.match(told, /^\{"after":\d+,"first":\d+\}$/);
  // What came through and what was told to be missing is all that there was.
  const gaps = listener.told.flatMap(({ event, data: told }) => {
    const { after, first }: { after: number; first: number } =
      event === 'gap' ? JSON.parse(told) : { after: 0, first: 1 };
    return first - after - 1;
  });
  assert.equal(ids.length + gaps.reduce((sum, missing) => sum + missing, 0), listener.last);
  const late = await Listener.open(daemon, '/events?after=1');
  await until('the gap is told', () => late.told[0]?.event === 'gap');
  late.close();
  listener.close();
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});

test('a log is followed across rotation; a large one is downloaded in full, and nothing stays open', async (t) => {
  const daemon = await startDaemon(t, {
    config: [
      '[program:chatty]',
      'command=sh -c \'n=0; while [ $n -lt 400 ]; do n=$((n+1)); printf "line %%95d\\\\n" $n; sleep 0.01; done; exec sleep 1000\'',
      'stdout_logfile=%(here)s/chatty.log',
      'stdout_logfile_maxbytes=15KB',
      'autostart=false',
      '[program:large]',
      'command=sh -c \'head -c 30000000 /dev/zero | tr "\\\\0" x; exec sleep 1000\'',
      'stdout_logfile=%(here)s/large.log',
      'stdout_logfile_maxbytes=0',
    ].join('\n'),
  });
  await until('the large log is written', () => {
    const { size } = statSync(`${daemon.dir}/large.log`, { throwIfNoEntry: false }) ?? { size: 0 };
    return size === 30_000_000;
  });
  const brain = await brainOf(daemon);
  await daemon.rpc('supervisor.startProcess', 'chatty', false);
  await until('there is a log', () => statSync(`${daemon.dir}/chatty.log`, { throwIfNoEntry: false }) !== undefined);
  const follower = await ask(daemon, '/logs/chatty/stdout?follow=1&from=0');
  let heard = '';
  follower.setEncoding('utf8').on('data', (piece: string) => {
    heard += piece;
  });
  const download = await ask(daemon, '/logs/large/stdout');
  assert.equal(download.headers['content-disposition'], 'attachment; filename="large_large-stdout.log"');
  assert.equal(download.headers['content-length'], '30000000');
  let size = 0;
  for await (const chunk of download) if (Buffer.isBuffer(chunk)) size += chunk.length;
  assert.equal(size, 30_000_000);
  await until('the last line has come', () => heard.endsWith(' 400\n'));
  const lines = heard.trimEnd().split('\n');
  const numbers = lines.map((line) => Number(/^line +(\d+)$/.exec(line)?.[1]));
  // It begins with what had not been rotated away when it was asked for; from there on nothing is missing.
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, index) => 400 - numbers.length + 1 + index),
  );
  follower.destroy();
  const left = await ask(daemon, '/logs/large/stdout');
  left.destroy();
  await until('the logs are closed', () => openFiles(brain).filter((file) => file.endsWith('large.log')).length <= 1);
  assert.equal(await daemon.stop(), 0);
  daemon.assertQuiet();
});
