/** The lines of a log as elements, made once and kept out of the view's own rendering: a busy log has thousands. */
import { AnsiLines } from './ansi.ts';

/** The oldest lines go first. */
const MAX_LINES = 3000;
/** A line without an end is cut. */
const MAX_LINE = 16 * 1024;

export class LogLines {
  readonly #box: HTMLElement;
  #ansi = new AnsiLines();
  #rest = '';
  /** The last element, while its line goes on. */
  #open: HTMLElement | undefined;
  #needle = '';

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  get count(): number {
    return this.#box.childElementCount;
  }

  clear(): void {
    this.#box.replaceChildren();
    this.#rest = '';
    this.#open = undefined;
    this.#ansi = new AnsiLines();
  }

  /** Takes the next piece of the log, wherever it is cut. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    this.#open?.remove();
    this.#open = undefined;
    const kept = lines.slice(-MAX_LINES);
    this.#box.append(...kept.map((line) => this.#element(line, this.#ansi)));
    // Shown at once, but taken anew when more of it comes.
    if (this.#rest !== '') {
      this.#open = this.#element(this.#rest, new AnsiLines());
      this.#box.append(this.#open);
    }
    while (this.#box.childElementCount > MAX_LINES) this.#box.firstElementChild?.remove();
  }

  /** Marks the lines that have a text. @returns how many there are */
  find(needle: string): number {
    this.#needle = needle.toLowerCase();
    let found = 0;
    for (const line of this.#box.children) {
      if (line instanceof HTMLElement && this.#mark(line)) found += 1;
    }
    return found;
  }

  /** The marked line before or after another, around the end. */
  next(from: Element | undefined, direction: 1 | -1): HTMLElement | undefined {
    const found = [...this.#box.querySelectorAll<HTMLElement>('.hit')];
    const at = found.findIndex((line) => line === from);
    if (at < 0) return direction < 0 ? found.at(-1) : found[0];
    return found[(at + direction + found.length) % found.length];
  }

  #mark(line: HTMLElement): boolean {
    const isHit = this.#needle !== '' && (line.textContent ?? '').toLowerCase().includes(this.#needle);
    line.classList.toggle('hit', isHit);
    return isHit;
  }

  #element(text: string, ansi: AnsiLines): HTMLElement {
    const line = document.createElement('div');
    for (const { text: piece, classes, colour, ground } of ansi.take(text.slice(0, MAX_LINE))) {
      const isPlain = classes === '' && colour === '' && ground === '';
      const span = isPlain ? document.createTextNode(piece) : document.createElement('span');
      if (span instanceof HTMLElement) {
        span.textContent = piece;
        span.className = classes;
        span.style.color = colour;
        span.style.backgroundColor = ground;
      }
      line.append(span);
    }
    this.#mark(line);
    return line;
  }
}
