/** Frames, reports and fakes that the tests of crashmail share. */
import { type EventFrame, FrameReader } from '../../src/crashmail/frame.ts';
import type { Letter } from '../../src/crashmail/letter.ts';
import type { Mail } from '../../src/crashmail/mail.ts';
import { newRecord, type OutboxRecord } from '../../src/crashmail/outbox.ts';
import type { Channel, Delivery, Outbox, Parcel, Surroundings } from '../../src/crashmail/ports.ts';
import { renderMail, type Studio } from '../../src/crashmail/render.ts';
import { type Facts, NO_FACTS, type Report } from '../../src/crashmail/report.ts';
import { fail, HostError, ok, type Result } from '../../src/errors.ts';
import { type EpochMillis, epochMillis, type Millis, millis } from '../../src/units.ts';

export const START = 1_795_341_205_000;

export function frame(state: string, payload: string, serial = 1): EventFrame {
  const header = `ver:3.0 server:supervisor serial:${serial} pool:crashmail poolserial:${serial} eventname:PROCESS_STATE_${state}`;
  const text = `${header} len:${Array.from(payload).length}\n${payload}`;
  const [only] = new FrameReader().feed(Buffer.from(text));
  if (only === undefined) throw new Error('not one frame');
  return only;
}

export const crash = (serial = 1, pid = 42): EventFrame =>
  frame('EXITED', `processname:celery groupname:worker from_state:RUNNING expected:0 pid:${pid}`, serial);

export const FACTS: Facts = {
  ...NO_FACTS,
  ending: { kind: 'code', code: 3 },
  started: START / 1000 - 153,
  stopped: START / 1000,
  restarts: 2,
  reason: 'Bad exit code 3',
  aftermath: { state: 'RUNNING', pid: 43 },
  stdout: { lines: ['hello'], problem: '' },
  stderr: { lines: ['Traceback', '  boom'], problem: '' },
};

export const REPORT: Report = {
  id: 'abc123',
  at: START,
  serials: [7],
  count: 1,
  host: 'web1',
  server: 'supervisor',
  incident: { kind: 'exited', process: 'celery', group: 'worker', pid: 42, fromState: 'RUNNING', state: 'EXITED' },
  detail: 'full',
  facts: FACTS,
};

export const report = (id: string): Report => ({ ...REPORT, id });

export const letterOf = (...reports: readonly Report[]): Letter => ({
  id: 'letter1',
  at: START,
  host: 'web1',
  to: 'ops@example.com',
  reports,
  troubles: [],
  recoveries: [],
  notices: [],
  channels: [],
});

export const letter = (id: string): Letter => ({ ...letterOf(report(`r${id}`)), id });

export const STUDIO: Studio = {
  letterhead: { from: '', prefix: '' },
  draw: () => new Uint8Array(8),
  digest: (text) => Buffer.from(text).toString('hex'),
};

export const compose = (of: Letter): Mail => renderMail(of, STUDIO);

/** A clock that moves only by pauses, which end at once. */
export class FakeSurroundings implements Surroundings {
  time = 0;
  readonly said: string[] = [];
  readonly pauses: number[] = [];
  /** Called at each pause; the only place where a test gets its turn. */
  paused: (time: number) => void = () => {};
  readonly now = (): Millis => millis(this.time);
  readonly wall = (): EpochMillis => epochMillis(START + this.time);
  readonly random = (): number => 0.5;
  readonly say = (line: string): void => {
    this.said.push(line);
  };
  readonly pause = async (time: Millis, abort: AbortSignal): Promise<void> => {
    if (abort.aborted) return;
    this.pauses.push(time);
    this.time += time;
    this.paused(time);
  };
}

/** An outbox in memory; `broken` makes every write fail. */
export class FakeOutbox implements Outbox {
  readonly found: Map<string, Report> = new Map();
  readonly records: Map<string, OutboxRecord> = new Map();
  readonly settled: Map<string, 'sent' | 'failed'> = new Map();
  /** Every letter that was ever written. */
  readonly posted: Letter[] = [];
  state = '';
  broken = false;
  role: 'owner' | 'guest' = 'owner';

  get isOwner(): boolean {
    return this.role === 'owner';
  }
  knows(id: string): boolean {
    return this.found.has(id) || this.posted.some(({ reports }) => reports.some((one) => one.id === id));
  }
  reports(): readonly Report[] {
    return [...this.found.values()];
  }
  async put(one: Report): Promise<Result<void, HostError>> {
    return this.#write(() => this.found.set(one.id, one));
  }
  revise(one: Report): void {
    this.found.set(one.id, one);
  }
  async save(): Promise<void> {}
  async drop(id: string): Promise<void> {
    this.found.delete(id);
  }
  async post(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.#write(() => {
      this.records.set(record.letter.id, record);
      this.posted.push(record.letter);
      for (const { id } of record.letter.reports) this.found.delete(id);
    });
  }
  waiting(): readonly string[] {
    return [...this.records.keys()];
  }
  async read(id: string): Promise<OutboxRecord | undefined> {
    return this.records.get(id);
  }
  async update(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.#write(() => this.records.set(record.letter.id, record));
  }
  async settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>> {
    return this.#write(() => {
      this.records.delete(record.letter.id);
      this.settled.set(record.letter.id, outcome);
    });
  }
  async loadState(): Promise<string> {
    return this.state;
  }
  async saveState(text: string): Promise<void> {
    this.state = text;
  }
  async refresh(): Promise<'owner' | 'guest'> {
    return this.role;
  }
  add(...ids: readonly string[]): this {
    for (const id of ids) this.records.set(id, newRecord(letter(id)));
    return this;
  }
  #write(work: () => unknown): Result<void, HostError> {
    if (this.broken) return fail(new HostError('keep a report in', '/queue', 'ENOSPC'));
    work();
    return ok(undefined);
  }
}

/** A channel that gives the answers of a list in turn, and `sent` when it is used up. */
export class FakeChannel implements Channel {
  readonly name: string;
  readonly mails: Mail[] = [];
  readonly owed: (readonly string[] | undefined)[] = [];
  readonly answers: Delivery[];
  constructor(name: string, answers: readonly Delivery[] = []) {
    this.name = name;
    this.answers = [...answers];
  }
  async deliver({ letter: one, owed }: Parcel): Promise<Delivery> {
    this.mails.push(compose(one));
    this.owed.push(owed);
    return this.answers.shift() ?? { kind: 'sent' };
  }
}

export const DOWN: Delivery = { kind: 'later', scope: 'channel', reason: 'connect ECONNREFUSED' };
export const GREYLISTED: Delivery = { kind: 'later', scope: 'report', reason: '450 try later' };
export const REFUSED: Delivery = { kind: 'refused', reason: '550 no such user' };
