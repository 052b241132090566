/** A mail server that is not ours: Debian's aiosmtpd in a process that can be killed, stopped and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { environmentOf } from './daemon.ts';

/** Each mail is a file before its answer goes out; so a kill in between is an answer that was lost. */
const SERVER = `
import asyncio, os, sys, time
from aiosmtpd.smtp import SMTP

folder, port = sys.argv[1], int(sys.argv[2])

class Keep:
    async def handle_DATA(self, server, session, envelope):
        name = "%.6f" % time.time()
        with open(os.path.join(folder, ".new"), "wb") as file:
            file.write(envelope.content)
        os.rename(os.path.join(folder, ".new"), os.path.join(folder, name))
        return "250 kept as " + name

async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keep(), hostname="test"), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(serve())
`;

export interface KeptMail {
  /** Seconds since the epoch at which the server had it whole. */
  readonly at: number;
  readonly messageId: string;
  readonly serials: readonly number[];
  readonly text: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

const header = (mail: string, name: string): string =>
  new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(mail)?.[1] ?? '';

export class Aiosmtpd {
  readonly port: number;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  private constructor(dir: string, port: number) {
    this.port = port;
    this.#folder = join(dir, 'mails');
    this.#env = environmentOf(dir);
    mkdirSync(this.#folder);
  }

  /** @param dir a private directory; what carries its tag is killed when the test is over */
  static async in(dir: string): Promise<Aiosmtpd> {
    return new Aiosmtpd(dir, await freePort());
  }

  async start(): Promise<void> {
    const args = ['-c', SERVER, this.#folder, String(this.port)];
    const child = spawn('/usr/bin/python3', args, { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    await once(child.stdout, 'data');
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  /** Connections are refused from now on. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  mails(): readonly KeptMail[] {
    const names = readdirSync(this.#folder).filter((name) => !name.startsWith('.'));
    return names.toSorted().map((name) => {
      const text = readFileSync(join(this.#folder, name), 'utf8');
      const serials = (header(text, 'X-Superd-Event-Serials').match(/\d+/g) ?? []).map(Number);
      return { at: Number(name), messageId: header(text, 'Message-ID'), serials, text };
    });
  }
}

/** The serials of each mail; one that was sent again counts once. */
export const serialsByMail = (mails: readonly KeptMail[]): ReadonlyMap<string, readonly number[]> =>
  new Map(mails.map(({ messageId, serials }) => [messageId, serials]));
