/**
 * Thousands of requests that nobody should send, over both kinds of sockets: whatever is answered is well-formed, and
 * nothing else notices: not the programs, not the honest client beside them, not the memory, not the descriptors.
 * HOSTILE_REQUESTS=100000 sends more, HOSTILE_SEED=7 others.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { isList, isStruct } from '../../src/rpc/xml.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type HostileRequest, hostileRequest, randomFrom, type Signature } from '../support/hostile.ts';
import { isComplete, readAnswers } from '../support/http-answers.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const REQUESTS = Number(process.env['HOSTILE_REQUESTS'] ?? 10_000);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 3);
const CLIENTS = 24;
/** Connections that say a byte now and then, all the time. */
const SLOW_CLIENTS = 50;
/** No answer takes so long, on the busiest machine. */
const PATIENCE_MS = 30_000;
/** What the heap of Node may swing by. Measured growth from 10,000 to 100,000 requests: none. */
const MEMORY_BYTES = 96 * 1024 * 1024;

/** What is read from files is not there before an impatient client has closed its end. */
const TAKES_TIME = /superd\.(get(Mails|Report|Usage|UsageHistory)|history)/;

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** Sends one request, and hears what comes until the server closes or the answer is complete. */
function send(address: Address, { bytes, manner }: HostileRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = [];
    const mayBeHead = bytes.includes('HEAD ');
    const socket = connect(address);
    const timer = setTimeout(() => {
      reject(
        new Error(
          `no answer to ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}; heard ${Buffer.concat(heard).length}`,
        ),
      );
      socket.destroy();
    }, PATIENCE_MS);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(heard));
    };
    socket.on('error', () => undefined);
    socket.on('close', done);
    socket.on('data', (piece) => {
      heard.push(piece);
      if (manner === 'leaves' || (manner === 'listens' && isComplete(Buffer.concat(heard), mayBeHead))) done();
    });
    if (manner === 'half-closes') socket.end(bytes);
    else socket.write(bytes, () => manner === 'leaves' && setTimeout(done, 2));
    // Whoever sends half a request and waits would wait for ever, as would the server.
    if (manner === 'listens') setTimeout(() => socket.end(), 50).unref();
  });
}

async function signaturesOf(daemon: Daemon): Promise<readonly [Signature, ...Signature[]]> {
  const names = await daemon.rpc('system.listMethods');
  if (!isList(names)) throw new Error('listMethods');
  const [first, ...rest] = await Promise.all(
    names.map(async (name): Promise<Signature> => {
      const [, ...params] = [await daemon.rpc('system.methodSignature', name)].flatMap((s) => (isList(s) ? s : []));
      return { name: typeof name === 'string' ? name : '', params: params.map(String) };
    }),
  );
  if (first === undefined) throw new Error('no methods');
  return [first, ...rest];
}

function brainOf(daemon: Daemon): number {
  const brain = daemon.processes().find(({ command }) => / brain\b/.test(command));
  if (brain === undefined) throw new Error('no brain');
  return brain.pid;
}

const residentBytes = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

async function programs(daemon: Daemon): Promise<readonly unknown[]> {
  const all = await daemon.rpc('supervisor.getAllProcessInfo');
  return isList(all)
    ? all.map((info) => isStruct(info) && [info['name'], info['statename'], info['pid'], info['start']])
    : [];
}

/** Clients that open a connection and say next to nothing, until they are told to leave. */
function dawdle(address: Address): Disposable {
  const sockets: Socket[] = Array.from({ length: SLOW_CLIENTS }, () => connect(address).on('error', () => undefined));
  const words = 'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n<?xml';
  let at = 0;
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write(words[at % words.length] ?? '');
    at += 1;
  }, 100);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('hostile clients harm nobody', async (t) => {
  const port = await freePort();
  const daemon = await startDaemon(t, {
    config: `[inet_http_server]\nport=127.0.0.1:${port}\n[program:cat]\ncommand=sh -c 'echo hello; exec cat'\n[program:sleep]\ncommand=sleep 1000\n[program:off]\ncommand=sleep 1000\nautostart=false\n`,
  });
  await daemon.reaches('cat', 'RUNNING');
  await daemon.reaches('sleep', 'RUNNING');
  const brain = brainOf(daemon);
  const addresses: readonly [Address, Address] = [{ path: daemon.socket }, { host: '127.0.0.1', port }];
  const signatures = await signaturesOf(daemon);
  const random = randomFrom(SEED);
  const attack = async (count: number): Promise<void> => {
    let left = count;
    const client = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1;
        const request = hostileRequest(random, signatures);
        // oxlint-disable-next-line no-await-in-loop -- a client waits for its answer
        const heard = await send(random.pick(addresses), request);
        if (request.manner === 'leaves') continue;
        const answers = readAnswers(heard, request.bytes.includes('HEAD '));
        const said = request.bytes.toString('latin1');
        assert.ok(
          answers.length > 0 || said.trim() === '' || TAKES_TIME.test(said),
          `no answer to ${JSON.stringify(said.slice(0, 300))}`,
        );
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };
  const before = await programs(daemon);
  const opened = descriptors(brain);
  await attack(2000);
  const resident = residentBytes(brain);
  using slow = dawdle(addresses[1]);
  let slowest = 0;
  let isOver = false;
  const honest = (async () => {
    while (!isOver) {
      const asked = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one question after the other
      await daemon.rpc('supervisor.getState');
      slowest = Math.max(slowest, performance.now() - asked);
    }
  })();
  await attack(REQUESTS);
  isOver = true;
  await honest;
  slow[Symbol.dispose]();
  t.diagnostic(
    `slowest honest answer ${Math.round(slowest)} ms, memory ${resident >> 20} -> ${residentBytes(brain) >> 20} MiB`,
  );
  assert.doesNotMatch(daemon.log(), / CRIT bug/, 'nothing is reported as a bug');
  assert.equal(brainOf(daemon), brain, 'the brain is the same');
  assert.deepEqual(await programs(daemon), before, `no program noticed\n${daemon.log().slice(-4000)}`);
  assert.ok(residentBytes(brain) - resident < MEMORY_BYTES, `memory is flat: ${resident} -> ${residentBytes(brain)}`);
  assert.ok(slowest < 5000, `the API is prompt: ${slowest} ms`);
  await until(
    () => `descriptors: ${opened} -> ${descriptors(brain)}`,
    () => descriptors(brain) <= opened + 2,
  );
});
