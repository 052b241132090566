/**
 * The person at the keyboard, or the file that stands in: prompts, completion, history, secrets and Ctrl-C. At a
 * terminal each question has its own readline, so that between questions Ctrl-C and typing ahead work as everywhere.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface, type Interface, type ReadLineOptions } from 'node:readline';
import { Writable } from 'node:stream';

/** Lines of history that are kept. */
const MAX_HISTORY = 1000;

/** What may stand for the last word of a line. */
export type Completer = (line: string) => Promise<readonly string[]>;

export interface TerminalOptions {
  readonly historyFile: string | undefined;
  readonly complete: Completer;
}

/** Newest first, as readline wants it; a file that cannot be read is an empty one. */
function readHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '' && !line.startsWith('_HiStOrY'))
      .reverse()
      .slice(0, MAX_HISTORY);
  } catch {
    return [];
  }
}

/** Lines may hold secrets, so the file is private; losing it is no failure. */
function writeHistory(file: string, newestFirst: readonly string[]): void {
  try {
    writeFileSync(
      file,
      newestFirst
        .toReversed()
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    );
    chmodSync(file, 0o600);
  } catch {
    // The next session starts with the history of the last one that could be kept.
  }
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

export class Terminal implements Disposable {
  readonly #options: TerminalOptions;
  #history: string[];
  /** Reads standard input that is no terminal, from the first question to the end. */
  #piped: { readonly reader: Interface; readonly lines: AsyncIterator<string> } | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#history = readHistory(options.historyFile);
  }

  /** Reads a command, with completion and history. @returns undefined at the end of input or after Ctrl-C */
  async askCommand(prompt: string): Promise<string | undefined> {
    if (!process.stdin.isTTY) return this.#nextPiped(prompt);
    return this.#askTty(prompt, this.#commandOptions());
  }

  /** Reads an answer, which is not remembered. @returns as `askCommand` */
  async ask(prompt: string): Promise<string | undefined> {
    if (!process.stdin.isTTY) return this.#nextPiped(prompt);
    return this.#askTty(prompt, { historySize: 0 });
  }

  /** As `ask`; what is typed is not shown. */
  async askSecret(prompt: string): Promise<string | undefined> {
    if (!process.stdin.isTTY) return this.#nextPiped(prompt);
    process.stdout.write(prompt);
    const secret = await this.#askTty('', { historySize: 0, output: nowhere() });
    process.stdout.write('\n');
    return secret;
  }

  async #nextPiped(prompt: string): Promise<string | undefined> {
    process.stdout.write(prompt);
    const next = await this.#openPiped().next();
    return next.done === true ? undefined : next.value;
  }

  #openPiped(): AsyncIterator<string> {
    if (this.#piped === undefined) {
      const reader = createInterface({ input: process.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
      this.#piped = { reader, lines: reader[Symbol.asyncIterator]() };
    }
    return this.#piped.lines;
  }

  #commandOptions(): Partial<ReadLineOptions> {
    return {
      history: this.#history,
      historySize: MAX_HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, found: [string[], string]) => void) => {
        const last = line.split(/\s+/).at(-1) ?? '';
        this.#options.complete(line).then(
          (words) => done(null, [words.length === 1 ? [`${words.join('')} `] : [...words], last]),
          () => done(null, [[], last]),
        );
      },
    };
  }

  #askTty(prompt: string, options: Partial<ReadLineOptions>): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const reader = createInterface({ input: process.stdin, output: process.stdout, terminal: true, ...options });
    if (options.history !== undefined) {
      reader.on('history', (history) => {
        this.#history = history;
      });
    }
    reader.on('SIGINT', () => reader.close());
    reader.on('close', () => resolve(undefined));
    reader.question(prompt, (line) => {
      resolve(line);
      reader.close();
    });
    return promise;
  }

  /** Lines of input until its end or until aborted; at a terminal they are edited by the terminal itself. */
  async *lines(abort: AbortSignal): AsyncGenerator<string> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
    const stop = (): void => resolve(undefined);
    abort.addEventListener('abort', stop, { once: true });
    const source = this.#openPiped();
    try {
      for (;;) {
        const next = abort.aborted ? undefined : await Promise.race([source.next(), aborted]);
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } finally {
      abort.removeEventListener('abort', stop);
      if (process.stdin.isTTY) this.#closePiped();
    }
  }

  /** Runs something during which Ctrl-C is a wish to end it, not superctl. */
  async untilInterrupt<T>(run: (abort: AbortSignal) => Promise<T>): Promise<T> {
    const interrupt = new AbortController();
    const stop = (): void => interrupt.abort();
    process.on('SIGINT', stop);
    try {
      return await run(interrupt.signal);
    } finally {
      process.off('SIGINT', stop);
    }
  }

  #closePiped(): void {
    this.#piped?.reader.close();
    this.#piped = undefined;
  }

  [Symbol.dispose](): void {
    this.#closePiped();
    // A file on standard input keeps nothing waiting, and has no such method.
    if ('unref' in process.stdin) process.stdin.unref();
    if (this.#options.historyFile !== undefined) writeHistory(this.#options.historyFile, this.#history);
  }
}
