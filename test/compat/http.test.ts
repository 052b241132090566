/** HTTP beside supervisord, byte by byte: status lines, the headers that clients look at, bodies, and odd requests. */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Daemon } from '../support/daemon.ts';
import { needs } from '../support/peers.ts';
import { exchange, program, startBoth } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

/** Headers that clients look at; the others (Server, Date, …) are the server's own business (api 1.3). */
const HEADERS = [
  'content-type',
  'content-length',
  'connection',
  'transfer-encoding',
  'www-authenticate',
  'location',
  'allow',
];

interface Shown {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: string;
}

function show(answer: string): Shown {
  const end = answer.indexOf('\r\n\r\n');
  const [status = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = lines
    .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()))
    // Saying that the connection closes is right, and more than supervisord does.
    .filter((line) => HEADERS.includes(line.split(':')[0] ?? '') && line !== 'connection: close')
    .sort();
  return { status, headers, body: answer.slice(end + 4) };
}

/** The answer is complete: as long as it says, or without a body. */
function isComplete(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? / (304|204) /.test(answer.slice(0, 16)) : answer.length >= end + 4 + Number(length);
}

const rpc = (method: string): string =>
  `<?xml version='1.0'?><methodCall><methodName>${method}</methodName></methodCall>`;

const post = (path: string, body: string, ...headers: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n');

const plain = (line: string, ...headers: readonly string[]): string =>
  [line, 'Host: localhost', ...headers, '', ''].join('\r\n');

const BODY = rpc('supervisor.getAPIVersion');

/** Requests whose whole answer is the same. */
const REQUESTS: Readonly<Record<string, string>> = {
  'a call': post('/RPC2', BODY, 'Content-Type: text/xml'),
  'a call without content type': post('/RPC2', BODY),
  'a call below /RPC2': post('/RPC2/foo?x=1', BODY),
  'a call without version': `POST /RPC2 HTTP/1.0\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  'a call that is kept alive in 1.0': `POST /RPC2 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  'a call that closes': post('/RPC2', BODY, 'Connection: close'),
  'a fault': post('/RPC2', rpc('nope')),
  'no XML': post('/RPC2', 'hello'),
  'an unclosed tag': post('/RPC2', '<methodCall><methodName>'),
  'no length': 'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /RPC2': plain('GET /RPC2 HTTP/1.1'),
  'PUT /RPC2': plain('PUT /RPC2 HTTP/1.1'),
  health: plain('GET /ok.html HTTP/1.1'),
  'health in 1.0': plain('GET /ok.html HTTP/1.0'),
  'health that closes': plain('GET /ok.html HTTP/1.1', 'Connection: close'),
  'health, encoded': plain('GET /%6fk.html HTTP/1.1'),
  'an unknown path': plain('GET /nope HTTP/1.1'),
  'an unknown path in 1.0': plain('GET /nope HTTP/1.0'),
  'out of the directory': plain('GET /../../../etc/passwd HTTP/1.1'),
  'out of the directory, encoded': plain('GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1'),
  'a method that is none': plain('BREW /ok.html HTTP/1.1'),
  DELETE: plain('DELETE /nope HTTP/1.1'),
  'a log of no process': plain('GET /logtail/nope HTTP/1.1'),
  'a log of a group': plain('GET /logtail/cat:* HTTP/1.1'),
  'a log that is none': plain('GET /logtail/nolog/stdout HTTP/1.1'),
  'a log of no channel': plain('GET /logtail/cat/nope HTTP/1.1'),
  'POST to a log': post('/logtail/cat', ''),
  'POST to the main log': post('/mainlogtail', ''),
};

/** Requests of which only the status line and the content type are compared: the pages are superd's own (api 7). */
const PAGES: Readonly<Record<string, string>> = {
  'the page': plain('GET / HTTP/1.1'),
  'the page by name': plain('GET /index.html HTTP/1.1'),
  'the page in 1.0': plain('GET / HTTP/1.0'),
  'the page of a log': plain('GET /tail.html?processname=cat HTTP/1.1'),
  'the page of no log': plain('GET /tail.html HTTP/1.1'),
};

/** Reads a tail until something is in it, then does something and reads on. */
class Tail {
  readonly #socket: Socket;
  text = '';
  ended = false;

  constructor(daemon: Daemon, request: string) {
    this.#socket = connect(daemon.socket);
    this.#socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    this.#socket.on('close', () => {
      this.ended = true;
    });
    this.#socket.on('error', () => {});
    this.#socket.write(request);
  }

  async has(words: string): Promise<void> {
    await until(
      () => `${words} in ${this.text}`,
      () => this.text.includes(words),
    );
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The text of a chunked body, whatever the chunks. */
function unchunk(body: string): string {
  let rest = body;
  let all = '';
  for (let match = /^([0-9a-f]+)\r\n/.exec(rest); match !== null; match = /^([0-9a-f]+)\r\n/.exec(rest)) {
    const size = Number.parseInt(match[1] ?? '0', 16);
    all += rest.slice(match[0].length, match[0].length + size);
    rest = rest.slice(match[0].length + size + 2);
  }
  return all;
}

const CONFIG = [
  program('cat', 'cat', 'startsecs=0', 'stdout_logfile=%(here)s/cat.log', 'stderr_logfile=%(here)s/cat.err'),
  program('nolog', 'cat', 'startsecs=0', 'stdout_logfile=NONE'),
].join('');

const answerTo = (daemon: Daemon, request: string): Promise<string> => exchange(daemon, request, isComplete);

suite('http', needs('supervisord'), () => {
  test('requests', async (t) => {
    const pair = await startBoth(t, { config: CONFIG });
    await pair.both((daemon) => daemon.reaches('nolog', 'RUNNING'));
    for (const [name, request] of Object.entries(REQUESTS)) {
      await pair.same(name, async (daemon) => show(await answerTo(daemon, request)));
    }
    for (const [name, request] of Object.entries(PAGES)) {
      await pair.same(name, async (daemon) => {
        const { status, headers } = show(await answerTo(daemon, request));
        return [status, headers.filter((line) => line.startsWith('content-type'))];
      });
    }
    // The images and the rest of the pages are superd's own; the style sheet keeps its name (api 7).
    for (const line of [
      'GET /stylesheets/supervisor.css HTTP/1.1',
      'HEAD /stylesheets/supervisor.css HTTP/1.1',
      'HEAD / HTTP/1.1',
    ]) {
      await pair.same(line, async (daemon) => {
        const { status, headers } = show(await exchange(daemon, plain(line), (answer) => answer.includes('\r\n\r\n')));
        return [status, headers.filter((header) => header.startsWith('content-type'))];
      });
    }
    await pair.same('two calls on one connection', async (daemon) => {
      const twice = (answer: string): boolean => answer.split('</methodResponse>').length === 3;
      const answer = await exchange(
        daemon,
        post('/RPC2', BODY) + post('/RPC2', rpc('supervisor.getIdentification')),
        twice,
      );
      return answer.split(/(?=HTTP\/1\.1 )/).map(show);
    });
    for (const [name, request] of [
      ['1.1 that closes', post('/RPC2', BODY, 'Connection: close')],
      ['1.0', `POST /RPC2 HTTP/1.0\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
      ['1.0 of a page', plain('GET /ok.html HTTP/1.0')],
    ] as const) {
      await pair.same(`the connection ends: ${name}`, async (daemon) => show(await exchange(daemon, request)));
    }
    await pair.same('a body in pieces', async (daemon) => {
      const socket = connect(daemon.socket);
      const request = post('/RPC2', BODY);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
      for (const piece of [request.slice(0, 20), request.slice(20, -30), request.slice(-30)]) {
        socket.write(piece);
        await daemon.rpc('supervisor.getState');
      }
      await until('the answer', () => isComplete(answer));
      socket.destroy();
      return show(answer);
    });
  });

  test('tails', async (t) => {
    const pair = await startBoth(t, { config: CONFIG, files: { 'cat.log': `${'x'.repeat(2000)}end\n` } });
    await pair.both((daemon) => daemon.reaches('nolog', 'RUNNING'));
    const tail =
      (path: string, act: (daemon: Daemon, tail: Tail) => Promise<void>) =>
      async (daemon: Daemon): Promise<unknown> => {
        const one = new Tail(daemon, `GET ${path} HTTP/1.1\r\nHost: \r\nAccept-Encoding: chunked\r\n\r\n\r\n`);
        await act(daemon, one);
        one.close();
        const { status, headers, body } = show(one.text);
        return { status, headers, body: unchunk(body) };
      };
    const feed = (daemon: Daemon, line: string): Promise<unknown> =>
      daemon.rpc('supervisor.sendProcessStdin', 'cat', line);
    await pair.same(
      'the last 1024 bytes, and what comes',
      tail('/logtail/cat', async (daemon, one) => {
        await one.has('end\n');
        await feed(daemon, 'more\n');
        await one.has('more\n');
      }),
    );
    await pair.same(
      'the same with the channel named',
      tail('/logtail/cat/stdout', (_, one) => one.has('more\n')),
    );
    await pair.same(
      'an empty log: headers at once',
      tail('/logtail/cat/stderr', async (daemon, one) => {
        await one.has('\r\n\r\n');
        appendFileSync(join(daemon.dir, 'cat.err'), 'on stderr\n');
        await one.has('on stderr\n');
      }),
    );
    await pair.same(
      'a log that is cleared',
      tail('/logtail/cat:cat', async (daemon, one) => {
        await one.has('more\n');
        await daemon.rpc('supervisor.clearProcessLogs', 'cat');
        await feed(daemon, 'after clear\n');
        await one.has('after clear\n');
      }),
    );
    await pair.same('the main log', async (daemon) => {
      const one = new Tail(daemon, 'GET /mainlogtail HTTP/1.1\r\nHost: \r\n\r\n');
      const last = readFileSync(join(daemon.dir, 'main.log'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
      await one.has(last);
      one.close();
      const { status, headers, body } = show(one.text);
      return { status, headers, ends: unchunk(body).endsWith(`${last}\n`) };
    });
    await pair.same('a tail ends with the daemon', async (daemon) => {
      const one = new Tail(daemon, 'GET /logtail/cat HTTP/1.1\r\nHost: \r\n\r\n');
      await one.has('after clear\n');
      await daemon.stop();
      await until('its end', () => one.ended);
      return one.ended;
    });
  });

  test('passwords', async (t) => {
    const sha = createHash('sha1').update('päss').digest('hex');
    const config = `[unix_http_server:locked]
file=%(here)s/locked.sock
username=me
password=p:w%%
[unix_http_server:hashed]
file=%(here)s/hashed.sock
username=me
password={SHA}${sha}
`;
    const pair = await startBoth(t, { config });
    const basic = (words: string): string => `Authorization: Basic ${Buffer.from(words).toString('base64')}`;
    for (const [name, socket, ...headers] of [
      ['none', 'locked.sock'],
      ['the right one', 'locked.sock', basic('me:p:w%')],
      ['the scheme in small letters', 'locked.sock', basic('me:p:w%').replace('Basic', 'basic')],
      ['a wrong one', 'locked.sock', basic('me:nope')],
      ['a wrong user', 'locked.sock', basic('you:p:w%')],
      ['two empty ones', 'locked.sock', basic(':')],
      ['another scheme', 'locked.sock', 'Authorization: Bearer x'],
      ['hashed, the right one', 'hashed.sock', basic('me:päss')],
      ['hashed, the hash itself', 'hashed.sock', basic(`me:${sha}`)],
      ['hashed, a wrong one', 'hashed.sock', basic('me:pass')],
      ['open, none', 'control.sock'],
      ['open, any', 'control.sock', basic('who:ever')],
    ] as const) {
      for (const [what, request] of [
        ['a call', post('/RPC2', BODY, ...headers)],
        ['a page', plain('GET /ok.html HTTP/1.1', ...headers)],
        ['a file', plain('GET /stylesheets/nope HTTP/1.1', ...headers)],
        ['a tail', plain('GET /logtail/nope HTTP/1.1', ...headers)],
      ] as const) {
        await pair.same(`${name}: ${what}`, async (daemon) =>
          show(await exchange(daemon, request, isComplete, socket)),
        );
      }
    }
    await pair.same('what the main log says of the servers', (daemon) =>
      daemon
        .log()
        .split('\n')
        .filter((line) => /Server|RPC interface/.test(line)),
    );
  });
});
