/**
 * The keeper's other child: the brain. It is started again whenever it ends without having said so; one that does not
 * come up is given pauses, and in the end up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { encode, LineReader, type ToBrain, type ToKeeper } from '../keeper/protocol.ts';

/** The descriptor of the connection, in the brain. */
export const LINK_FD = 3;
/** A brain that was never ready is started again after this pause, doubled each time … */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** … and given up after so many in a row. */
const TRIES = 10;
/** A brain that served is started again at once, or after a pause when so many ended within BUSY_MS. */
const BUSY_ENDS = 50;
const BUSY_MS = 10_000;
const BUSY_PAUSE_MS = 250;

export interface BrainPorts {
  /** The words of the command that starts a brain. */
  command(): readonly [file: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  hear(message: ToKeeper): void;
  /** A new brain is there: tell it what it must know. */
  connected(): void;
  /** The brain ended, and no other is started: it was meant, it never served at all, or it was tried often enough. */
  gone(how: {
    readonly isMeant: boolean;
    readonly hasServed: boolean;
    readonly status: number;
    readonly why: string;
  }): void;
}

export class BrainProcess {
  readonly #ports: BrainPorts;
  #child: ChildProcess | undefined;
  #link: Socket | undefined;
  #isReady = false;
  #isLeaving = false;
  /** Brains that were ready. */
  #served = 0;
  #lastEnd = '';
  #failures = 0;
  #ends: number[] = [];
  /** Until the next start. */
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: BrainPorts) {
    this.#ports = ports;
  }

  get served(): number {
    return this.#served;
  }

  get lastEnd(): string {
    return this.#lastEnd;
  }

  /** There is a brain, or there will be one. */
  get isComing(): boolean {
    return this.#child !== undefined || this.#timer !== undefined;
  }

  start(): void {
    const [file, ...args] = this.#ports.command();
    const child = spawn(file, args, {
      // A session of its own: a Ctrl-C in the terminal is for the keeper, which passes it on.
      detached: true,
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: this.#ports.env,
    });
    this.#child = child;
    this.#isReady = false;
    this.#isLeaving = false;
    const link = child.stdio[LINK_FD];
    if (child.pid !== undefined && link !== null && link !== undefined) this.#connect(link as Socket);
    const closed = new Promise<void>((resolve) =>
      this.#link === undefined ? resolve() : this.#link.once('close', () => resolve()),
    );
    const ended = (why: string, status: number): void => {
      // What it said last is heard first.
      void closed.then(() => this.#ended(child, why, status));
    };
    child.once('error', (cause) => ended(cause.message, 1));
    child.once('exit', (code, signal) => ended(signal ?? `exit status ${code}`, code ?? 1));
  }

  tell(message: ToBrain): void {
    this.#link?.write(encode(message));
  }

  /** The brain said that it serves. */
  ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#served += 1;
    this.#failures = 0;
  }

  /** The brain said that it is about to end. */
  leaving(): void {
    this.#isLeaving = true;
  }

  /** After giving up: try again. */
  retry(): void {
    this.#failures = 0;
    if (!this.isComing) this.start();
  }

  #connect(link: Socket): void {
    this.#link = link;
    const reader = new LineReader<ToKeeper>((message) => this.#ports.hear(message));
    link.setEncoding('utf8');
    link.on('data', (text: string) => reader.push(text));
    link.on('error', () => link.destroy());
    this.#ports.connected();
  }

  #ended(child: ChildProcess, why: string, status: number): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#link = undefined;
    this.#lastEnd = why;
    const hasServed = this.#served > 0;
    const gone = (isMeant: boolean): void => this.#ports.gone({ isMeant, hasServed, status, why });
    if (this.#isLeaving) return gone(true);
    if (!hasServed) return gone(false);
    if (this.#isReady) return this.#startAgain(this.#pauseAfterEnd());
    this.#failures += 1;
    if (this.#failures >= TRIES) return gone(false);
    this.#startAgain(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)));
  }

  #pauseAfterEnd(): number {
    const now = performance.now();
    this.#ends = [...this.#ends.filter((at) => now - at < BUSY_MS), now];
    return this.#ends.length > BUSY_ENDS ? BUSY_PAUSE_MS : 0;
  }

  #startAgain(pause: number): void {
    if (pause === 0) return this.start();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.start();
    }, pause);
  }
}
