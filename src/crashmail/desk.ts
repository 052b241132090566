/**
 * Where reports become letters: finds out what is to be known of each, asks the rules of the flood which of them go into
 * a mail now, and writes that letter to the disk. It sends nothing itself.
 */
import type { MailSeverity } from '../config/model.ts';
import { type EpochMillis, type Millis, millis } from '../units.ts';
import { Bell } from './bell.ts';
import { gatherFacts, type Witnesses } from './facts.ts';
import { type Draft, decide, type FloodState, isAtLeast, type Policy, type Waiting } from './flood.ts';
import type { History, Run } from './history.ts';
import { type Incident, namespecOf } from './incident.ts';
import type { Letter, Notice } from './letter.ts';
import { MAX_FULL, MAX_FULL_OF_PROGRAM, MAX_LETTERS, newRecord, type OutboxRecord } from './outbox.ts';
import type { Outbox, Surroundings } from './ports.ts';
import { Recoveries } from './recoveries.ts';
import { abridged, type Report } from './report.ts';
import { severityOf } from './words.ts';

export interface DeskPorts {
  readonly outbox: Outbox;
  readonly witnesses: Witnesses;
  readonly history: History;
  readonly surroundings: Surroundings;
  /** Who gets the mails about a program, joined by commas. */
  readonly recipients: (incident: Incident) => string;
  readonly digest: (text: string) => string;
  /** A letter was written. */
  readonly posted: () => void;
  /** The letter as it is being sent; undefined: the sender has not looked at it yet. */
  readonly underway: (id: string) => OutboxRecord | undefined;
}

export interface DeskOptions {
  readonly policy: Policy;
  readonly lines: number;
  readonly host: string;
  readonly severity: MailSeverity;
  /** How long a program runs until it has recovered; 0: that is never said. */
  readonly recovered: number;
}

/** Reports about which the supervisor is asked at the same time. */
const INQUIRIES = 4;
/** Without anything to do, the desk still looks up so often. */
const LONGEST_REST = 60_000;
const GUEST_REST = 2000;
const DISK_REST = 5000;
/** With more reports than that, so long at least between two decisions. */
const BUSY = 20;
const BUSY_REST: Millis = millis(200);

export class Desk {
  readonly #ports: DeskPorts;
  readonly #options: DeskOptions;
  readonly #bell = new Bell();
  readonly #recoveries: Recoveries;
  /** Reports about which nothing more will be found out. */
  readonly #ready = new Set<string>();
  readonly #inquiries: { readonly id: string; readonly run: Run }[] = [];
  #asking = 0;
  #flood: FloodState;
  #isHurried = false;
  #isStopped = false;
  /** Something became ready since the last decision. */
  #isStale = true;
  #written = '';
  readonly #keep: (flood: FloodState) => Promise<void>;

  /** @param keep writes the state of the flood where the next process finds it */
  constructor(
    ports: DeskPorts,
    options: DeskOptions,
    memory: { readonly flood: FloodState; readonly keep: (flood: FloodState) => Promise<void> },
  ) {
    this.#ports = ports;
    this.#options = options;
    this.#flood = memory.flood;
    this.#keep = memory.keep;
    this.#recoveries = new Recoveries(ports.witnesses.rpc, options);
  }

  /** A report is on the disk; what else is to be known of it is found out now. */
  add(report: Report, run: Run): void {
    if (report.detail === 'event') {
      this.#inquiries.push({ id: report.id, run });
      this.#inquire();
    } else {
      this.#ready.add(report.id);
      this.#bell.ring();
    }
  }

  /** Would the next crash of this program be mailed at once, as far as is known? */
  isCalm(program: string): boolean {
    return !this.#flood.memories.some((memory) => memory.program === program);
  }

  wake(): void {
    this.#bell.ring();
  }

  /** Nothing waits for its time any more. */
  flush(): void {
    this.#isHurried = true;
    this.#bell.ring();
  }

  /** What is due becomes a letter; then `run` resolves. */
  stop(): void {
    this.#isStopped = true;
    this.#bell.ring();
  }

  async run(): Promise<void> {
    const { surroundings, outbox, history } = this.#ports;
    for (;;) {
      for (const { id, detail, incident } of outbox.reports()) {
        const isKnown = this.#ready.has(id) || this.#inquiries.some((one) => one.id === id);
        if (isKnown || this.#isAsked(id)) continue;
        const run = history.recall(namespecOf(incident), surroundings.wall());
        if (detail === 'event') this.#inquiries.push({ id, run });
        else this.#ready.add(id);
      }
      this.#inquire();
      this.#isStale = false;
      const wakeAt = outbox.isOwner ? await this.#turn() : surroundings.wall() + GUEST_REST;
      // In a storm, something becomes ready all the time; one decision does for many.
      if (outbox.reports().length > BUSY) await surroundings.pause(BUSY_REST, new AbortController().signal);
      if (this.#isStale) continue;
      if (this.#isStopped && this.#asking === 0 && this.#inquiries.length === 0) return;
      const rest = Math.min(LONGEST_REST, wakeAt - surroundings.wall());
      await this.#bell.rest(millis(Math.max(1, rest)), surroundings);
    }
  }

  /** A letter about crashmail itself, for some channels only. */
  async notify(notice: Notice, to: string, channels: readonly string[]): Promise<void> {
    const at = this.#ports.surroundings.wall();
    const id = this.#ports.digest([notice.title, ...notice.lines, to, ...channels, at].join('\n'));
    await this.#post({ ...this.#blank(id, to), notices: [notice], channels });
  }

  readonly #underInquiry = new Set<string>();
  #isAsked(id: string): boolean {
    return this.#underInquiry.has(id);
  }

  #inquire(): void {
    while (this.#asking < INQUIRIES) {
      const next = this.#inquiries.shift();
      if (next === undefined) return;
      const report = this.#ports.outbox.reports().find(({ id }) => id === next.id);
      if (report === undefined) continue;
      this.#asking += 1;
      this.#underInquiry.add(next.id);
      void this.#ask(report, next.run)
        // The report itself is safe; without facts it is mailed as it is.
        .catch((cause: unknown) => this.#ports.surroundings.say(`bug: report ${next.id}: ${String(cause)}`))
        .finally(() => {
          this.#asking -= 1;
          this.#underInquiry.delete(next.id);
          this.#ready.add(next.id);
          this.#isStale = true;
          this.#bell.ring();
          this.#inquire();
        });
    }
  }

  /** How much is kept of one more report. */
  #detailFor({ id, incident }: Report): 'full' | 'brief' {
    const full = this.#ports.outbox.reports().filter((report) => report.detail === 'full' && report.id !== id);
    const name = namespecOf(incident);
    const ofProgram = full.filter((report) => namespecOf(report.incident) === name).length;
    return full.length < MAX_FULL && ofProgram < MAX_FULL_OF_PROGRAM ? 'full' : 'brief';
  }

  async #ask(report: Report, run: Run): Promise<void> {
    const { outbox, witnesses } = this.#ports;
    const { incident, serials, at, id } = report;
    const detail = this.#detailFor(report);
    const heard = Math.floor(at / 1000);
    const { lines } = this.#options;
    const facts = await gatherFacts(witnesses, { incident, serials, run, heard, lines, detail });
    if (facts === undefined) return outbox.drop(id);
    const known = outbox.reports().find((one) => one.id === id);
    if (known !== undefined) outbox.revise({ ...known, detail, facts });
  }

  /** Everything that is to be decided now. @returns when to look again */
  async #turn(): Promise<number> {
    const { outbox, surroundings } = this.#ports;
    const waiting = await this.#sift();
    const now = surroundings.wall();
    const { onTheWay, blocked } = await this.#lettersWaiting();
    const hurried = this.#isHurried;
    this.#isHurried = false;
    const policy = hurried
      ? { ...this.#options.policy, window: 0, windowMax: 0, batch: 0, quietHours: undefined }
      : this.#options.policy;
    const state = hurried
      ? { memories: this.#flood.memories.map((memory) => ({ ...memory, distance: 0 })), lines: [] }
      : this.#flood;
    const decision = decide({ state, waiting, onTheWay: hurried ? new Set() : onTheWay, blocked, now }, policy);
    const posted = await this.#postAll(decision.drafts);
    if (posted) this.#flood = decision.state;
    const recovered = await this.#recover(new Set(waiting.map(({ program }) => program)));
    await this.#keepFlood();
    await outbox.save();
    if (!posted) return now + DISK_REST;
    return Math.min(decision.wakeAt, recovered);
  }

  /** The reports that wait for a mail; what nobody wants to hear of is dropped. */
  async #sift(): Promise<readonly Waiting[]> {
    const { outbox, recipients } = this.#ports;
    const waiting: Waiting[] = [];
    for (const report of outbox.reports()) {
      const isReady = this.#ready.has(report.id);
      const severity = severityOf(report);
      if (isReady && !isAtLeast(severity, this.#options.severity)) {
        await outbox.drop(report.id);
        this.#ready.delete(report.id);
        continue;
      }
      const { id, at, incident, count } = report;
      const isUrgent = incident.kind === 'fatal';
      waiting.push({
        id,
        isReady,
        at,
        program: namespecOf(incident),
        to: recipients(incident),
        isUrgent,
        severity,
        count,
      });
    }
    return waiting;
  }

  async #lettersWaiting(): Promise<{ readonly onTheWay: ReadonlySet<string>; readonly blocked: ReadonlySet<string> }> {
    const { outbox, underway } = this.#ports;
    const counts = new Map<string, number>();
    const onTheWay = new Set<string>();
    for (const id of outbox.waiting()) {
      const record = underway(id) ?? (await outbox.read(id));
      if (record === undefined) continue;
      const { to } = record.letter;
      counts.set(to, (counts.get(to) ?? 0) + 1);
      if (record.attempts === 0) onTheWay.add(to);
    }
    const blocked = new Set([...counts].filter(([, count]) => count >= MAX_LETTERS).map(([to]) => to));
    return { onTheWay, blocked };
  }

  #blank(id: string, to: string): Letter {
    const at: EpochMillis = this.#ports.surroundings.wall();
    const { host } = this.#options;
    return { id, at, host, to, reports: [], troubles: [], recoveries: [], notices: [], channels: [] };
  }

  async #postAll(drafts: readonly Draft[]): Promise<boolean> {
    for (const draft of drafts) {
      if (!(await this.#post(this.#letterOf(draft)))) return false;
      for (const id of draft.ids) this.#ready.delete(id);
    }
    return true;
  }

  async #post(letter: Letter): Promise<boolean> {
    const { outbox, surroundings, posted } = this.#ports;
    const done = await outbox.post(newRecord(letter));
    if (done.ok) posted();
    else surroundings.say(done.error.message);
    return done.ok;
  }

  #letterOf({ to, ids, memories }: Draft): Letter {
    const wanted = new Set(ids);
    const reports = this.#ports.outbox.reports().filter(({ id }) => wanted.has(id));
    const id = this.#ports.digest(ids.toSorted().join('\n'));
    const troubles = memories.map(({ program, since, crashes, mails, mailedAt, distance }) => ({
      program,
      since,
      crashes,
      mails,
      until: mailedAt + distance,
    }));
    return { ...this.#blank(id, to), reports: shortened(reports), troubles };
  }

  /** @returns when to ask again */
  async #recover(crashed: ReadonlySet<string>): Promise<number> {
    const { surroundings, digest } = this.#ports;
    const found = await this.#recoveries.look(this.#flood, crashed, surroundings.wall());
    for (const { to, recoveries, memories } of found.groups) {
      const id = digest(
        ['recovered', to, ...memories.map(({ program, lastCrash }) => `${program} ${lastCrash}`)].join('\n'),
      );
      if (await this.#post({ ...this.#blank(id, to), recoveries })) {
        const gone = new Set(memories);
        this.#flood = { ...this.#flood, memories: this.#flood.memories.filter((memory) => !gone.has(memory)) };
      }
    }
    return found.wakeAt;
  }

  async #keepFlood(): Promise<void> {
    const { memories, lines } = this.#flood;
    const text = JSON.stringify([memories, lines.map(({ to, holdUntil }) => [to, holdUntil])]);
    if (text === this.#written) return;
    this.#written = text;
    await this.#keep(this.#flood);
  }
}

/** Of one program the first and the last keep everything, of many programs the first of each, as far as they are shown. */
function shortened(reports: readonly Report[]): readonly Report[] {
  const kept = new Set<Report>();
  for (const some of Map.groupBy(reports, ({ incident }) => namespecOf(incident)).values()) {
    const full = some.filter(({ detail }) => detail === 'full');
    for (const report of [full[0], full.at(-1)]) if (report !== undefined && kept.size < 40) kept.add(report);
  }
  return reports.map((report) => (kept.has(report) ? report : abridged(report)));
}
