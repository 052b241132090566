/** The port behind which the world is written down. */
import type { SavedChange } from './saved.ts';

export interface Store {
  /** On its way to the disk when it returns; never throws. */
  save(change: SavedChange): void;
}
