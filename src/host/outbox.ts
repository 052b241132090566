/**
 * The outbox on disk, one file per report: `waiting/` until every channel has taken it, then `sent/` or `failed/`.
 * A report moves by rename alone, so a crash leaves it in exactly one place.
 */
import { link, lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  KEPT_FAILED,
  KEPT_SENT,
  MAX_WAITING,
  type OutboxRecord,
  readRecord,
  writeRecord,
} from '../crashmail/outbox.ts';
import type { Outbox } from '../crashmail/ports.ts';
import { fail, HostError, ok, type Result } from '../errors.ts';
import { makePrivate, moveSynced, writeSynced } from './durable.ts';
import { errnoOf } from './errno.ts';
import { processMark } from './process-mark.ts';

const FOLDERS = ['tmp', 'waiting', 'sent', 'failed'] as const;
type Folder = (typeof FOLDERS)[number];

/** After this a file in tmp belongs to a process that died. */
const HALF_WRITTEN_MS = 3_600_000;

/** Sorts by time, and ends in the id. */
const FILE_NAME = /^[0-9]{13,}-([A-Za-z0-9]+)\.json$/;
const fileName = ({ report }: OutboxRecord): string => `${String(report.at).padStart(13, '0')}-${report.id}.json`;
const idOf = (name: string): string => FILE_NAME.exec(name)?.[1] ?? '';

export class DiskOutbox implements Outbox {
  readonly #directory: string;
  readonly #say: (line: string) => void;
  /** Our own mark in the lock; undefined where the system has none, and then nobody is locked out. */
  readonly #mark: string | undefined = processMark(process.pid);
  /** Id to file name, oldest first. */
  readonly #waiting = new Map<string, string>();
  readonly #settled: Record<'sent' | 'failed', Map<string, string>> = { sent: new Map(), failed: new Map() };
  #trouble = '';
  #last: Promise<unknown> = Promise.resolve();

  /** @param directory private to one listener of one daemon; made when it is first used */
  constructor(directory: string, say: (line: string) => void) {
    this.#directory = directory;
    this.#say = say;
  }

  knows(id: string): boolean {
    return this.#waiting.has(id) || this.#settled.sent.has(id) || this.#settled.failed.has(id);
  }

  waiting(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  async put(record: OutboxRecord): Promise<Result<void, HostError>> {
    if (this.#waiting.size >= MAX_WAITING) return fail(new HostError('keep a report in', this.#directory, 'EDQUOT'));
    return this.#attempt('keep a report in', async () => {
      await this.#prepare();
      await this.#write(record);
      this.#waiting.set(record.report.id, fileName(record));
    });
  }

  async read(id: string): Promise<OutboxRecord | undefined> {
    const name = this.#waiting.get(id);
    if (name === undefined) return undefined;
    const text = await readFile(this.#path('waiting', name), 'utf8').catch((cause: unknown) => errnoOf(cause));
    if (text === 'ENOENT') {
      this.#waiting.delete(id);
      return undefined;
    }
    const record = readRecord(text);
    if (record?.report.id !== id) {
      await this.#setAside(id, name);
      return undefined;
    }
    return record;
  }

  update(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.#attempt('update a report in', () => this.#write(record));
  }

  settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>> {
    return this.#attempt('move a report in', async () => {
      const name = this.#waiting.get(record.report.id) ?? fileName(record);
      if (outcome === 'failed') {
        await this.#write(record);
        await this.#explain(name, record.refused.map(({ channel, reason }) => `${channel}: ${reason}`).join('\n'));
      }
      await moveSynced(this.#path('waiting', name), this.#path(outcome, name));
      this.#waiting.delete(record.report.id);
      this.#settled[outcome].set(record.report.id, name);
      await this.#prune(outcome, outcome === 'sent' ? KEPT_SENT : KEPT_FAILED);
    });
  }

  async refresh(): Promise<'owner' | 'guest'> {
    let isOwner = false;
    const done = await this.#attempt('use the outbox', async () => {
      await this.#prepare();
      isOwner = await this.#lock();
      if (isOwner) await this.#clearTmp();
      await this.#scan('waiting', this.#waiting);
      await this.#scan('sent', this.#settled.sent);
      await this.#scan('failed', this.#settled.failed);
    });
    if (!done.ok && this.#trouble !== done.error.message) this.#say(done.error.message);
    this.#trouble = done.ok ? '' : done.error.message;
    return isOwner ? 'owner' : 'guest';
  }

  #path(folder: Folder, name: string): string {
    return join(this.#directory, folder, name);
  }

  /** One change at a time, so that a look at the folders never sees half of one. */
  #attempt(op: string, work: () => Promise<void>): Promise<Result<void, HostError>> {
    const done = this.#last.then(async () => {
      try {
        await work();
        return ok(undefined);
      } catch (cause) {
        return fail(cause instanceof HostError ? cause : new HostError(op, this.#directory, errnoOf(cause), cause));
      }
    });
    this.#last = done;
    return done;
  }

  /** Made anew when somebody has removed it; never used when it belongs to somebody else. */
  async #prepare(): Promise<void> {
    await makePrivate(this.#directory, ...FOLDERS.map((folder) => join(this.#directory, folder)));
    const { uid, mode } = await lstat(this.#directory);
    if (uid !== process.geteuid?.()) throw new HostError('use the outbox', this.#directory, 'EPERM');
    if ((mode & 0o077) !== 0) throw new HostError('use the outbox that others can enter', this.#directory, 'EPERM');
  }

  /** In place of an older version of itself, or new. */
  async #write(record: OutboxRecord): Promise<void> {
    const name = this.#waiting.get(record.report.id) ?? fileName(record);
    const temporary = this.#path('tmp', name);
    await rm(temporary, { force: true });
    await writeSynced(temporary, writeRecord(record));
    await moveSynced(temporary, this.#path('waiting', name));
  }

  async #explain(name: string, reason: string): Promise<void> {
    const file = this.#path('failed', `${name}.reason`);
    await rm(file, { force: true });
    await writeSynced(file, `${reason}\n`);
  }

  async #setAside(id: string, name: string): Promise<void> {
    this.#say(`cannot read ${this.#path('waiting', name)}: it is moved to failed`);
    this.#waiting.delete(id);
    this.#settled.failed.set(id, name);
    await this.#attempt('move a report in', async () => {
      await moveSynced(this.#path('waiting', name), this.#path('failed', name));
      await this.#explain(name, 'this file is not a report that this version of crashmail can read');
    });
  }

  async #prune(folder: 'sent' | 'failed', kept: number): Promise<void> {
    for (const [id, name] of this.#settled[folder]) {
      if (this.#settled[folder].size <= kept) return;
      this.#settled[folder].delete(id);
      await rm(this.#path(folder, name), { force: true });
      await rm(this.#path(folder, `${name}.reason`), { force: true });
    }
  }

  async #scan(folder: Folder, into: Map<string, string>): Promise<void> {
    const names = (await readdir(join(this.#directory, folder))).filter((name) => FILE_NAME.test(name)).sort();
    into.clear();
    for (const name of names) into.set(idOf(name), name);
  }

  /** Only what is old: another process may just be writing. */
  async #clearTmp(): Promise<void> {
    for (const name of await readdir(join(this.#directory, 'tmp'))) {
      const { mtimeMs } = await lstat(this.#path('tmp', name));
      if (Date.now() - mtimeMs > HALF_WRITTEN_MS) await rm(this.#path('tmp', name), { recursive: true, force: true });
    }
  }

  /**
   * One process sends from here at a time; the lock names it by more than its pid, so one that was killed holds
   * nothing. A lock that was lost is noticed at the next refresh.
   */
  async #lock(): Promise<boolean> {
    if (this.#mark === undefined) return true;
    const lock = join(this.#directory, 'lock');
    const mine = join(this.#directory, `lock.${process.pid}`);
    const holder = await readFile(lock, 'utf8').catch(() => undefined);
    if (holder === this.#mark) return true;
    if (holder !== undefined) {
      if (processMark(Number(holder.split(' ')[1])) === holder) return false;
      await rename(lock, mine);
      const isOther = (await readFile(mine, 'utf8')) !== holder;
      if (isOther) await link(mine, lock).catch(() => {});
      await rm(mine, { force: true });
      if (isOther) return false;
    }
    await rm(mine, { force: true });
    await writeSynced(mine, this.#mark);
    const isMine = await link(mine, lock).then(
      () => true,
      () => false,
    );
    await rm(mine, { force: true });
    return isMine;
  }
}
