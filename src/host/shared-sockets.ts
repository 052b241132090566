/**
 * Which process uses which listening socket: a socket is opened for the first process and closed after the last one. Its
 * URL is its identity, so a program that is listed in two groups has one socket. @source spec lifecycle 2.5
 */
import type { FcgiSocket } from '../config/model.ts';
import { fail, HostError, ok, type Result } from '../errors.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { HeldSocket } from './fcgi-socket.ts';

/** Opens a listening socket; the error is an errno's name. */
export type OpenSocket = (socket: FcgiSocket) => Result<HeldSocket, string>;

interface Shared {
  readonly url: string;
  readonly held: HeldSocket;
  readonly users: Set<string>;
}

export class SharedSockets {
  readonly #open: OpenSocket;
  readonly #log: MainLog;
  readonly #shared = new Map<string, Shared>();

  constructor(open: OpenSocket, log: MainLog) {
    this.#open = open;
    this.#log = log;
  }

  /** Opens and closes a socket, to see early that it can be. @returns why it cannot */
  check(socket: FcgiSocket): string | undefined {
    const user = 'check';
    const opened = this.acquire(user, socket);
    if (!opened.ok) return opened.error;
    this.release(user);
    return undefined;
  }

  /** Opens the socket for one user, who keeps it until `release`. */
  acquire(user: string, socket: FcgiSocket): Result<void, string> {
    const known = this.#shared.get(socket.url);
    if (known !== undefined) {
      known.users.add(user);
      return ok(undefined);
    }
    this.#log.log('info', `Creating socket ${socket.url}`);
    const held = this.#open(socket);
    if (!held.ok) return fail(`Could not create FastCGI socket ${socket.url}: ${held.error}`);
    this.#shared.set(socket.url, { url: socket.url, held: held.value, users: new Set([user]) });
    return ok(undefined);
  }

  /** Of a socket that somebody has acquired. @throws HostError */
  descriptorOf({ url }: FcgiSocket): number {
    const shared = this.#shared.get(url);
    if (shared === undefined) throw new HostError('use', url, 'EBADF');
    return shared.held.fd;
  }

  /** A user who has none is no news. */
  release(user: string): void {
    for (const { url, held, users } of this.#shared.values()) {
      if (!users.delete(user) || users.size > 0) continue;
      this.#log.log('info', `Closing socket ${url}`);
      this.#shared.delete(url);
      held.close();
    }
  }

  closeAll(): void {
    for (const { users } of this.#shared.values()) for (const user of users) this.release(user);
  }
}
