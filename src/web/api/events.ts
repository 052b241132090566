/** `/api/v1/events`: what happens, as it happens, from the journal; whoever comes back goes on where it left. */
import { RECORD_KINDS } from '../../journal/codec.ts';
import { type Filter, matches } from '../../journal/query.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { Cursor } from '../../supervisor/journal.ts';
import { seconds } from '../../units.ts';
import type { Idle, StreamSource, WebAnswer, WebRequest } from '../exchange.ts';
import { API_HEADERS, faultAnswer } from './answers.ts';
import { type Item, itemOf, type Streams } from './streams.ts';

/** After so long without anything, a comment tells the client, and what lies between, that the connection lives. */
const HEARTBEAT: Idle = { after: seconds(15), text: Buffer.from(':\n\n') };
/** How long a browser waits before it connects again, in milliseconds. */
const RETRY = 2000;

interface Place {
  /** The last serial that the client knows. */
  readonly after: number;
  readonly filter: Filter;
}

/** Follows the journal from a serial on. It holds nothing: a client that is slow, or late, is served from the files. */
export class EventStream implements StreamSource {
  readonly idle: Idle = HEARTBEAT;
  readonly #streams: Streams;
  readonly #filter: Filter;
  readonly #held = new DisposableStack();
  #last: number;
  /** The beginning of the stream. */
  #pending: string;
  /** While the stream is behind. */
  #cursor: Cursor | undefined;

  /** @param slot given back at the end */
  constructor(streams: Streams, { after, filter }: Place, slot: Disposable) {
    const { journal } = streams;
    this.#streams = streams;
    this.#filter = filter;
    this.#held.use(slot);
    this.#last = after;
    this.#pending = `retry: ${RETRY}\n`;
    // Another journal than the one that the client knows.
    if (after > journal.last) {
      const first = journal.starts()[0] ?? journal.last + 1;
      this.#pending += gap(after, first);
      this.#last = first - 1;
    }
    this.#pending += `id: ${this.#last}\n\n`;
  }

  listen(wake: () => void): void {
    this.#held.use(this.#streams.follow(wake));
  }

  next(): Uint8Array | 'end' {
    if (this.#streams.journal.problem !== undefined) return 'end';
    const text = this.#pending + this.#take(this.#items());
    this.#pending = '';
    return Buffer.from(text);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
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
      isShown = matches(record, this.#filter);
      if (isShown) text += shown;
    }
    // So that a client with a filter comes back to where it was.
    return isShown ? text : `${text}id: ${this.#last}\n\n`;
  }
}

/** Records between two serials are not in the journal any more, or never were. */
const gap = (after: number, first: number): string => `event: gap\ndata: ${JSON.stringify({ after, first })}\n\n`;

/** @throws RpcFault */
function serialOf(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new RpcFault('INCORRECT_PARAMETERS', 'after: want a serial');
  return Number(text);
}

/** @throws RpcFault */
function kindsOf(text: string | null): ReadonlySet<string> | undefined {
  if (text === null) return undefined;
  const kinds = text.split(',');
  const unknown = kinds.find((kind) => !RECORD_KINDS.includes(kind));
  if (unknown !== undefined) {
    throw new RpcFault('BAD_ARGUMENTS', `no kind ${unknown}; there are ${RECORD_KINDS.join(', ')}`);
  }
  return new Set(kinds);
}

const PARAMETERS = ['after', 'name', 'kinds'];

/** @throws RpcFault */
function placeOf({ journal }: Streams, request: WebRequest, query: URLSearchParams): Place {
  const unknown = [...query.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknown !== undefined) {
    throw new RpcFault('INCORRECT_PARAMETERS', `no parameter ${unknown}; there are ${PARAMETERS.join(', ')}`);
  }
  // A client that comes back asks for the same address again, and says how far it got.
  const after = serialOf(request.header('last-event-id')) ?? serialOf(query.get('after')) ?? journal.last;
  const name = query.get('name') ?? '';
  const filter = { name: name === '' ? undefined : name, since: undefined, kinds: kindsOf(query.get('kinds')) };
  return { after, filter };
}

/** @throws RpcFault */
export function eventsRoute(streams: Streams, request: WebRequest, query: URLSearchParams): WebAnswer {
  const { problem } = streams.journal;
  if (problem !== undefined) throw new RpcFault('FAILED', problem);
  const place = placeOf(streams, request, query);
  const slot = streams.take();
  if (slot === undefined) return tooMany();
  return {
    kind: 'stream',
    headers: [['Content-Type', 'text/event-stream'], ...API_HEADERS, ['X-Accel-Buffering', 'no']],
    source: new EventStream(streams, place, slot),
  };
}

export const tooMany = (): WebAnswer =>
  faultAnswer(new RpcFault('FAILED', 'too many streams are open'), 503, [['Retry-After', '10']]);
