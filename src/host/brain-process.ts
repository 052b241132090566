/**
 * The keeper's other child: the brain. It is started again whenever it ends without having said so; one that does not
 * come up is given pauses, and in the end up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { encode, LineReader, type ToBrain, type ToKeeper } from '../keeper/protocol.ts';
import { errnoOf } from './errno.ts';
import { monotonic } from './monotonic.ts';

/** The descriptor of the connection, in the brain. */
export const LINK_FD = 3;
/** A brain that was never ready is started again after this pause, doubled each time … */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** … and given up after so many in a row. Each takes no longer than this to be ready, or is killed. */
const READY_TIMEOUT_MS = 30_000;
const TRIES = 10;
/** A brain that served is started again at once, or after a pause when so many ended within BUSY_MS. */
const BUSY_ENDS = 50;
const BUSY_MS = 10_000;
const BUSY_PAUSE_MS = 250;

export interface BrainPorts {
  /** The words of the command that starts a brain with this code. */
  command(main: string): readonly [file: string, ...args: string[]];
  /** The code on disk. */
  readonly main: string;
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
  /** It was killed because it was not ready in time. */
  #isLate = false;
  #isLeaving = false;
  /** Brains that were ready. */
  #served = 0;
  #lastEnd = '';
  #failures = 0;
  /** Code that has served, in case that on disk does not. */
  #copy = '';
  /** What the brain that runs was started with. */
  #code: string;
  #isUpgrade = false;
  #readyTimer: NodeJS.Timeout | undefined;
  #ends: number[] = [];
  /** Until the next start. */
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: BrainPorts) {
    this.#ports = ports;
    this.#code = ports.main;
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

  /** Starts the code on disk in the place of the brain that has just left; if it does not serve, the old one again. */
  upgrade(): void {
    this.#isUpgrade = true;
    this.#code = this.#ports.main;
    this.start();
  }

  start(): void {
    this.#isReady = false;
    this.#isLeaving = false;
    const child = this.#spawn();
    this.#child = child;
    if (child === undefined) return;
    this.#isLate = false;
    if (this.#served > 0) this.#readyTimer = setTimeout(() => this.#giveUpOn(child), READY_TIMEOUT_MS);
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

  /** @returns undefined when it failed at once; then it is tried again like a brain that was never ready */
  #spawn(): ChildProcess | undefined {
    const [file, ...args] = this.#ports.command(this.#code);
    try {
      return spawn(file, args, {
        // A session of its own: a Ctrl-C in the terminal is for the keeper, which passes it on.
        detached: true,
        stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
        env: this.#ports.env,
      });
    } catch (cause) {
      // Most errors come as an event; ENOMEM and a few others do not.
      this.#goOn(errnoOf(cause), 1);
      return undefined;
    }
  }

  #giveUpOn(child: ChildProcess): void {
    this.#isLate = true;
    child.kill('SIGKILL');
  }

  tell(message: ToBrain): void {
    this.#link?.write(encode(message));
  }

  /** What is told meanwhile is sent at once, at the end. */
  together(work: () => void): void {
    const link = this.#link;
    link?.cork();
    try {
      work();
    } finally {
      link?.uncork();
    }
  }

  /** The brain said that it serves. */
  ready(copy: string): void {
    if (this.#isReady) return;
    clearTimeout(this.#readyTimer);
    this.#isReady = true;
    this.#isUpgrade = false;
    this.#served += 1;
    this.#failures = 0;
    this.#copy = copy;
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
    clearTimeout(this.#readyTimer);
    this.#goOn(why, status);
  }

  #goOn(why: string, status: number): void {
    this.#lastEnd = why;
    const hasServed = this.#served > 0;
    const gone = (isMeant: boolean): void => this.#ports.gone({ isMeant, hasServed, status, why });
    if (this.#isLeaving) return gone(true);
    if (!hasServed) return gone(false);
    if (this.#isReady) return this.#startAgain(this.#pauseAfterEnd());
    this.#failures += 1;
    if (this.#isUpgrade) {
      const end = this.#isLate ? `was not ready within ${READY_TIMEOUT_MS / 1000} s` : `ended (${why})`;
      this.#lastEnd = `the upgrade failed, the new brain ${end}`;
    }
    this.#goBack();
    if (this.#failures >= TRIES) return gone(false);
    this.#startAgain(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)));
  }

  /** The code on disk did not serve: the code that did is tried, and the other way round. */
  #goBack(): void {
    this.#isUpgrade = false;
    if (this.#copy === '') return;
    this.#code = this.#code === this.#copy ? this.#ports.main : this.#copy;
  }

  #pauseAfterEnd(): number {
    const now = monotonic();
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
