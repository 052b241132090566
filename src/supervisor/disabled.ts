/**
 * The processes that an operator wants to stay down, also over a restart of the daemon. A name stays in the list when its
 * group is removed, so that an update does not bring back what somebody stopped for good.
 */
import { fail, ok, type Result } from '../errors.ts';
import type { Slot } from './host.ts';
import type { Journal } from './journal.ts';

/** Names as `group:process`. */
export interface DisabledStore {
  /** What was saved last; what cannot be read is reported by the store, and counts as nothing. */
  load(): ReadonlySet<string>;
  /** When it returns, the names are on the disk. */
  save(names: ReadonlySet<string>): Result<void, string>;
}

/** More would be no operator's work. */
export const MAX_DISABLED = 10_000;

const nameOf = ({ group, process }: Slot): string => `${group}:${process}`;

export class Disabled {
  readonly #store: DisabledStore;
  readonly #journal: Journal;
  #names: ReadonlySet<string> = new Set();

  constructor(store: DisabledStore, journal: Journal) {
    this.#store = store;
    this.#journal = journal;
  }

  load(): void {
    this.#names = this.#store.load();
  }

  has(slot: Slot): boolean {
    return this.#names.has(nameOf(slot));
  }

  add(slot: Slot): Result<void, string> {
    if (this.has(slot)) return ok(undefined);
    if (this.#names.size >= MAX_DISABLED) return fail(`more than ${MAX_DISABLED} processes are disabled`);
    return this.#change('disabled', slot, new Set([...this.#names, nameOf(slot)]));
  }

  delete(slot: Slot): Result<void, string> {
    if (!this.has(slot)) return ok(undefined);
    return this.#change('enabled', slot, new Set([...this.#names].filter((name) => name !== nameOf(slot))));
  }

  #change(kind: 'disabled' | 'enabled', slot: Slot, names: ReadonlySet<string>): Result<void, string> {
    const saved = this.#store.save(names);
    if (!saved.ok) return saved;
    this.#names = names;
    this.#journal.append({ kind, group: slot.group, process: slot.process });
    return ok(undefined);
  }
}
