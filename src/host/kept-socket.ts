/**
 * A listening unix socket whose file comes back when somebody removes it, as cleaners of /tmp do. The file itself is
 * watched, so that nothing wakes superd while all is well; connections are not touched by any of it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { UnixServer } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { type Millis, millis } from '../units.ts';
import { after } from './clock.ts';
import { errnoOf } from './errno.ts';
import {
  claimName,
  type PlacedSocket,
  placeSocket,
  removeQuietly,
  type ServerProblem,
  temporaryName,
} from './unix-socket.ts';

const BACKLOG = 1024;
/** When the file cannot be made again, because its folder is gone too, it is tried so often. */
const RETRY: Millis = millis(2000);

export interface KeptSocketPorts {
  connected(connection: Socket): void;
  readonly maxConnections: number;
  tell(level: 'warn' | 'critical', text: string): void;
}

interface Listening {
  readonly server: Server;
  readonly placed: PlacedSocket;
}

export class KeptSocket {
  readonly #config: UnixServer;
  readonly #ports: KeptSocketPorts;
  #listening: Listening;
  #watcher: FSWatcher | undefined;
  #isMending = false;
  #isClosed = false;

  /** The name must have been claimed. */
  static async open(config: UnixServer, ports: KeptSocketPorts): Promise<Result<KeptSocket, ServerProblem>> {
    const listening = await listen(config, ports);
    return listening.ok ? ok(new KeptSocket(config, ports, listening.value)) : listening;
  }

  private constructor(config: UnixServer, ports: KeptSocketPorts, listening: Listening) {
    this.#config = config;
    this.#ports = ports;
    this.#listening = listening;
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#listening.placed.remove();
    this.#listening.server.close();
  }

  /** The file of a socket changes when it loses its name, and never otherwise. */
  #watch(): void {
    this.#watcher?.close();
    try {
      this.#watcher = watch(this.#config.file, { persistent: false }, () => this.#look());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No more watches to be had: then the file is as safe as in supervisord.
      this.#watcher = undefined;
    }
    // It may have gone in between.
    this.#look();
  }

  #look(): void {
    if (this.#isClosed || this.#isMending || this.#listening.placed.isInPlace()) return;
    this.#isMending = true;
    this.#ports.tell('warn', `the socket ${this.#config.file} was removed; making it again`);
    // Its failures are answers.
    void this.#mend('');
  }

  async #mend(lastProblem: string): Promise<void> {
    const { file } = this.#config;
    const made = await listenAgain(this.#config, this.#ports);
    if (this.#isClosed) {
      if (made.ok) closeListening(made.value);
      return;
    }
    if (made.ok) {
      this.#listening.server.close();
      this.#listening = made.value;
      this.#isMending = false;
      return this.#watch();
    }
    if (made.error.kind === 'in-use') {
      return this.#ports.tell('critical', `another server listens on ${file} now; nobody reaches this superd there`);
    }
    const { code } = made.error;
    if (code !== lastProblem) this.#ports.tell('critical', `cannot make the socket ${file} again: ${code}`);
    after(RETRY, () => void this.#mend(code));
  }
}

function closeListening({ server, placed }: Listening): void {
  placed.remove();
  server.close();
}

async function listenAgain(config: UnixServer, ports: KeptSocketPorts): Promise<Result<Listening, ServerProblem>> {
  const claimed = await claimName(config.file, () => {});
  return claimed.ok ? listen(config, ports) : claimed;
}

/** Nobody may connect before the file has its rights, and its name leads to a live server or to none. */
async function listen(config: UnixServer, ports: KeptSocketPorts): Promise<Result<Listening, ServerProblem>> {
  const temporary = temporaryName(config.file);
  const server = createServer({ allowHalfOpen: true }, (connection) => ports.connected(connection));
  server.maxConnections = ports.maxConnections;
  // listen() binds before it returns.
  const umask = process.umask(0o177);
  const bound = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(errnoOf(error)));
    server.listen({ path: temporary, backlog: BACKLOG }, () => resolve(''));
  });
  process.umask(umask);
  const code = await bound;
  if (code !== '') return fail(code === 'EADDRINUSE' ? { kind: 'in-use' } : { kind: 'error', code });
  server.on('error', (error) => ports.tell('critical', `${config.file}: ${error.message}`));
  try {
    return ok({ server, placed: placeSocket(temporary, config) });
  } catch (error) {
    server.close();
    removeQuietly(temporary);
    return fail({ kind: 'error', code: errnoOf(error) });
  }
}
