/** `/api/v1/events`: what happens, as it happens, from the journal; whoever comes back goes on where it left. */
import { RECORD_KINDS } from '../../journal/codec.ts';
import { type Filter, matches } from '../../journal/query.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { Cursor } from '../../supervisor/journal.ts';
import { seconds } from '../../units.ts';
import type { Idle, StreamSource, WebAnswer, WebRequest } from '../exchange.ts';
import type { WebPorts } from '../ports.ts';
import { API_HEADERS, faultAnswer } from './answers.ts';
import { EVENTS, ResourceQuery } from './resources.ts';
import { type Item, itemOf, type Streams } from './streams.ts';

/** After so long without anything, a comment tells the client, and what lies between, that the connection lives. */
const HEARTBEAT = seconds(15);
const COMMENT = ':\n\n';
/** How often it is looked whether something was measured. */
const USAGE = seconds(2);
/** How long a browser waits before it connects again, in milliseconds. */
const RETRY = 2000;

interface Place {
  /** The last serial that the client knows. */
  readonly after: number;
  readonly filter: Filter;
  /** Whether it wants to know what the programs use. */
  readonly usage: boolean;
}

export interface Client {
  /** Given back at the end. */
  readonly slot: Disposable;
  /** As long as this holds, the client is served. */
  readonly mayStay: () => boolean;
}

/** Follows the journal from a serial on. It holds nothing: a client that is slow, or late, is served from the files. */
export class EventStream implements StreamSource {
  readonly idle: Idle;
  readonly #streams: Streams;
  readonly #place: Place;
  readonly #mayStay: () => boolean;
  readonly #held = new DisposableStack();
  #last: number;
  /** When what was sent last of what the programs use was measured. */
  #measured = 0;
  /** Times in a row that there was nothing to say. */
  #silences = 0;
  /** The beginning of the stream. */
  #pending: string;
  /** While the stream is behind. */
  #cursor: Cursor | undefined;

  constructor(streams: Streams, place: Place, { slot, mayStay }: Client) {
    const { journal } = streams;
    this.#streams = streams;
    this.#place = place;
    this.#mayStay = mayStay;
    this.#held.use(slot);
    this.idle = { after: place.usage ? USAGE : HEARTBEAT, next: () => this.#idle() };
    this.#last = place.after;
    this.#pending = `retry: ${RETRY}\n`;
    // Another journal than the one that the client knows.
    if (this.#last > journal.last) {
      const first = journal.starts()[0] ?? journal.last + 1;
      this.#pending = `${gap(this.#last, first)}${this.#pending}`;
      this.#last = first - 1;
    }
    this.#pending += `id: ${this.#last}\n\n`;
  }

  listen(wake: () => void): void {
    this.#held.use(this.#streams.follow(wake));
  }

  next(): Uint8Array | 'end' {
    if (this.#streams.journal.problem !== undefined || !this.#mayStay()) return 'end';
    const text = this.#pending + this.#take(this.#items()) + this.#usage();
    this.#pending = '';
    this.#silences = 0;
    return Buffer.from(text);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #idle(): Uint8Array | 'end' {
    if (!this.#mayStay()) return 'end';
    this.#silences += 1;
    const isLong = this.#silences * this.idle.after >= HEARTBEAT;
    const text = this.#usage() || (isLong ? COMMENT : '');
    if (text !== '') this.#silences = 0;
    return Buffer.from(text);
  }

  #usage(): string {
    if (!this.#place.usage) return '';
    const { at, text } = this.#streams.usage.newest();
    if (at <= this.#measured) return '';
    this.#measured = at;
    return text;
  }

  #items(): readonly Item[] {
    const items = this.#streams.after(this.#last);
    if (items !== undefined) {
      this.#cursor = undefined;
      return items;
    }
    this.#cursor ??= this.#streams.journal.cursor(this.#last);
    const records = this.#cursor.next();
    // What was there cannot be read any more: on with what is in memory, behind a gap.
    return records.length > 0 ? records.map(itemOf) : this.#streams.held;
  }

  #take(items: readonly Item[]): string {
    let text = '';
    let isShown = true;
    for (const { record, text: shown } of items) {
      if (record.serial > this.#last + 1) text += gap(this.#last, record.serial);
      this.#last = record.serial;
      isShown = matches(record, this.#place.filter);
      if (isShown) text += shown;
    }
    // So that a client with a filter comes back to where it was.
    return isShown ? text : `${text}id: ${this.#last}\n\n`;
  }
}

/** Records between two serials are not in the journal any more, or never were. */
const gap = (after: number, first: number): string => `event: gap\ndata: ${JSON.stringify({ after, first })}\n\n`;

/** @throws RpcFault */
function kindsOf(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const kinds = text.split(',');
  const unknown = kinds.find((kind) => !RECORD_KINDS.includes(kind));
  if (unknown === undefined) return new Set(kinds);
  throw new RpcFault('BAD_ARGUMENTS', `no kind ${unknown}; there are ${RECORD_KINDS.join(', ')}`);
}

/** A client that comes back asks for the same address again, and says how far it got. @throws RpcFault */
function placeOf({ journal }: Streams, request: WebRequest, query: ResourceQuery): Place {
  const header = request.header('last-event-id') ?? '';
  const known = /^\d{1,15}$/.test(header) ? Number(header) : undefined;
  const name = query.text('name') ?? '';
  return {
    after: known ?? query.count('after') ?? journal.last,
    filter: { name: name === '' ? undefined : name, since: undefined, kinds: kindsOf(query.text('kinds')) },
    usage: query.truth('usage'),
  };
}

/** @throws RpcFault */
export function eventsRoute(ports: WebPorts, request: WebRequest, query: URLSearchParams): WebAnswer {
  const { streams } = ports;
  const { problem } = streams.journal;
  if (problem !== undefined) throw new RpcFault('FAILED', problem);
  const place = placeOf(streams, request, new ResourceQuery(EVENTS, query));
  const slot = streams.take();
  if (slot === undefined) return tooMany();
  return {
    kind: 'stream',
    headers: [['Content-Type', 'text/event-stream'], ...API_HEADERS, ['X-Accel-Buffering', 'no']],
    source: new EventStream(streams, place, { slot, mayStay: () => ports.mayStay() }),
  };
}

export const tooMany = (): WebAnswer =>
  faultAnswer(new RpcFault('FAILED', 'too many streams are open'), 503, [['Retry-After', '10']]);
