/** The brain's connection to its keeper: the descriptor on which it was started. When it closes, the keeper is gone. */
import { Socket } from 'node:net';
import type { FcgiSocket } from '../config/model.ts';
import { encode, LineReader, PROTOCOL_VERSION, type ToBrain, type ToKeeper } from '../keeper/protocol.ts';
import { LINK_FD } from './brain-process.ts';

export type Hello = Extract<ToBrain, { readonly op: 'hello' }>;
type Become = Extract<ToKeeper, { readonly op: 'become' }>;
type Became = Extract<ToBrain, { readonly op: 'became' }>;

export class KeeperLink {
  readonly #socket: Socket;
  readonly #hello = Promise.withResolvers<Hello>();
  readonly #tries = new Map<string, (error: string) => void>();
  #became: ((answer: Became) => void) | undefined;
  #hear: ((message: ToBrain) => void) | undefined;
  /** What came before anybody listened. */
  #early: ToBrain[] = [];

  /** @param lost is called once, when the keeper is gone */
  constructor(lost: () => void) {
    this.#socket = new Socket({ fd: LINK_FD, readable: true, writable: true });
    const reader = new LineReader<ToBrain>((message) => this.#take(message));
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => reader.push(text));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', lost);
  }

  /** What the keeper knows. @throws when it is a keeper of another make, which outlived an upgrade */
  async hello(): Promise<Hello> {
    const hello = await this.#hello.promise;
    if (hello.version === PROTOCOL_VERSION) return hello;
    throw new Error(
      `cannot talk to the keeper: it speaks version ${hello.version}, and this superd ${PROTOCOL_VERSION}`,
    );
  }

  send(message: ToKeeper): void {
    this.#socket.write(encode(message));
  }

  /** Everything after the hello, in order, from now on. */
  listen(hear: (message: ToBrain) => void): void {
    this.#hear = hear;
    for (const message of this.#early.splice(0)) hear(message);
  }

  tryListen(socket: FcgiSocket): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#tries.set(socket.url, resolve);
    this.send({ op: 'try-listen', socket });
    return promise;
  }

  /** What comes now waits for the next listener. */
  pause(): void {
    this.#hear = undefined;
  }

  become(wanted: Omit<Become, 'op'>): Promise<Became> {
    const { promise, resolve } = Promise.withResolvers<Became>();
    this.#became = resolve;
    this.send({ op: 'become', ...wanted });
    return promise;
  }

  /** Everything said is on its way. */
  flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write('\n', () => resolve());
    return promise;
  }

  #take(message: ToBrain): void {
    if (message.op === 'hello') this.#hello.resolve(message);
    else if (message.op === 'became') this.#became?.(message);
    else if (message.op === 'tried') this.#tries.get(message.url)?.(message.error);
    else if (this.#hear === undefined) this.#early.push(message);
    else this.#hear(message);
  }
}
