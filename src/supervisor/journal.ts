/** The journal as a port: what happens is kept before its effect can be seen. */
import type { Entry } from '../journal/record.ts';

export interface Journal {
  /** @returns the record's serial; undefined when it could not be kept. Never throws. */
  append(entry: Entry): number | undefined;
}
