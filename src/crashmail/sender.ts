/**
 * Empties the outbox: one mail at a time, oldest first, again and again until each channel has taken or refused it.
 * A channel that is down rests by itself, so that a thousand waiting reports are not a thousand knocks.
 */

import { type Millis, millis } from '../units.ts';
import { attemptDelivery } from './delivery.ts';
import { afterAttempt, channelsLeft, describeDelivery, type OutboxRecord, retryDelay } from './outbox.ts';
import type { Channel, Delivery, Outbox, Surroundings } from './ports.ts';
import { type Letterhead, renderMail } from './render.ts';

/** How often the folder is looked at without a reason, for files that somebody put back. */
const IDLE_SCAN: Millis = millis(60_000);
/** How often a listener that may not send looks whether it may now. */
const GUEST_SCAN: Millis = millis(2000);
/** How long new attempts are begun after `stop`. */
const LAST_ATTEMPTS: Millis = millis(2000);

export interface SenderPorts {
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly letterhead: Letterhead;
  readonly surroundings: Surroundings;
}

/** When something may be tried again, and how often it failed in a row. */
interface Gate {
  readonly failures: number;
  readonly opensAt: number;
}
const OPEN: Gate = { failures: 0, opensAt: 0 };

export class Sender {
  readonly #ports: SenderPorts;
  readonly #channelGates = new Map<string, Gate>();
  readonly #reportGates = new Map<string, Gate>();
  /** Which channels each waiting report still needs, so that files are read only to be sent. */
  readonly #left = new Map<string, readonly string[]>();
  /** Records newer than their files, because the disk took no update. */
  readonly #unsaved = new Map<string, OutboxRecord>();
  #bell = new AbortController();
  #isRung = false;
  /** When to end, even if more is due; undefined: not told to stop. */
  #stopAt: number | undefined;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** There may be something new to send. */
  wake(): void {
    this.#isRung = true;
    this.#bell.abort();
  }

  /** What is due is still tried, for a short time; then `run` resolves. */
  stop(): void {
    this.#stopAt ??= this.#ports.surroundings.now() + LAST_ATTEMPTS;
    this.wake();
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { outbox, surroundings } = this.#ports;
    let role: 'owner' | 'guest' = 'guest';
    let scanAt: number = surroundings.now();
    while (surroundings.now() < (this.#stopAt ?? Number.POSITIVE_INFINITY)) {
      if (surroundings.now() >= scanAt) {
        role = await outbox.refresh();
        scanAt = surroundings.now() + (role === 'owner' ? IDLE_SCAN : GUEST_SCAN);
        this.#forgetSettled();
      }
      const due = role === 'owner' ? await this.#attemptNext() : scanAt;
      if (due !== 'attempted' && this.#stopAt !== undefined) return;
      if (due !== 'attempted') await this.#rest(millis(Math.max(1, Math.min(due, scanAt) - surroundings.now())));
    }
  }

  async #rest(time: Millis): Promise<void> {
    if (!this.#isRung) {
      this.#bell = new AbortController();
      await this.#ports.surroundings.pause(time, this.#bell.signal);
    }
    this.#isRung = false;
  }

  #forgetSettled(): void {
    const waiting = new Set(this.#ports.outbox.waiting());
    for (const known of [this.#left, this.#reportGates, this.#unsaved]) {
      for (const id of known.keys()) if (!waiting.has(id)) known.delete(id);
    }
  }

  #opensAt(id: string, channel: string): number {
    return Math.max((this.#reportGates.get(id) ?? OPEN).opensAt, (this.#channelGates.get(channel) ?? OPEN).opensAt);
  }

  /** Tries the first report that is due. @returns when the next is due, if none is */
  async #attemptNext(): Promise<'attempted' | number> {
    const { outbox, channels, surroundings } = this.#ports;
    const names = channels.map(({ name }) => name);
    const now = surroundings.now();
    let next = Number.POSITIVE_INFINITY;
    for (const id of outbox.waiting()) {
      const left = this.#left.get(id) ?? names;
      if (left.length === 0 && (this.#reportGates.get(id) ?? OPEN).opensAt <= now) return this.#attempt(id, undefined);
      for (const name of left) {
        const opensAt = this.#opensAt(id, name);
        next = Math.min(next, opensAt);
        if (opensAt <= now)
          return this.#attempt(
            id,
            channels.find((channel) => channel.name === name),
          );
      }
    }
    return next;
  }

  async #attempt(id: string, channel: Channel | undefined): Promise<'attempted'> {
    const { outbox, channels } = this.#ports;
    const record = this.#unsaved.get(id) ?? (await outbox.read(id));
    if (record === undefined) return 'attempted';
    const names = channels.map(({ name }) => name);
    const isWanted = channel !== undefined && channelsLeft(record, names).includes(channel.name);
    const after = isWanted ? await this.#deliver(record, channel) : record;
    const left = channelsLeft(after, names);
    this.#left.set(id, left);
    await (left.length === 0 ? this.#settle(after) : this.#save(after));
    return 'attempted';
  }

  async #deliver(record: OutboxRecord, channel: Channel): Promise<OutboxRecord> {
    const { id } = record.report;
    const delivery = await attemptDelivery(
      channel,
      renderMail(record.report, this.#ports.letterhead),
      new AbortController().signal,
    );
    this.#moveGates(id, channel.name, delivery);
    this.#ports.surroundings.say(describeDelivery(id, channel.name, delivery));
    return afterAttempt(record, channel.name, delivery, this.#ports.surroundings.wall());
  }

  #moveGates(id: string, channel: string, delivery: Delivery): void {
    if (delivery.kind !== 'later') {
      this.#channelGates.delete(channel);
      this.#reportGates.delete(id);
    } else if (delivery.scope === 'channel') {
      this.#close(this.#channelGates, channel);
    } else {
      this.#close(this.#reportGates, id);
    }
  }

  #close(gates: Map<string, Gate>, key: string): void {
    const { now, random } = this.#ports.surroundings;
    const failures = (gates.get(key) ?? OPEN).failures + 1;
    gates.set(key, { failures, opensAt: now() + retryDelay(failures, random()) });
  }

  async #save(record: OutboxRecord): Promise<void> {
    const saved = await this.#ports.outbox.update(record);
    if (saved.ok) this.#unsaved.delete(record.report.id);
    else this.#unsaved.set(record.report.id, record);
  }

  async #settle(record: OutboxRecord): Promise<void> {
    const { id } = record.report;
    const settled = await this.#ports.outbox.settle(record, record.refused.length === 0 ? 'sent' : 'failed');
    if (settled.ok) {
      this.#left.delete(id);
      this.#reportGates.delete(id);
      this.#unsaved.delete(id);
      return;
    }
    this.#unsaved.set(id, record);
    this.#close(this.#reportGates, id);
    this.#ports.surroundings.say(`report ${id} is done, but ${settled.error.message}`);
  }
}
