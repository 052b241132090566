/**
 * The real supervisord and superd on the same scenario. Both do every step at the same time; what can be seen of them
 * from outside is compared once that is made the same which differs by nature: directories, pids, times, random names.
 * Differences that are meant are in EXCEPTIONS, each with the line of the spec or of the changelog that allows it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { encodeCall, type XmlValue } from '../../src/rpc/xml.ts';
import { Daemon, type DaemonOptions, privateDirectory } from './daemon.ts';
import { until } from './until.ts';

/** What superd does differently on purpose. `pattern` is replaced in the observations of both before they are compared. */
const EXCEPTIONS = [
  {
    pattern: /^(SigIgn:\t)[0-9a-f]+/gm,
    same: '$1<mask>',
    allowed: 'lifecycle 8.1, fault 12: SIGPIPE and SIGXFSZ are default',
  },
  {
    pattern: /^<t> DEBG received SIGCHLD indicating a child quit\n/gm,
    same: '',
    allowed: 'lifecycle 4.2: no tick, no queue of signals',
  },
  {
    pattern: /^<t> DEBG fd \d+ closed, stopped monitoring .*\n/gm,
    same: '',
    allowed: 'lifecycle 7.3 (P): names an object of Python',
  },
  {
    pattern: /^<t> INFO waiting for \S+ to stop\n/gm,
    same: '',
    allowed: 'lifecycle 4.6: a quick stop is seen waiting, or not',
  },
  {
    pattern: /^SUPERD_COOKIE=.*\n/gm,
    same: '',
    allowed: 'CHANGELOG, Compatibility: by its cookie a process is found again, wherever it hides',
  },
  {
    pattern: /^(supervisor> )?(4\.2\.5|0\.1\.0)$/gm,
    same: '$1<version>',
    allowed: 'api 0: superd has a version of its own',
  },
  {
    pattern: /<member>\n<name>autorestart<\/name>\n<value>.*<\/value>\n<\/member>\n/g,
    same: '',
    allowed: 'api 2.4: supervisord has it since 4.4',
  },
] as const;

/** What differs between any two runs. */
const VARYING = [
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/g, '<t>'],
  [/(?<=---\w+-)[a-z0-9_]{8}(?=\.log)/g, '<random>'],
  [/(?<=^|\W)(pid:? ?)(?!0\b)\d+/g, '$1<pid>'],
  [/(?<=killing '[^']*' \()\d+(?=\) with)/g, '<pid>'],
  [/(?:\d+ days?, )?\d+:\d\d:\d\d/g, '<uptime>'],
  [/\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M\b/g, '<date>'],
  [/(?<=<name>(?:start|stop|now)<\/name>\n<value><int>)(?!0<)\d+/g, '<time>'],
  [/(?<=<name>pid<\/name>\n<value><int>)(?!0<)\d+/g, '<pid>'],
] as const;

function normaliseText(daemon: Daemon, words: string): string {
  let result = words.replaceAll(daemon.dir, '<dir>').replaceAll(basename(daemon.dir), '<tag>');
  for (const [pattern, same] of VARYING) result = result.replace(pattern, same);
  for (const { pattern, same } of EXCEPTIONS) result = result.replace(pattern, same);
  return result;
}

const TIMES = ['start', 'stop', 'now'];

/** The same observation as it would be for any daemon, at any time, anywhere. */
export function normalise(daemon: Daemon, value: unknown): unknown {
  if (typeof value === 'string') return normaliseText(daemon, value);
  if (Array.isArray(value)) return value.map((item) => normalise(daemon, item));
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value).map(([key, item]) => {
    if (TIMES.includes(key) && typeof item === 'number' && item !== 0) return [key, '<time>'];
    return [key, key === 'pid' && typeof item === 'number' && item !== 0 ? '<pid>' : normalise(daemon, item)];
  });
}

export type Observe = (daemon: Daemon) => unknown;

/** The two daemons of a test. */
export class SideBySide {
  readonly real: Daemon;
  readonly ours: Daemon;
  readonly #t: TestContext;

  constructor(t: TestContext, options: DaemonOptions) {
    this.#t = t;
    this.real = new Daemon(privateDirectory(t), { ...options, program: 'supervisord' });
    this.ours = new Daemon(privateDirectory(t), { ...options, program: 'superd' });
  }

  /** Does one step on both, at the same time. */
  async both<T>(step: (daemon: Daemon) => T | Promise<T>): Promise<readonly [real: T, ours: T]> {
    return Promise.all([step(this.real), step(this.ours)]);
  }

  /** A comparison with a name: both are observed at the same time, and must look the same. */
  async same(name: string, observe: Observe): Promise<void> {
    await this.#t.test(name, async () => {
      const [real, ours] = await this.both(async (daemon) => normalise(daemon, await observe(daemon)));
      assert.deepEqual(ours, real);
    });
  }
}

/**
 * Starts both. Whatever happens, processes and directories go with the test.
 * @param prepare puts into the directories what plain files cannot say
 */
export async function startBoth(
  t: TestContext,
  options: DaemonOptions,
  prepare: (daemon: Daemon) => void = () => undefined,
): Promise<SideBySide> {
  const pair = new SideBySide(t, options);
  await pair.both((daemon) => {
    prepare(daemon);
    return daemon.start();
  });
  return pair;
}

/** An XML-RPC call as the bytes of its answer: the status and the body. */
export async function call(daemon: Daemon, method: string, ...params: readonly XmlValue[]): Promise<string> {
  return post(daemon, encodeCall(method, params));
}

export async function post(daemon: Daemon, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) };
  const options = { socketPath: daemon.socket, path: '/RPC2', method: 'POST', headers, agent: false };
  request(options, (response) => {
    text(response).then((answer) => resolve(`${response.statusCode}\n${answer}`), reject);
  })
    .on('error', reject)
    .end(body);
  return promise;
}

/**
 * Sends bytes over the control socket and reads what comes back, until the peer closes or `enough` says so; `enough`
 * undefined means until it closes.
 */
/** Nothing for so long: there will be nothing. */
const SILENCE_MS = 5000;

export async function exchange(
  daemon: Daemon,
  bytes: string,
  enough?: (answer: string) => boolean,
  name = 'control.sock',
): Promise<string> {
  const socket = connect(join(daemon.dir, name));
  let answer = '';
  // A peer that neither answers nor closes is an observation too.
  socket.setTimeout(SILENCE_MS, () => {
    answer += '<silence>';
    socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (enough?.(answer) === true) socket.destroy();
  });
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return answer;
}

/** The lines of the main log that speak of one program, as one text; without what superd alone tells of its rest. */
export function linesOf(daemon: Daemon, name: string): string {
  const about = new RegExp(`(?<![\\w./-])${name}(?![\\w./-])`);
  return daemon
    .log()
    .split('\n')
    .filter((line) => about.test(line) && !line.includes(' lives on in part'))
    .map((line) => `${line}\n`)
    .join('');
}

/** One event as a listener saw it. */
export interface Recorded {
  readonly header: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** A listener that writes every event to a file, one JSON line each, and says OK. `python3 recorder.py <file>` */
export const RECORDER = `
import json, sys
events = open(sys.argv[1], 'a')
stdin = open(0, encoding='utf-8', newline='')
while True:
    print('READY', flush=True)
    line = stdin.readline()
    if not line: break
    header = dict(word.split(':', 1) for word in line.split())
    payload = stdin.read(int(header['len']))
    print(json.dumps({'header': header, 'payload': payload}), file=events, flush=True)
    print('RESULT 2', 'OK', sep='\\n', end='', flush=True)
`;

/** What a recorder has written so far. */
export function recorded(daemon: Daemon, file = 'events.jsonl'): readonly Recorded[] {
  let written: string;
  try {
    written = readFileSync(join(daemon.dir, file), 'utf8');
  } catch {
    return [];
  }
  const complete = written.slice(0, written.lastIndexOf('\n') + 1);
  return complete.split('\n').flatMap((line): readonly Recorded[] => (line === '' ? [] : [JSON.parse(line)]));
}

/** The events about one process, each as a line. */
export const eventsOf = (daemon: Daemon, name: string): readonly string[] =>
  recorded(daemon)
    .filter(({ payload }) => payload.startsWith(`processname:${name} `))
    .map(({ header, payload }) => `${header['eventname']} ${payload}`);

/** Waits until a file of the daemon's directory has something in it that satisfies `enough`. */
export async function written(daemon: Daemon, file: string, enough: (content: string) => boolean): Promise<string> {
  return until(`${file} of ${daemon.dir}`, () => {
    try {
      const content = daemon.read(file);
      return enough(content) ? content : undefined;
    } catch {
      return undefined;
    }
  });
}

/** A section with its keys. */
export const section = (name: string, ...lines: readonly string[]): string => [`[${name}]`, ...lines, ''].join('\n');

export const program = (name: string, command: string, ...lines: readonly string[]): string =>
  section(`program:${name}`, `command=${command}`, ...lines);
