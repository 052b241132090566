/**
 * The other process that makes the mails and carries them, as channels: started when there is something to send, told to
 * go when there was nothing for a while. It is no more trusted than a mail server: when it dies, the letter is tried again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  COURIER_VERSION,
  type CourierOrders,
  channelNames,
  type FromCourier,
  type ToCourier,
} from '../crashmail/courier.ts';
import type { Channel, Delivery, Parcel } from '../crashmail/ports.ts';
import { LineReader } from '../keeper/protocol.ts';

/** A courier without work is kept for so long. */
const IDLE_MS = 5000;
/** Longer than any channel takes by its own limits; then it is stuck. */
const STUCK_MS = 150_000;

const FILE = import.meta.filename.endsWith('.cjs') ? 'courier.cjs' : '../courier.ts';

interface Task {
  readonly answer: (delivery: Delivery | 'nobody') => void;
  readonly timer: NodeJS.Timeout;
}

/** One courier, from its start to its end. */
class Run {
  readonly #child: ChildProcess;
  readonly #tasks = new Map<number, Task>();
  readonly gone: Promise<void>;
  #isReady = false;
  #idle: NodeJS.Timeout | undefined;
  isOver = false;

  /** @throws when the system has no process or no file for it */
  constructor(orders: CourierOrders) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    const child = spawn(process.execPath, [join(import.meta.dirname, FILE)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    const reader = new LineReader<FromCourier>((message) => this.#hear(message));
    // It is never told more once it is gone; that it is gone is said below.
    child.stdin?.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => reader.push(text));
    child.once('error', () => this.#end('cannot be started', resolve));
    // With its last words, unlike 'exit'.
    child.once('close', (code, signal) => this.#end(signal ?? `exit status ${code}`, resolve));
    this.#tell({ op: 'hello', version: COURIER_VERSION, orders });
    this.rest();
  }

  /** @returns 'nobody' when it never came to be: then the letter was not touched */
  deliver(task: number, channel: string, { letter, owed }: Parcel): Promise<Delivery | 'nobody'> {
    const { promise, resolve } = Promise.withResolvers<Delivery | 'nobody'>();
    clearTimeout(this.#idle);
    this.#tasks.set(task, { answer: resolve, timer: setTimeout(() => this.#child.kill('SIGKILL'), STUCK_MS) });
    this.#tell({ op: 'deliver', task, channel, letter, ...(owed === undefined ? {} : { owed }) });
    return promise;
  }

  abort(task: number): void {
    if (this.#tasks.has(task)) this.#tell({ op: 'abort', task });
  }

  /** It goes when there is nothing to do for a while. */
  rest(): void {
    clearTimeout(this.#idle);
    if (this.#tasks.size === 0 && !this.isOver) this.#idle = setTimeout(() => this.close(), IDLE_MS);
  }

  /** It ends what it does, and goes. */
  close(): void {
    this.isOver = true;
    clearTimeout(this.#idle);
    this.#child.stdin?.end();
  }

  #tell(message: ToCourier): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #hear(message: FromCourier): void {
    if (message.op === 'ready') this.#isReady = true;
    else this.#finish(message.task, message.delivery);
  }

  #finish(task: number, delivery: Delivery | 'nobody'): void {
    const found = this.#tasks.get(task);
    this.#tasks.delete(task);
    clearTimeout(found?.timer);
    found?.answer(delivery);
    this.rest();
  }

  #end(how: string, done: () => void): void {
    this.isOver = true;
    clearTimeout(this.#idle);
    const reason = `the process that sends the mails ended (${how})`;
    const lost: Delivery | 'nobody' = this.#isReady ? { kind: 'later', scope: 'report', reason } : 'nobody';
    for (const task of this.#tasks.keys()) this.#finish(task, lost);
    done();
  }
}

export class Courier {
  readonly #orders: CourierOrders;
  readonly #say: (line: string) => void;
  readonly #rested: () => void;
  readonly #runs = new Set<Run>();
  #run: Run | undefined;
  #tasks = 0;

  /** @param rested nothing was sent for a while */
  constructor(orders: CourierOrders, say: (line: string) => void, rested: () => void = () => {}) {
    this.#orders = orders;
    this.#say = say;
    this.#rested = rested;
  }

  channels(): readonly Channel[] {
    return channelNames(this.#orders).map((name) => ({
      name,
      deliver: (parcel, abort) => this.#deliver(name, parcel, abort),
    }));
  }

  /** There may soon be something to send: it takes a tenth of a second to be ready. */
  warm(): void {
    if (this.#run === undefined || this.#run.isOver) this.#run = this.#start();
    else this.#run.rest();
  }

  /** Ends what is under way, and resolves when no courier is left. */
  async close(): Promise<void> {
    for (const run of this.#runs) run.close();
    await Promise.all([...this.#runs].map(({ gone }) => gone));
  }

  #start(): Run | undefined {
    try {
      const run = new Run(this.#orders);
      this.#runs.add(run);
      void run.gone.then(() => {
        this.#runs.delete(run);
        if (this.#runs.size === 0) this.#rested();
      });
      return run;
    } catch {
      return undefined;
    }
  }

  async #deliver(name: string, parcel: Parcel, abort: AbortSignal): Promise<Delivery> {
    this.warm();
    this.#tasks += 1;
    const task = this.#tasks;
    const run = this.#run;
    const stop = (): void => run?.abort(task);
    abort.addEventListener('abort', stop, { once: true });
    const delivered = run?.deliver(task, name, parcel);
    if (abort.aborted) stop();
    const delivery = (await delivered) ?? 'nobody';
    abort.removeEventListener('abort', stop);
    return delivery === 'nobody' ? this.#deliverHere(name, parcel, abort) : delivery;
  }

  /** No such process can be had, or its file is gone or new: the mail is worth more than the memory. */
  async #deliverHere(name: string, parcel: Parcel, abort: AbortSignal): Promise<Delivery> {
    this.#say('no courier can be started, so crashmail itself makes and sends this mail');
    const { channelsOf } = await import('./channels.ts');
    const channel = channelsOf(this.#orders, this.#say).find((one) => one.name === name);
    if (channel === undefined) return { kind: 'later', scope: 'channel', reason: `there is no channel ${name}` };
    return channel.deliver(parcel, abort);
  }
}
