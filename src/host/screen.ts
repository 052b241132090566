/** A whole terminal for a live view: the alternate screen, keys one by one. The terminal is as before when it ends. */
import { once } from 'node:events';
import type { Screen } from '../cli/command.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** What a terminal that does not say how large it is counts as. */
const USUAL = { columns: 80, rows: 24 } as const;

const SIGTERM = 15;

class TerminalScreen implements Screen {
  readonly #leave = (): void => {
    process.stdout.write(LEAVE);
    process.stdin.setRawMode(false);
  };

  /** Asked to end, it still gives the terminal back. */
  readonly #end = (): void => process.exit(128 + SIGTERM);

  constructor() {
    process.stdin.setRawMode(true);
    process.stdin.setEncoding('utf8');
    process.stdout.write(ENTER);
    process.once('exit', this.#leave);
    process.once('SIGTERM', this.#end);
  }

  get columns(): number {
    return process.stdout.columns || USUAL.columns;
  }

  get rows(): number {
    return process.stdout.rows || USUAL.rows;
  }

  show(lines: readonly string[]): void {
    process.stdout.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  }

  /** A key; undefined after a while, or when the terminal has another size. A terminal that is gone quits. */
  async key(timeout: number): Promise<string | undefined> {
    const done = new AbortController();
    const timer = setTimeout(() => done.abort(), timeout);
    const resized = (): void => done.abort();
    process.stdout.once('resize', resized);
    process.stdin.resume();
    try {
      const ended = once(process.stdin, 'end', { signal: done.signal }).then(() => 'q');
      const typed = once(process.stdin, 'data', { signal: done.signal }).then(([data]) => String(data));
      return await Promise.race([typed, ended]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      done.abort();
      process.stdout.off('resize', resized);
      process.stdin.pause();
    }
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#leave);
    process.off('SIGTERM', this.#end);
    this.#leave();
  }
}

/** undefined where there is no terminal to take over. */
export const openScreen = (): Screen | undefined =>
  process.stdin.isTTY && process.stdout.isTTY ? new TerminalScreen() : undefined;
