/**
 * The event listener: hears events, writes what deserves a mail to the disk, and only then says OK. What else there is to
 * know is found out afterwards. It sends nothing itself, but for the case that the disk takes nothing.
 * @source spec api 4.2
 */
import { type EpochMillis, epochSeconds, type Millis, millis } from '../units.ts';
import { attemptDelivery } from './delivery.ts';
import { gatherFacts, type Witnesses } from './facts.ts';
import type { EventFrame } from './frame.ts';
import type { History, Run } from './history.ts';
import {
  type Incident,
  type Interest,
  incidentKey,
  incidentOf,
  namespecOf,
  readStateEvent,
  type StateEvent,
  serialOf,
} from './incident.ts';
import type { Letter } from './letter.ts';
import { afterAttempt, channelsLeft, describeDelivery, newRecord, type OutboxRecord, owedBy } from './outbox.ts';
import { outlineOf } from './outline.ts';
import type { Channel, Outbox, Supervisor, Surroundings } from './ports.ts';
import { renderText } from './render-text.ts';
import { NO_FACTS, type Report } from './report.ts';

export interface ListenerPorts {
  readonly supervisor: Supervisor;
  readonly witnesses: Witnesses;
  readonly history: History;
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly surroundings: Surroundings;
  /** A short name for a text, always the same for the same text. */
  readonly digest: (text: string) => string;
  readonly recipients: (incident: Incident) => string;
  /** An event that deserves a report was heard; it is not written yet. */
  readonly met: (incident: Incident) => void;
  /** Any event of a process was heard. */
  readonly heard: (event: StateEvent) => void;
  /** A report was written to the outbox. */
  readonly written: (report: Report, run: Run) => void;
}

export interface ListenerOptions {
  readonly interest: Interest;
  readonly lines: number;
  readonly host: string;
  /** Tells whose serials these are. */
  readonly daemon: string;
}

/** How long sending without the outbox may keep the supervisor waiting. */
const DIRECT_TIMEOUT: Millis = millis(15_000);
/** Mails that may go out without an outbox in so much time; without a disk nothing can be collected. */
const DIRECT_MAILS = 5;
const DIRECT_SPAN: Millis = millis(300_000);
/** The pause before an event is handed back: doubles from the first to the longest. */
const FIRST_REFUSAL_PAUSE = 1000;
const LONGEST_REFUSAL_PAUSE = 30_000;
/** Letters held in memory while the disk takes nothing. */
const MAX_HELD = 100;

/** For a person who finds it in a log. */
function asText(letter: Letter): string {
  const outline = outlineOf(letter);
  return `${outline.subject}\n${renderText(outline)}`;
}

const OK = 'RESULT 2\nOK';
const FAIL = 'RESULT 4\nFAIL';

export class Listener {
  readonly #ports: ListenerPorts;
  readonly #options: ListenerOptions;
  /** Letters of reports that could not be stored, with what was already sent of them. */
  readonly #held = new Map<string, OutboxRecord>();
  /** When mails were sent without an outbox. */
  #direct: readonly number[] = [];
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
    const { surroundings, history, outbox, heard } = this.#ports;
    const at = surroundings.wall();
    const run = history.note(event, at);
    heard(event);
    const incident = incidentOf(event, this.#options.interest);
    if (incident === undefined) return OK;
    const report = this.#reportOf(frame, incident, at);
    if (outbox.knows(report.id)) {
      surroundings.say(`${namespecOf(incident)}: this event was reported before (report ${report.id})`);
      return OK;
    }
    this.#ports.met(incident);
    return this.#store(report, run);
  }

  #reportOf(frame: EventFrame, incident: Incident, at: EpochMillis): Report {
    const serial = serialOf(frame);
    const key = incidentKey(this.#options.daemon, frame, incident);
    return {
      id: this.#ports.digest(serial === undefined ? `${key}\n${at}` : key),
      at,
      serials: serial === undefined ? [] : [serial],
      count: 1,
      host: this.#options.host,
      server: frame.headers.get('server') ?? '',
      incident,
      detail: 'event',
      facts: { ...NO_FACTS, stopped: incident.kind === 'exited' ? epochSeconds(at) : 0 },
    };
  }

  async #store(report: Report, run: Run): Promise<string> {
    const { outbox, surroundings, written } = this.#ports;
    const name = namespecOf(report.incident);
    const stored = await outbox.put(report);
    if (!stored.ok) {
      const why = stored.error.message;
      surroundings.say(`cannot keep report ${report.id} of ${name} in the outbox, sending it at once: ${why}`);
      return this.#sendAtOnce(report, run);
    }
    this.#held.delete(report.id);
    this.#refusals = 0;
    const what = { exited: 'unexpected exit', fatal: 'given up', state: report.incident.state, daemon: 'died' };
    surroundings.say(`${what[report.incident.kind]}: ${name} (report ${report.id})`);
    written(report, run);
    return OK;
  }

  /** Without a disk the event itself is the only copy: it is handed back unless every channel took the mail. */
  async #sendAtOnce(report: Report, run: Run): Promise<string> {
    const { channels, surroundings } = this.#ports;
    const now = surroundings.now();
    const held = this.#held.get(report.id);
    this.#direct = this.#direct.filter((at) => now - at < DIRECT_SPAN);
    if (held === undefined && this.#direct.length >= DIRECT_MAILS) return this.#handBack(report.id);
    if (held === undefined) this.#direct = [...this.#direct, now];
    const names = channels.map(({ name }) => name);
    let current = held ?? (await this.#compose(report, run));
    if (current === undefined) return OK;
    for (const channel of channels) {
      if (channelsLeft(current, names).includes(channel.name)) current = await this.#sendDirectly(current, channel);
    }
    if (channelsLeft(current, names).length === 0) {
      this.#held.delete(report.id);
      this.#refusals = 0;
      return OK;
    }
    this.#hold(report.id, current);
    return this.#handBack(report.id);
  }

  async #handBack(id: string): Promise<string> {
    const { surroundings } = this.#ports;
    this.#refusals += 1;
    const pause = Math.min(LONGEST_REFUSAL_PAUSE, FIRST_REFUSAL_PAUSE * 2 ** Math.min(10, this.#refusals - 1));
    surroundings.say(`report ${id} is neither stored nor sent; the supervisor is asked to tell it again`);
    await surroundings.pause(millis(pause), new AbortController().signal);
    return FAIL;
  }

  async #compose(report: Report, run: Run): Promise<OutboxRecord | undefined> {
    const { witnesses, recipients } = this.#ports;
    const { incident, serials, at, id } = report;
    const { lines, host } = this.#options;
    const heard = Math.floor(at / 1000);
    const facts = await gatherFacts(witnesses, { incident, serials, run, heard, lines, detail: 'full' });
    if (facts === undefined) return undefined;
    const reports: readonly Report[] = [{ ...report, detail: 'full', facts }];
    const rest = { troubles: [], recoveries: [], notices: [], channels: [] };
    return newRecord({ id, at, host, to: recipients(incident), reports, ...rest });
  }

  async #sendDirectly(record: OutboxRecord, channel: Channel): Promise<OutboxRecord> {
    const { surroundings } = this.#ports;
    const { letter } = record;
    const deadline = new AbortController();
    const over = new AbortController();
    const expiry = surroundings.pause(DIRECT_TIMEOUT, over.signal).then(() => deadline.abort());
    const parcel = { letter, owed: owedBy(record, channel.name) };
    const delivery = await attemptDelivery(channel, parcel, deadline.signal);
    over.abort();
    await expiry;
    surroundings.say(describeDelivery(letter.id, channel.name, delivery));
    if (delivery.kind === 'refused') surroundings.say(asText(letter));
    return afterAttempt(record, channel.name, delivery, surroundings.wall());
  }

  #hold(id: string, record: OutboxRecord): void {
    const [oldest] = this.#held.keys();
    if (this.#held.size >= MAX_HELD && oldest !== undefined) this.#held.delete(oldest);
    this.#held.set(id, record);
  }
}
