/**
 * Listening sockets that superd opens and programs accept from. superd itself must not accept: a connection that it took
 * would be lost. The thread in `fcgi-holder.ts` holds them; the first starts it, for 12 MB once.
 * This file knows nothing of groups, so the sockets can be held by whoever spawns the programs.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type * as Threads from 'node:worker_threads';
import type { FcgiSocket } from '../config/model.ts';
import { fail, HostError, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';
import { ANSWERS, type HolderAnswer, type HolderData, type HolderRequest, REQUESTS } from './fcgi-protocol.ts';

/** What supervisord asks for; the system caps it at net.core.somaxconn. */
const SOMAXCONN = 4096;
/** The holder answers in milliseconds; starting it takes about a hundred. */
const HOLDER_TIMEOUT_MS = 10_000;
const RESOLVER_TIMEOUT_MS = 5_000;
/** Nobody but the owner may connect before the socket has its rights. */
const CLOSED_UMASK = 0o177;

/** A listening socket. */
export interface HeldSocket {
  /** For the standard input of children; it stays open. */
  readonly fd: number;
  /** Stops listening, and removes the file of a unix socket. */
  close(): void;
}

/** Loaded when the first socket is opened: most daemons never open one. */
const threads = (): typeof Threads => process.getBuiltinModule('node:worker_threads');

const isAnswer = (value: unknown): value is HolderAnswer =>
  typeof value === 'object' && value !== null && 'kind' in value;

/** The IPv4 address of a name. */
function addressOf(host: string): string {
  if (host === '*') return '0.0.0.0';
  if (isIP(host) !== 0) return host;
  try {
    const found = execFileSync('getent', ['ahostsv4', host], {
      encoding: 'utf8',
      timeout: RESOLVER_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return found.split(/\s/, 1)[0] ?? '';
  } catch (cause) {
    throw new HostError('resolve', host, 'EAI_NONAME', cause);
  }
}

/** spec lifecycle 2.5: whatever is at the path gives way. */
function clearPath(path: string): void {
  // Node would call a missing directory EACCES.
  statSync(dirname(path));
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

class Holder {
  readonly #counters = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #port: Threads.MessagePort;
  readonly #worker: Threads.Worker;

  constructor() {
    const { MessageChannel, Worker } = threads();
    const { port1, port2 } = new MessageChannel();
    const file = import.meta.filename.endsWith('.cjs') ? 'fcgi-holder.cjs' : 'fcgi-holder.ts';
    this.#port = port1;
    this.#worker = new Worker(join(import.meta.dirname, file), {
      workerData: { counters: this.#counters, port: port2 } satisfies HolderData,
      transferList: [port2],
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 1 },
    });
    // Without an answer every request fails; there is nothing else to do about it.
    this.#worker.on('error', () => {});
    this.#worker.unref();
  }

  ask(request: HolderRequest): HolderAnswer {
    const { receiveMessageOnPort } = threads();
    // An answer that came too late for an earlier request.
    while (receiveMessageOnPort(this.#port) !== undefined);
    const answered = Atomics.load(this.#counters, ANSWERS);
    this.#port.postMessage(request);
    Atomics.add(this.#counters, REQUESTS, 1);
    Atomics.notify(this.#counters, REQUESTS);
    Atomics.wait(this.#counters, ANSWERS, answered, HOLDER_TIMEOUT_MS);
    const answer: unknown = receiveMessageOnPort(this.#port)?.message;
    return isAnswer(answer) ? answer : { kind: 'failed', error: 'ETIMEDOUT' };
  }

  async stop(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }
}

export class FcgiSocketHolder implements AsyncDisposable {
  #holder: Holder | undefined;
  #lastId = 0;

  /** Binds and listens. The error is an errno's name. */
  open(socket: FcgiSocket): Result<HeldSocket, string> {
    try {
      return ok(socket.kind === 'unix' ? this.#openUnix(socket) : this.#openTcp(socket));
    } catch (cause) {
      return fail(errnoOf(cause));
    }
  }

  /** Ends the thread, and with it whatever it still holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder?.stop();
    this.#holder = undefined;
  }

  #openTcp({ host, port, backlog = SOMAXCONN }: Extract<FcgiSocket, { readonly kind: 'tcp' }>): HeldSocket {
    return this.#listen({ kind: 'listen', id: this.#nextId(), where: { host: addressOf(host), port, backlog } });
  }

  #openUnix({ path, owner, mode, backlog = SOMAXCONN }: Extract<FcgiSocket, { readonly kind: 'unix' }>): HeldSocket {
    clearPath(path);
    const held = this.#withUmask(() => this.#listen({ kind: 'listen', id: this.#nextId(), where: { path, backlog } }));
    try {
      if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
      chmodSync(path, mode);
      return held;
    } catch (cause) {
      held.close();
      throw cause;
    }
  }

  /** The umask is the whole process's, and this thread waits while the other binds. */
  #withUmask<T>(act: () => T): T {
    const before = process.umask(CLOSED_UMASK);
    try {
      return act();
    } finally {
      process.umask(before);
    }
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #listen(request: Extract<HolderRequest, { readonly kind: 'listen' }>): HeldSocket {
    this.#holder ??= new Holder();
    const holder = this.#holder;
    const answer = holder.ask(request);
    switch (answer.kind) {
      case 'failed':
        throw new HostError(
          'listen on',
          request.where.path ?? `${request.where.host}:${request.where.port}`,
          answer.error,
        );
      case 'closed':
        throw new HostError('listen on', request.where.path ?? '', 'EPROTO');
      case 'listening':
        return { fd: answer.fd, close: () => void holder.ask({ kind: 'close', id: request.id }) };
    }
  }
}
