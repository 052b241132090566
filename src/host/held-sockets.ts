/** The listening sockets that the keeper holds for fcgi-programs, by their URLs. */
import { lstatSync, readFileSync, unlinkSync } from 'node:fs';
import type { FcgiSocket } from '../config/model.ts';
import { fail, type Result } from '../errors.ts';
import { FcgiSocketHolder, type HeldSocket } from './fcgi-socket.ts';

/** Whether any process has a socket bound to a path, as far as the kernel tells. */
const isBound = (path: string): boolean =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`));

/** Removes the file of a socket that nobody has any more. */
function removeStale(path: string): void {
  try {
    if (lstatSync(path).isSocket() && !isBound(path)) unlinkSync(path);
  } catch {
    // Somebody was quicker.
  }
}

export class HeldSockets {
  readonly #holder = new FcgiSocketHolder();
  /** An attempt that failed is kept too: whoever spawns learns why. */
  readonly #sockets = new Map<string, Result<HeldSocket, string>>();

  listen(socket: FcgiSocket): void {
    if (this.#sockets.get(socket.url)?.ok !== true) this.#sockets.set(socket.url, this.#holder.open(socket));
  }

  unlisten({ url, path }: { readonly url: string; readonly path: string }): void {
    const held = this.#sockets.get(url);
    if (held?.ok === true) held.value.close();
    else if (path !== '') removeStale(path);
    this.#sockets.delete(url);
  }

  /** @returns an errno's name; '' when it could be opened, or is open already */
  tryListen(socket: FcgiSocket): string {
    if (this.#sockets.get(socket.url)?.ok === true) return '';
    const held = this.#holder.open(socket);
    if (!held.ok) return held.error;
    held.value.close();
    return '';
  }

  descriptorOf(url: string): Result<number, string> {
    const held = this.#sockets.get(url);
    if (held === undefined) return fail('EBADF');
    return held.ok ? { ok: true, value: held.value.fd } : held;
  }
}
