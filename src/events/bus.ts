/**
 * Hands every event to those who want it. Pools get numbered events, everybody else watches. A subscriber that throws
 * is reported and dropped. Knows nothing of processes and of how a pool delivers.
 */
import type { SupervisorEvent } from './event.ts';

/** A listener pool, as far as the bus is concerned. */
export interface NumberedSubscriber {
  readonly name: string;
  wants(event: SupervisorEvent): boolean;
  /** @param place where the recorder keeps it; undefined: nowhere */
  accept(event: SupervisorEvent, serial: number, place: number | undefined): void;
}

/** Something inside superd that looks at events: metrics, the web page. */
export interface Watcher {
  readonly name: string;
  see(event: SupervisorEvent): void;
}

/**
 * Keeps events before anybody hears of them: the journal.
 * @param serial the event's number; undefined: no pool wants it
 * @returns where it is kept; undefined: nowhere
 */
export type Recorder = (event: SupervisorEvent, serial: number | undefined) => number | undefined;

/** How many events one event may cause, directly and indirectly; more is a loop, and is cut. */
export const MAX_CHAINED_EVENTS = 10_000;

export class Bus {
  readonly #report: (problem: string) => void;
  #pools: readonly NumberedSubscriber[] = [];
  #watchers: readonly Watcher[] = [];
  /** The event being delivered and those that it caused. */
  #chain: SupervisorEvent[] = [];
  #serial: number;
  #record: Recorder = () => undefined;

  /** @param firstSerial continues the numbers of an earlier brain. */
  constructor(report: (problem: string) => void, firstSerial = 0) {
    this.#report = report;
    this.#serial = firstSerial;
  }

  /** The serial that the next wanted event gets. */
  get nextSerial(): number {
    return this.#serial;
  }

  /** From now on every event is kept by `recorder` first. */
  recordWith(recorder: Recorder): void {
    this.#record = recorder;
  }

  /** Numbers go on from here, unless they are further already. */
  continueFrom(serial: number): void {
    this.#serial = Math.max(this.#serial, serial);
  }

  subscribe(pool: NumberedSubscriber): void {
    this.#pools = [...this.#pools, pool];
  }

  watch(watcher: Watcher): void {
    this.#watchers = [...this.#watchers, watcher];
  }

  remove(subscriber: NumberedSubscriber | Watcher): void {
    this.#pools = this.#pools.filter((other) => other !== subscriber);
    this.#watchers = this.#watchers.filter((other) => other !== subscriber);
  }

  /** Would a pool take this event? For work that is worth doing only then, such as ticks. */
  isWanted(event: SupervisorEvent): boolean {
    return this.#pools.some((pool) => pool.wants(event));
  }

  /** Delivers at once; an event that a subscriber publishes follows the one being delivered. */
  publish(event: SupervisorEvent): void {
    if (this.#chain.length > MAX_CHAINED_EVENTS) {
      this.#report(`cannot publish a ${event.kind} event: one event caused ${MAX_CHAINED_EVENTS} others`);
      return;
    }
    this.#chain.push(event);
    if (this.#chain.length > 1) return;
    try {
      // The chain grows while it is walked.
      for (const next of this.#chain) this.#deliver(next);
    } finally {
      this.#chain = [];
    }
  }

  #deliver(event: SupervisorEvent): void {
    const takers = this.#pools.filter((pool) => this.#guard(pool, () => pool.wants(event)) === true);
    const serial = this.#serial;
    // Spec api 3.1: an event that nobody subscribed to consumes no serial.
    if (takers.length > 0) this.#serial = serial >= Number.MAX_SAFE_INTEGER ? 0 : serial + 1;
    const place = this.#record(event, takers.length > 0 ? serial : undefined);
    for (const watcher of this.#watchers) this.#guard(watcher, () => watcher.see(event));
    for (const pool of takers) this.#guard(pool, () => pool.accept(event, serial, place));
  }

  #guard<T>(subscriber: NumberedSubscriber | Watcher, call: () => T): T | undefined {
    try {
      return call();
    } catch (cause) {
      this.remove(subscriber);
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#report(`cannot deliver an event to ${subscriber.name}: ${why}; it gets no more events`);
      return undefined;
    }
  }
}
