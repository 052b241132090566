/**
 * What a pool with `replay=true` still has to be told, when its buffer is no measure: events are taken from where they
 * are kept, in order, as soon as there is room. It remembers up to where everything is answered. Knows nothing of files.
 */
import type { SupervisorEvent } from './event.ts';

/** An event and where it is kept; places ascend. */
export interface KeptEvent {
  readonly event: SupervisorEvent;
  readonly serial: number;
  readonly place: number;
}

/** A piece of what is kept. */
export interface KeptBatch {
  /** Only events that some listener was told of, or was to be. */
  readonly events: readonly KeptEvent[];
  /** Everything up to here was looked at; undefined: there was nothing more. */
  readonly until: number | undefined;
}

/** Where events are kept, for one pool. */
export interface KeptEvents {
  /** Up to here everything was answered before. */
  readonly answered: number;
  /** Begins reading behind a place. */
  read(after: number): { next(): KeptBatch };
  /** From now on everything up to `place` counts as answered; what was not is sent again after a crash. */
  answer(place: number): void;
}

/** Pieces that are read before others may run. */
const PIECES_AT_ONCE = 4;

export class Replay {
  readonly #kept: KeptEvents;
  readonly #wants: (event: SupervisorEvent) => boolean;
  /** Up to here everything is in the buffer, was in it, or is not wanted. */
  #taken: number;
  #answered: number;
  /** Events are read from where they are kept; undefined: they are taken as they come. */
  #reader: { next(): KeptBatch } | undefined;
  /** Read, but not taken yet. */
  #read: readonly KeptEvent[] = [];

  constructor(kept: KeptEvents, wants: (event: SupervisorEvent) => boolean) {
    this.#kept = kept;
    this.#wants = wants;
    this.#taken = kept.answered;
    this.#answered = kept.answered;
    this.#reader = kept.read(kept.answered);
  }

  get isBehind(): boolean {
    return this.#reader !== undefined;
  }

  /** A new event stands at `place`. @returns whether it is to be left there for now */
  leaves(place: number, hasRoom: boolean): boolean {
    if (this.#reader !== undefined || place <= this.#taken) return true;
    if (hasRoom) this.#taken = place;
    else this.#reader = this.#kept.read(this.#taken);
    return !hasRoom;
  }

  /**
   * Takes up to `room` events.
   * @returns them, and whether it was too much to look at in one go
   */
  take(room: number): { readonly events: readonly KeptEvent[]; readonly isUnfinished: boolean } {
    const events: KeptEvent[] = [];
    for (let pieces = 0; this.#reader !== undefined && events.length < room; ) {
      const [first, ...rest] = this.#read;
      if (first !== undefined) {
        events.push(first);
        this.#taken = first.place;
        this.#read = rest;
        continue;
      }
      if (pieces >= PIECES_AT_ONCE) return { events, isUnfinished: true };
      pieces += 1;
      const batch = this.#reader.next();
      if (batch.until === undefined) this.#reader = undefined;
      this.#read = batch.events.filter(({ event }) => this.#wants(event));
      if (this.#read.length === 0) this.#taken = Math.max(this.#taken, batch.until ?? 0);
    }
    return { events, isUnfinished: false };
  }

  /** Notes what is answered, given the places of events that are not. */
  settle(pending: readonly (number | undefined)[]): void {
    const first = pending.reduce<number>((least, place) => Math.min(least, place ?? least), this.#taken + 1);
    if (first - 1 === this.#answered) return;
    this.#answered = first - 1;
    this.#kept.answer(this.#answered);
  }
}
