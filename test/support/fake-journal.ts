/** A journal in memory. */
import { matches } from '../../src/journal/query.ts';
import type { Entry, JournalRecord } from '../../src/journal/record.ts';
import type { Cursor, JournalAccess } from '../../src/supervisor/journal.ts';
import { type EpochMillis, epochMillis, type Millis } from '../../src/units.ts';

/** Records in a batch; small, so that tests see several. */
const BATCH = 3;

export class FakeJournal implements JournalAccess {
  readonly records: JournalRecord[] = [];
  problem: string | undefined;
  /** Records up to this serial are no longer kept. */
  forgotten = 0;
  readonly #wall: () => EpochMillis;
  #wake: (() => void)[] = [];
  readonly watchers: Set<() => void> = new Set();

  constructor(wall: () => EpochMillis = () => epochMillis(1_795_340_000_000)) {
    this.#wall = wall;
  }

  get last(): number {
    return this.records.at(-1)?.serial ?? 0;
  }

  append(entry: Entry): number | undefined {
    if (this.problem !== undefined) return undefined;
    const serial = this.last + 1;
    this.records.push({ serial, at: this.#wall(), ...entry });
    for (const wake of [...this.#wake.splice(0), ...this.watchers]) wake();
    return serial;
  }

  starts(): readonly number[] {
    return [this.forgotten + 1];
  }

  #between(after: number): readonly JournalRecord[] {
    return this.records.filter(({ serial }) => serial > Math.max(after, this.forgotten)).slice(0, BATCH);
  }

  async *after(serial: number): AsyncGenerator<readonly JournalRecord[]> {
    const cursor = this.cursor(serial);
    for (let batch = cursor.next(); batch.length > 0; batch = cursor.next()) yield batch;
  }

  cursor(after: number): Cursor {
    let last = after;
    return {
      next: () => {
        const batch = this.#between(last);
        last = batch.at(-1)?.serial ?? last;
        return batch;
      },
    };
  }

  changed(serial: number, timeout: Millis): Promise<void> {
    if (this.last > serial || timeout <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  watch(wake: () => void): Disposable {
    this.watchers.add(wake);
    return { [Symbol.dispose]: () => void this.watchers.delete(wake) };
  }

  /** What it says of one name. */
  of(name: string): readonly JournalRecord[] {
    return this.records.filter((record) => matches(record, { name, since: undefined, kinds: undefined }));
  }
}
