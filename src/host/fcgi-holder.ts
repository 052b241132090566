/**
 * A thread that listens but never accepts. Node accepts whatever reaches a listening server, so this thread never comes
 * back to its event loop: it sleeps until it is asked for something, and each turn ends in the next tick, before which
 * nothing is polled. Descriptors belong to the whole process, so the main thread hands them on by number.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { errnoOf } from './errno.ts';
import {
  ANSWERS,
  type HolderAnswer,
  type HolderData,
  type HolderRequest,
  type Listening,
  REQUESTS,
} from './fcgi-protocol.ts';

const isHolderData = (value: unknown): value is HolderData =>
  typeof value === 'object' && value !== null && 'counters' in value && 'port' in value;

const isRequest = (value: unknown): value is HolderRequest =>
  typeof value === 'object' && value !== null && 'kind' in value && 'id' in value;

const SOCKET = /^socket:\[(\d+)\]$/;

/** This process's sockets: inode to descriptor. */
function ownSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      const inode = SOCKET.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1];
      if (inode !== undefined) sockets.set(inode, Number(name));
    } catch {
      // It was the descriptor of the listing itself, or another thread's that is gone already.
    }
  }
  return sockets;
}

/** One kernel table of sockets: which column marks a listening one, and where its inode stands. */
const TABLES = {
  unix: { files: ['/proc/net/unix'], column: 3, mark: '00010000', inode: 6 },
  tcp: { files: ['/proc/net/tcp', '/proc/net/tcp6'], column: 3, mark: '0A', inode: 9 },
} as const;

function* listeningInodes(kind: keyof typeof TABLES): Generator<string> {
  const { files, column, mark, inode } = TABLES[kind];
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'latin1');
    } catch {
      continue;
    }
    for (const line of text.split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[column] === mark) yield fields[inode] ?? '';
    }
  }
}

/** The descriptor of the listening socket that was not there before. */
function newListener(before: ReadonlyMap<string, number>, kind: keyof typeof TABLES): number | undefined {
  const now = ownSockets();
  for (const inode of listeningInodes(kind)) {
    const fd = before.has(inode) ? undefined : now.get(inode);
    if (fd !== undefined) return fd;
  }
  return undefined;
}

function serve({ counters, port }: HolderData): void {
  const servers = new Map<number, Server>();
  let served = 0;
  const answer = (message: HolderAnswer): void => {
    port.postMessage(message);
    Atomics.add(counters, ANSWERS, 1);
    Atomics.notify(counters, ANSWERS);
    process.nextTick(next);
  };
  const listen = (id: number, where: Listening): void => {
    const before = ownSockets();
    const server = createServer();
    server.once('error', (error) => answer({ kind: 'failed', error: errnoOf(error) }));
    server.listen(where, () => {
      server.removeAllListeners('error');
      const fd = newListener(before, where.path === undefined ? 'tcp' : 'unix');
      if (fd === undefined) {
        server.close();
        return answer({ kind: 'failed', error: 'ENOTSOCK' });
      }
      servers.set(id, server);
      answer({ kind: 'listening', fd });
    });
  };
  const next = (): void => {
    while (Atomics.load(counters, REQUESTS) === served) Atomics.wait(counters, REQUESTS, served);
    served += 1;
    const request: unknown = receiveMessageOnPort(port)?.message;
    if (!isRequest(request)) return answer({ kind: 'failed', error: 'EPROTO' });
    if (request.kind === 'listen') return listen(request.id, request.where);
    servers.get(request.id)?.close();
    servers.delete(request.id);
    answer({ kind: 'closed' });
  };
  next();
}

if (isHolderData(workerData)) serve(workerData);
