/** The streams of the API that are open: a limit on how many, and the newest records for all of them, encoded once. */
import type { JournalRecord } from '../../journal/record.ts';
import { formatRecord } from '../../journal/text.ts';
import { withoutData } from '../../rpc/methods-journal.ts';
import type { Cursor, JournalAccess } from '../../supervisor/journal.ts';
import { jsonText } from './answers.ts';
import type { UsageFeed } from './usage.ts';

/** Streams of events and of logs that may be open at the same time, on all servers together. */
export const MAX_STREAMS = 128;
/** The newest records that are held for those who follow; whoever is behind reads the journal. */
const HELD = 256;

/** A record, and as it is sent. */
export interface Item {
  readonly record: JournalRecord;
  readonly text: string;
}

/** One event of the stream. @source HTML, 9.2 (server-sent events) */
export const itemOf = (record: JournalRecord): Item => ({
  record,
  text: `id: ${record.serial}\nevent: ${record.kind}\ndata: ${jsonText({ ...withoutData(record), text: formatRecord(record) })}\n\n`,
});

export class Streams {
  readonly #journal: JournalAccess;
  readonly #wakes = new Set<() => void>();
  #open = 0;
  /** What is new since somebody follows, up to HELD; complete after the serial `#since`. */
  #items: Item[] = [];
  #since = 0;
  #cursor: Cursor | undefined;
  #watch: Disposable | undefined;

  /** What the programs use. */
  readonly usage: UsageFeed;

  constructor(journal: JournalAccess, usage: UsageFeed) {
    this.#journal = journal;
    this.usage = usage;
  }

  get journal(): JournalAccess {
    return this.#journal;
  }

  /** A place for one more stream; undefined: there are too many. */
  take(): Disposable | undefined {
    if (this.#open >= MAX_STREAMS) return undefined;
    this.#open += 1;
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (isOpen) this.#open -= 1;
        isOpen = false;
      },
    };
  }

  /** Calls `wake` at each new record. While nobody follows, nothing is read or held. */
  follow(wake: () => void): Disposable {
    if (this.#wakes.size === 0) this.#begin();
    this.#wakes.add(wake);
    return {
      [Symbol.dispose]: () => {
        if (this.#wakes.delete(wake) && this.#wakes.size === 0) this.#end();
      },
    };
  }

  /** The records after a serial; undefined: only the journal has them. */
  after(serial: number): readonly Item[] | undefined {
    this.#read();
    if (this.#cursor === undefined || serial < this.#since) return undefined;
    const index = this.#items.findIndex(({ record }) => record.serial > serial);
    return index < 0 ? [] : this.#items.slice(index);
  }

  /** All that is held. */
  get held(): readonly Item[] {
    return this.#items;
  }

  #begin(): void {
    this.#since = this.#journal.last;
    this.#cursor = this.#journal.cursor(this.#since);
    this.#watch = this.#journal.watch(() => {
      for (const wake of this.#wakes) wake();
    });
  }

  #end(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#cursor = undefined;
    this.#items = [];
  }

  #read(): void {
    const { last } = this.#journal;
    while ((this.#items.at(-1)?.record.serial ?? this.#since) < last) {
      const records = this.#cursor?.next() ?? [];
      // The newest could not be written.
      if (records.length === 0) break;
      this.#items.push(...records.map(itemOf));
    }
    const surplus = this.#items.splice(0, Math.max(0, this.#items.length - HELD));
    this.#since = surplus.at(-1)?.record.serial ?? this.#since;
  }
}
