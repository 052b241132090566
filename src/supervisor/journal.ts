/** The journal as a port: what happens is kept before its effect can be seen. */
import type { JournalReader } from '../journal/query.ts';
import type { Entry, JournalRecord } from '../journal/record.ts';
import type { Millis } from '../units.ts';

export interface Journal {
  /** @returns the record's serial; undefined when it could not be kept. Never throws. */
  append(entry: Entry): number | undefined;
}

/** A place in the journal from which reading goes on. */
export interface Cursor {
  /** The next records; none at the end of what is there now. */
  next(): readonly JournalRecord[];
}

/** The journal to those who read it. */
export interface JournalAccess extends Journal, JournalReader {
  /** Why nothing is recorded; undefined: all is well. */
  readonly problem: string | undefined;
  cursor(after: number): Cursor;
  /** Resolves when there is a record after `serial`, or when `timeout` has passed. */
  changed(serial: number, timeout: Millis): Promise<void>;
  /** Calls `wake` after each record, and when the journal is closed, until it is disposed of. */
  watch(wake: () => void): Disposable;
}
