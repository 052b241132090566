/** Takes server-sent events apart, however their text is cut. @source https://html.spec.whatwg.org/multipage/server-sent-events.html 9.2.6 */

export interface ServerEvent {
  /** '' when it has none of its own. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export class EventParser {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** What a piece of text completes. */
  push(text: string): readonly ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): readonly ServerEvent[] {
    if (line === '') return this.#end();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    if (field === 'event') this.#event = value;
    if (field === 'id') this.#id = value;
    return [];
  }

  #end(): readonly ServerEvent[] {
    const found = { id: this.#id, event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#id = '';
    this.#event = '';
    this.#data = [];
    return isEmpty ? [] : [found];
  }
}
