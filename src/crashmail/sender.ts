/**
 * Empties the outbox: each channel on its own takes the letters in their order, one at a time, again and again until it
 * has taken or refused each. A channel that is down rests by itself, so that many waiting letters are not many knocks.
 */
import { type Millis, millis } from '../units.ts';
import { Bell } from './bell.ts';
import { attemptDelivery } from './delivery.ts';
import { afterAttempt, channelsLeft, describeDelivery, type OutboxRecord, owedBy, retryDelay } from './outbox.ts';
import type { Channel, Delivery, Outbox, Surroundings } from './ports.ts';

/** How often the folder is looked at without a reason, for files that somebody put back. */
const IDLE_SCAN: Millis = millis(60_000);
/** How often a listener that may not send looks whether it may now. */
const GUEST_SCAN: Millis = millis(2000);
/** How long new attempts are begun after `stop`. */
const LAST_ATTEMPTS: Millis = millis(2000);

export interface SenderPorts {
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly surroundings: Surroundings;
  /** A letter was attempted or settled: there may be room for another. */
  readonly moved: () => void;
  /** A channel will never take this letter. */
  readonly refused: (record: OutboxRecord, channel: string, reason: string) => void;
}

/** When something may be tried again, and how often it failed in a row. */
interface Gate {
  readonly failures: number;
  readonly opensAt: number;
}
const OPEN: Gate = { failures: 0, opensAt: 0 };

export class Sender {
  readonly #ports: SenderPorts;
  readonly #names: readonly string[];
  readonly #bells: readonly Bell[];
  readonly #channelGates = new Map<string, Gate>();
  /** By letter and channel. */
  readonly #letterGates = new Map<string, Gate>();
  /** The letters that wait, as far as they were looked at. They may be newer than their files. */
  readonly #records = new Map<string, OutboxRecord>();
  readonly #settling = new Set<string>();
  readonly #attempts = new AbortController();
  #scanAt = 0;
  #scan: Promise<unknown> = Promise.resolve();
  /** When to end, even if more is due; undefined: not told to stop. */
  #stopAt: number | undefined;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
    this.#names = ports.channels.map(({ name }) => name);
    this.#bells = ports.channels.map(() => new Bell());
  }

  /** There may be something new to send. */
  wake(): void {
    for (const bell of this.#bells) bell.ring();
  }

  /** Whatever rests is tried at once. */
  flush(): void {
    this.#channelGates.clear();
    this.#letterGates.clear();
    this.#scanAt = 0;
    this.wake();
  }

  /** What is due is still tried, for a short time; then `run` resolves. */
  stop(): void {
    this.#stopAt ??= this.#ports.surroundings.now() + LAST_ATTEMPTS;
    this.wake();
  }

  /** Ends the attempts that are under way; their letters stay where they are. */
  abandon(): void {
    this.#attempts.abort();
  }

  /** How often letters were tried so far; undefined: it was not looked at yet. */
  record(id: string): OutboxRecord | undefined {
    return this.#records.get(id);
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    await Promise.all(this.#ports.channels.map((channel, at) => this.#serve(channel, this.#bells[at] ?? new Bell())));
  }

  async #serve(channel: Channel, bell: Bell): Promise<void> {
    const { outbox, surroundings } = this.#ports;
    while (surroundings.now() < (this.#stopAt ?? Number.POSITIVE_INFINITY)) {
      await this.#look();
      const due = outbox.isOwner ? await this.#attemptNext(channel) : this.#scanAt;
      if (due === 'attempted') continue;
      if (this.#stopAt !== undefined) return;
      await bell.rest(millis(Math.max(1, Math.min(due, this.#scanAt) - surroundings.now())), surroundings);
    }
  }

  /** Looks at the disk when it is time to; several channels wait for the same look. */
  async #look(): Promise<void> {
    const { outbox, surroundings } = this.#ports;
    if (surroundings.now() >= this.#scanAt) {
      this.#scanAt = surroundings.now() + IDLE_SCAN;
      this.#scan = outbox.refresh().then((role) => {
        if (role === 'guest') this.#scanAt = surroundings.now() + GUEST_SCAN;
        this.#forgetSettled();
      });
    }
    await this.#scan;
  }

  #forgetSettled(): void {
    const waiting = new Set(this.#ports.outbox.waiting());
    for (const id of this.#records.keys()) if (!waiting.has(id)) this.#forget(id);
  }

  #forget(id: string): void {
    this.#records.delete(id);
    for (const name of this.#names) this.#letterGates.delete(`${id} ${name}`);
  }

  /** Tries the first letter that is due. @returns when the next is due, if none is */
  async #attemptNext(channel: Channel): Promise<'attempted' | number> {
    const { outbox, surroundings } = this.#ports;
    const closed = this.#channelGates.get(channel.name) ?? OPEN;
    if (closed.opensAt > surroundings.now()) return closed.opensAt;
    let next = Number.POSITIVE_INFINITY;
    for (const id of outbox.waiting()) {
      const { opensAt } = this.#letterGates.get(`${id} ${channel.name}`) ?? OPEN;
      if (opensAt > surroundings.now()) {
        next = Math.min(next, opensAt);
        continue;
      }
      const record = this.#records.get(id) ?? (await outbox.read(id));
      if (record === undefined || this.#settling.has(id)) continue;
      this.#records.set(id, record);
      const left = channelsLeft(record, this.#names);
      if (left.includes(channel.name)) {
        await this.#deliver(record, channel);
        return 'attempted';
      }
      if (left.length === 0) {
        await this.#settle(record, channel);
        return 'attempted';
      }
    }
    return next;
  }

  async #deliver(record: OutboxRecord, channel: Channel): Promise<void> {
    const { letter } = record;
    const { surroundings, moved, refused } = this.#ports;
    const parcel = { letter, owed: owedBy(record, channel.name) };
    const delivery = await attemptDelivery(channel, parcel, this.#attempts.signal);
    this.#moveGates(letter.id, channel.name, delivery);
    surroundings.say(describeDelivery(letter.id, channel.name, delivery));
    // Another channel may have moved it on meanwhile.
    const after = afterAttempt(this.#records.get(letter.id) ?? record, channel.name, delivery, surroundings.wall());
    this.#records.set(letter.id, after);
    const refusal = after.refused.find((one) => one.channel === channel.name);
    if (refusal !== undefined) refused(after, channel.name, refusal.reason);
    if (channelsLeft(after, this.#names).length === 0) await this.#settle(after, channel);
    else await this.#ports.outbox.update(after);
    moved();
  }

  #moveGates(id: string, channel: string, delivery: Delivery): void {
    const key = `${id} ${channel}`;
    if (delivery.kind === 'later' && delivery.scope === 'channel') {
      this.#close(this.#channelGates, channel);
      return;
    }
    this.#channelGates.delete(channel);
    if (delivery.kind === 'later' || delivery.kind === 'partly') this.#close(this.#letterGates, key);
    else this.#letterGates.delete(key);
  }

  #close(gates: Map<string, Gate>, key: string): void {
    const { now, random } = this.#ports.surroundings;
    const failures = (gates.get(key) ?? OPEN).failures + 1;
    gates.set(key, { failures, opensAt: now() + retryDelay(failures, random()) });
  }

  async #settle(record: OutboxRecord, channel: Channel): Promise<void> {
    const { id } = record.letter;
    this.#settling.add(id);
    const isSent = record.refused.length === 0 && record.sent.length > 0;
    const settled = await this.#ports.outbox.settle(record, isSent ? 'sent' : 'failed');
    this.#settling.delete(id);
    if (settled.ok) return this.#forget(id);
    this.#close(this.#letterGates, `${id} ${channel.name}`);
    this.#ports.surroundings.say(`mail ${id} is done, but ${settled.error.message}`);
  }
}
