/**
 * When which process wants to be looked at: a heap, so that a thousand starts do not look at a thousand processes each.
 * What is in it is a hint; whoever takes something out sees whether the process still wants it. Pure.
 */
import type { Millis } from '../units.ts';
import type { Slot } from './host.ts';

interface Entry {
  readonly at: Millis;
  /** Of two at the same time the one that came first is first. */
  readonly turn: number;
  readonly slot: Slot;
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn);

export class Deadlines {
  /** Each is before the two at twice its place, and one and two behind that. */
  readonly #heap: Entry[] = [];
  /** The earliest of each slot: a later one need not be kept, as it is asked for again then. */
  readonly #earliest = new Map<Slot, Millis>();
  #turns = 0;

  /** undefined when there is none. */
  get first(): { readonly at: Millis; readonly slot: Slot } | undefined {
    return this.#heap[0];
  }

  add(slot: Slot, at: Millis): void {
    const known = this.#earliest.get(slot);
    if (known !== undefined && known <= at) return;
    this.#earliest.set(slot, at);
    this.#turns += 1;
    const entry = { at, turn: this.#turns, slot };
    let place = this.#heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || isBefore(above, entry)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = entry;
  }

  /** Takes out one whose time has come; undefined when there is none. */
  take(now: Millis): Slot | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    if (this.#earliest.get(first.slot) === first.at) this.#earliest.delete(first.slot);
    return first.slot;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#earliest.clear();
  }

  /** Puts an entry into the place of the first. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * place + 2 : 2 * place + 1;
      const below = heap[child];
      if (below === undefined || isBefore(entry, below)) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = entry;
  }
}
