/**
 * Which process uses which listening socket: a socket is opened for the first process and closed after the last one. Its
 * URL is its identity, so a program that is listed in two groups has one socket. @source spec lifecycle 2.5
 */
import type { FcgiSocket } from '../config/model.ts';
import type { MainLog } from '../supervisor/host.ts';

/** Whoever holds the sockets, which is whoever spawns the programs. */
export interface SocketHolder {
  listen(socket: FcgiSocket): void;
  /** @param path what is left of it when this holder never had it; '' for nothing */
  unlisten(url: string, path: string): void;
  /** Opens and closes a socket. @returns an errno's name, '' when it went well */
  tryListen(socket: FcgiSocket): Promise<string>;
}

const pathOf = (socket: FcgiSocket): string => (socket.kind === 'unix' ? socket.path : '');

export class SharedSockets {
  readonly #holder: SocketHolder;
  readonly #log: MainLog;
  /** Users by URL. */
  readonly #users = new Map<string, Set<string>>();
  /** The files of sockets, by URL. */
  readonly #paths = new Map<string, string>();

  constructor(holder: SocketHolder, log: MainLog) {
    this.#holder = holder;
    this.#log = log;
  }

  /** Opens and closes a socket, to see early that it can be. @returns why it cannot */
  async check(socket: FcgiSocket): Promise<string | undefined> {
    if (this.#users.has(socket.url)) return undefined;
    this.#log.log('info', `Creating socket ${socket.url}`);
    const error = await this.#holder.tryListen(socket);
    if (error !== '') return `Could not create FastCGI socket ${socket.url}: ${error}`;
    this.#log.log('info', `Closing socket ${socket.url}`);
    return undefined;
  }

  /** Opens the socket for one user, who keeps it until `release`. A spawn tells when it could not be opened. */
  acquire(user: string, socket: FcgiSocket): void {
    if (!this.#users.has(socket.url)) {
      this.#log.log('info', `Creating socket ${socket.url}`);
      this.#holder.listen(socket);
    }
    this.know(user, socket);
  }

  /** A user who has had the socket since before this superd. */
  know(user: string, socket: FcgiSocket): void {
    const { url } = socket;
    this.#users.set(url, (this.#users.get(url) ?? new Set()).add(user));
    this.#paths.set(url, pathOf(socket));
  }

  /** A user who has none is no news. */
  release(user: string): void {
    for (const [url, users] of this.#users) {
      if (!users.delete(user) || users.size > 0) continue;
      this.#log.log('info', `Closing socket ${url}`);
      this.#users.delete(url);
      this.#holder.unlisten(url, this.#paths.get(url) ?? '');
    }
  }

  /** The holder may have a socket of which no user is left; or the holder before it had, and its file is left. */
  closeUnused(socket: FcgiSocket): void {
    if (!this.#users.has(socket.url)) this.#holder.unlisten(socket.url, pathOf(socket));
  }

  closeAll(): void {
    for (const users of this.#users.values()) for (const user of users) this.release(user);
  }
}
