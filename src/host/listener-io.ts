/** The two streams between a listener and its supervisor: standard input and output, as raw bytes. */
import { type EventFrame, FrameReader } from '../crashmail/frame.ts';
import type { Supervisor } from '../crashmail/ports.ts';

type Waiter = ReturnType<typeof Promise.withResolvers<EventFrame | undefined>>;

export class StdioSupervisor implements Supervisor {
  readonly #reader = new FrameReader();
  readonly #frames: EventFrame[] = [];
  #waiter: Waiter | undefined;
  #end: { readonly problem: Error | undefined } | undefined;

  constructor() {
    process.stdin.on('data', (chunk: Buffer) => this.#feed(chunk));
    process.stdin.on('end', () => this.#finish(undefined));
    process.stdin.on('error', () => this.#finish(undefined));
    // The supervisor has gone; the end of the input says the same.
    process.stdout.on('error', () => this.#finish(undefined));
    process.stdin.pause();
  }

  next(): Promise<EventFrame | undefined> {
    const waiter: Waiter = Promise.withResolvers();
    this.#waiter = waiter;
    this.#serve();
    return waiter.promise;
  }

  write(text: string): void {
    process.stdout.write(text);
  }

  #feed(chunk: Uint8Array): void {
    try {
      this.#frames.push(...this.#reader.feed(chunk));
    } catch (cause) {
      this.#finish(cause instanceof Error ? cause : new Error(String(cause)));
    }
    this.#serve();
  }

  #finish(problem: Error | undefined): void {
    this.#end ??= { problem };
    this.#serve();
  }

  /** Gives what there is to whoever waits; nothing more is read while nobody does. */
  #serve(): void {
    const waiter = this.#waiter;
    const frame = waiter === undefined ? undefined : this.#frames.shift();
    const isAnswered = frame !== undefined || this.#end !== undefined;
    if (waiter !== undefined && isAnswered) {
      this.#waiter = undefined;
      if (frame === undefined && this.#end?.problem !== undefined) waiter.reject(this.#end.problem);
      else waiter.resolve(frame);
    }
    if (this.#waiter === undefined) process.stdin.pause();
    else process.stdin.resume();
  }
}
