/** Frames, reports and fakes that the tests of crashmail share. */
import { type EventFrame, FrameReader } from '../../src/crashmail/frame.ts';
import { newRecord, type OutboxRecord } from '../../src/crashmail/outbox.ts';
import type { Channel, Delivery, Outbox, Surroundings } from '../../src/crashmail/ports.ts';
import type { Mail } from '../../src/crashmail/render.ts';
import type { Facts, Report } from '../../src/crashmail/report.ts';
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
  host: 'web1',
  server: 'supervisor',
  incident: { kind: 'exited', process: 'celery', group: 'worker', pid: 42, fromState: 'RUNNING' },
  facts: FACTS,
};

export const report = (id: string): Report => ({ ...REPORT, id });

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
  readonly records: Map<string, OutboxRecord> = new Map();
  readonly settled: Map<string, 'sent' | 'failed'> = new Map();
  broken = false;
  role: 'owner' | 'guest' = 'owner';

  knows(id: string): boolean {
    return this.records.has(id) || this.settled.has(id);
  }
  waiting(): readonly string[] {
    return [...this.records.keys()];
  }
  async put(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.update(record);
  }
  async read(id: string): Promise<OutboxRecord | undefined> {
    return this.records.get(id);
  }
  async update(record: OutboxRecord): Promise<Result<void, HostError>> {
    if (this.broken) return fail(new HostError('keep a report in', '/queue', 'ENOSPC'));
    this.records.set(record.report.id, record);
    return ok(undefined);
  }
  async settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>> {
    if (this.broken) return fail(new HostError('move a report in', '/queue', 'ENOSPC'));
    this.records.delete(record.report.id);
    this.settled.set(record.report.id, outcome);
    return ok(undefined);
  }
  async refresh(): Promise<'owner' | 'guest'> {
    return this.role;
  }
  add(...ids: readonly string[]): this {
    for (const id of ids) this.records.set(id, newRecord(report(id)));
    return this;
  }
}

/** A channel that gives the answers of a list in turn, and `sent` when it is used up. */
export class FakeChannel implements Channel {
  readonly name: string;
  readonly mails: Mail[] = [];
  readonly answers: Delivery[];
  constructor(name: string, answers: readonly Delivery[] = []) {
    this.name = name;
    this.answers = [...answers];
  }
  async deliver(mail: Mail): Promise<Delivery> {
    this.mails.push(mail);
    return this.answers.shift() ?? { kind: 'sent' };
  }
}

export const DOWN: Delivery = { kind: 'later', scope: 'channel', reason: 'connect ECONNREFUSED' };
export const GREYLISTED: Delivery = { kind: 'later', scope: 'report', reason: '450 try later' };
export const REFUSED: Delivery = { kind: 'refused', reason: '550 no such user' };
