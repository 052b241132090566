/**
 * The event listener: hears events, writes what deserves a mail into the outbox, and only then says OK. It sends
 * nothing itself, but for the case that the disk takes nothing. @source spec api 4.2
 */

import { type EpochMillis, epochSeconds, type Millis, millis } from '../units.ts';
import { attemptDelivery } from './delivery.ts';
import { gatherFacts, type Witnesses } from './facts.ts';
import type { EventFrame } from './frame.ts';
import { History, type Run } from './history.ts';
import { type Incident, type Interest, incidentKey, incidentOf, namespecOf, readStateEvent } from './incident.ts';
import { afterAttempt, channelsLeft, describeDelivery, newRecord, type OutboxRecord } from './outbox.ts';
import type { Channel, Outbox, Supervisor, Surroundings } from './ports.ts';
import { type Letterhead, renderMail } from './render.ts';
import type { Facts } from './report.ts';

export interface ListenerPorts {
  readonly supervisor: Supervisor;
  readonly witnesses: Witnesses;
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly surroundings: Surroundings;
  /** A short name for a text, always the same for the same text. */
  digest(text: string): string;
  /** A report was written to the outbox. */
  written(): void;
}

export interface ListenerOptions {
  readonly interest: Interest;
  readonly letterhead: Letterhead;
  readonly lines: number;
  readonly host: string;
  /** What tells this run of the daemon from every other. */
  readonly daemon: string;
}

/** How long sending without the outbox may keep the supervisor waiting. */
const DIRECT_TIMEOUT: Millis = millis(15_000);
/** The pause before an event is handed back: doubles from the first to the longest. */
const FIRST_REFUSAL_PAUSE = 1000;
const LONGEST_REFUSAL_PAUSE = 30_000;
/** Reports held in memory while the disk takes nothing. */
const MAX_HELD = 100;

const OK = 'RESULT 2\nOK';
const FAIL = 'RESULT 4\nFAIL';

export class Listener {
  readonly #ports: ListenerPorts;
  readonly #options: ListenerOptions;
  readonly #history = new History();
  /** Reports that could not be stored, with what was already sent of them. */
  readonly #held = new Map<string, OutboxRecord>();
  #refusals = 0;

  constructor(ports: ListenerPorts, options: ListenerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Resolves when the supervisor closes our input. @throws on a broken protocol */
  async run(): Promise<void> {
    const { supervisor } = this.#ports;
    for (;;) {
      supervisor.write('READY\n');
      const frame = await supervisor.next();
      if (frame === undefined) return;
      supervisor.write(await this.#hear(frame));
    }
  }

  async #hear(frame: EventFrame): Promise<string> {
    const event = readStateEvent(frame);
    if (event === undefined) return OK;
    const at = this.#ports.surroundings.wall();
    const run = this.#history.note(event, at);
    const incident = incidentOf(event, this.#options.interest);
    if (incident === undefined) return OK;
    const id = this.#identify(frame, incident, at);
    if (this.#ports.outbox.knows(id)) {
      this.#ports.surroundings.say(`${namespecOf(incident)}: this event was reported before (report ${id})`);
      return OK;
    }
    const record = this.#held.get(id) ?? (await this.#compose(frame, incident, { id, at, run }));
    return record === undefined ? OK : this.#store(record);
  }

  #identify(frame: EventFrame, incident: Incident, at: EpochMillis): string {
    const key = incidentKey(this.#options.daemon, frame, incident);
    return this.#ports.digest(frame.headers.has('serial') ? key : `${key}\n${at}`);
  }

  async #compose(
    frame: EventFrame,
    incident: Incident,
    { id, at, run }: { readonly id: string; readonly at: EpochMillis; readonly run: Run },
  ): Promise<OutboxRecord | undefined> {
    const { lines, host } = this.#options;
    const inquiry = { incident, run, heard: epochSeconds(at), lines };
    const facts: Facts | undefined = await gatherFacts(this.#ports.witnesses, inquiry);
    if (facts === undefined) return undefined;
    return newRecord({ id, at, host, server: frame.headers.get('server') ?? '', incident, facts });
  }

  async #store(record: OutboxRecord): Promise<string> {
    const { id, incident } = record.report;
    const { say } = this.#ports.surroundings;
    const stored = await this.#ports.outbox.put(record);
    if (!stored.ok) {
      say(
        `cannot keep report ${id} of ${namespecOf(incident)} in the outbox, sending it at once: ${stored.error.message}`,
      );
      return this.#sendAtOnce(record);
    }
    this.#held.delete(id);
    this.#refusals = 0;
    const what = incident.kind === 'exited' ? 'unexpected exit' : 'given up';
    say(`${what}, mailing: ${namespecOf(incident)} (report ${id})`);
    this.#ports.written();
    return OK;
  }

  /** Without a disk the event itself is the only copy: it is handed back unless every channel took the mail. */
  async #sendAtOnce(record: OutboxRecord): Promise<string> {
    const { channels, surroundings } = this.#ports;
    const names = channels.map(({ name }) => name);
    let current = record;
    for (const channel of channels) {
      if (channelsLeft(current, names).includes(channel.name)) current = await this.#sendDirectly(current, channel);
    }
    if (channelsLeft(current, names).length === 0) {
      this.#held.delete(record.report.id);
      this.#refusals = 0;
      return OK;
    }
    this.#hold(current);
    this.#refusals += 1;
    const pause = Math.min(LONGEST_REFUSAL_PAUSE, FIRST_REFUSAL_PAUSE * 2 ** Math.min(10, this.#refusals - 1));
    surroundings.say(`report ${record.report.id} is neither stored nor sent; the supervisor is asked to tell it again`);
    await surroundings.pause(millis(pause), new AbortController().signal);
    return FAIL;
  }

  async #sendDirectly(record: OutboxRecord, channel: Channel): Promise<OutboxRecord> {
    const { surroundings } = this.#ports;
    const mail = renderMail(record.report, this.#options.letterhead);
    const deadline = new AbortController();
    const over = new AbortController();
    const expiry = surroundings.pause(DIRECT_TIMEOUT, over.signal).then(() => deadline.abort());
    const delivery = await attemptDelivery(channel, mail, deadline.signal);
    over.abort();
    await expiry;
    surroundings.say(describeDelivery(record.report.id, channel.name, delivery));
    if (delivery.kind === 'refused') surroundings.say(`${mail.subject}\n${mail.text}`);
    return afterAttempt(record, channel.name, delivery, surroundings.wall());
  }

  #hold(record: OutboxRecord): void {
    const [oldest] = this.#held.keys();
    if (this.#held.size >= MAX_HELD && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(record.report.id, record);
  }
}
