/**
 * Writes to a program's standard input without ever blocking: what does not fit into the pipe waits here, within a limit.
 * The program's own end is open for reading and writing, so it never sees an end of file.
 */
import { statSync } from 'node:fs';
import { Socket } from 'node:net';
import { fail, ok, type Result } from '../errors.ts';
import type { Pid } from '../units.ts';
import { errnoOf } from './errno.ts';
import type { PipeFolder } from './pipe-folder.ts';

/** More than this waiting for a program that does not read is refused. */
const STDIN_BACKLOG = 16 * 2 ** 20;

export class StdinWriter {
  readonly #pipes: PipeFolder;
  readonly #name: string;
  #socket: Socket | undefined;

  constructor(pipes: PipeFolder, name: string) {
    this.#pipes = pipes;
    this.#name = name;
  }

  /** @returns 'closed' when the program has closed its standard input, 'full' when too much waits already */
  write(pid: Pid | 0, data: Uint8Array): Result<void, 'closed' | 'full'> {
    if (pid === 0 || !this.#isOpenIn(pid)) return fail('closed');
    try {
      this.#socket ??= this.#connect();
    } catch (cause) {
      // ENXIO: nobody has the other end.
      return errnoOf(cause) === 'EMFILE' ? fail('full') : fail('closed');
    }
    if (this.#socket.writableLength + data.length > STDIN_BACKLOG) return fail('full');
    this.#socket.write(data);
    return ok(undefined);
  }

  /** Before a new program: what the one before did not read is not for this one. */
  renew(): void {
    this.close();
    this.#pipes.empty(this.#name);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    const socket = new Socket({ fd: this.#pipes.openForWriting(this.#name), readable: false, writable: true });
    socket.on('error', () => {
      socket.destroy();
      if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }

  /** Its descriptor 0 is still the pipe; if that cannot be seen, it is taken to be. */
  #isOpenIn(pid: Pid): boolean {
    try {
      const theirs = statSync(`/proc/${pid}/fd/0`);
      const ours = statSync(this.#pipes.pathOf(this.#name));
      return theirs.ino === ours.ino && theirs.dev === ours.dev;
    } catch (cause) {
      return errnoOf(cause) !== 'ENOENT';
    }
  }
}
