/**
 * The outbox on disk: `reports/` until they are in a letter, `waiting/` letters until every channel has taken them, then
 * `sent/` (a receipt) or `failed/` (the whole letter). A report is in the first letter that names it and in no other.
 */
import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { countedInto, KEPT_FAILED, KEPT_SENT, MAX_REPORTS, type OutboxRecord } from '../crashmail/outbox.ts';
import type { Outbox } from '../crashmail/ports.ts';
import { readIds, readRecord, readReport, writeReceipt, writeRecord, writeReport } from '../crashmail/records.ts';
import type { Report } from '../crashmail/report.ts';
import { fail, HostError, ok, type Result } from '../errors.ts';
import { makePrivate, moveSynced, syncDirectory, writeSynced } from './durable.ts';
import { errnoOf } from './errno.ts';
import { takeLock } from './outbox-lock.ts';
import { processMark } from './process-mark.ts';

const FOLDERS = ['tmp', 'reports', 'waiting', 'sent', 'failed'] as const;
type Folder = (typeof FOLDERS)[number];
const LETTERS = ['waiting', 'sent', 'failed'] as const;

/** After this a file in tmp belongs to a process that died. */
const HALF_WRITTEN_MS = 3_600_000;
const STATE = 'state.json';

/** Sorts by time, and ends in the id. */
const FILE_NAME = /^[0-9]{13,}-([A-Za-z0-9]+)\.json$/;
const nameOf = ({ at, id }: { readonly at: number; readonly id: string }): string =>
  `${String(at).padStart(13, '0')}-${id}.json`;
const idOf = (name: string): string => FILE_NAME.exec(name)?.[1] ?? '';

export class DiskOutbox implements Outbox {
  readonly #directory: string;
  readonly #say: (line: string) => void;
  /** Our own mark in the lock; undefined where the system has none, and then nobody is locked out. */
  readonly #mark: string | undefined = processMark(process.pid);
  readonly #reports = new Map<string, Report>();
  /** Reports of which more is known than their files tell. */
  readonly #revised = new Set<string>();
  /** Ids of letters to file names, oldest first. */
  readonly #letters: Record<(typeof LETTERS)[number], Map<string, string>> = {
    waiting: new Map(),
    sent: new Map(),
    failed: new Map(),
  };
  /** The reports that are in each letter, by the id of the letter. */
  readonly #contents = new Map<string, readonly string[]>();
  #lettered = new Set<string>();
  #isOwner = false;
  #trouble = '';
  #last: Promise<unknown> = Promise.resolve();

  /** @param directory private to one listener of one daemon; made when it is first used */
  constructor(directory: string, say: (line: string) => void) {
    this.#directory = directory;
    this.#say = say;
  }

  get isOwner(): boolean {
    return this.#isOwner;
  }

  knows(id: string): boolean {
    return this.#reports.has(id) || this.#lettered.has(id);
  }

  reports(): readonly Report[] {
    return [...this.#reports.values()];
  }

  waiting(): readonly string[] {
    return [...this.#letters.waiting.keys()];
  }

  put(report: Report): Promise<Result<void, HostError>> {
    return this.#attempt('keep a report in', async () => {
      const into = this.#reports.size < MAX_REPORTS ? undefined : this.#latestOf(report);
      const kept = into === undefined ? report : countedInto(into, report);
      if (kept === undefined || (into === undefined && this.#reports.size >= MAX_REPORTS)) {
        throw new HostError('keep a report in', this.#directory, 'EDQUOT');
      }
      const write = (): Promise<void> => (into === undefined ? this.#writeNew(report) : this.#replaceReport(kept));
      if (!(await this.#isOurs())) await this.#prepare();
      // In a storm each look at the disk counts: the folders in it are made anew when one turns out to be missing.
      await write().catch(async (cause: unknown) => {
        if (errnoOf(cause) !== 'ENOENT') throw cause;
        await this.#prepare();
        await write();
      });
      this.#reports.set(kept.id, kept);
      // What was counted is known under its own name too, until this process ends.
      if (into !== undefined) this.#lettered.add(report.id);
    });
  }

  revise(report: Report): void {
    if (!this.#reports.has(report.id)) return;
    this.#reports.set(report.id, report);
    // What is known in brief can be asked again; in a storm the disk has enough to do.
    if (report.detail === 'full') this.#revised.add(report.id);
  }

  async save(): Promise<void> {
    for (const id of this.#revised) {
      this.#revised.delete(id);
      await this.#attempt('update a report in', async () => {
        const report = this.#reports.get(id);
        if (report !== undefined) await this.#replaceReport(report);
      });
    }
  }

  async drop(id: string): Promise<void> {
    await this.#attempt('remove a report from', () => this.#removeReport(id));
  }

  post(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.#attempt('keep a mail in', async () => {
      await this.#prepare();
      await this.#writeLetter(record);
      const { id, reports } = record.letter;
      this.#letters.waiting.set(id, nameOf(record.letter));
      this.#remember(
        id,
        reports.map((report) => report.id),
      );
      for (const report of reports) await this.#removeReport(report.id);
    });
  }

  async read(id: string): Promise<OutboxRecord | undefined> {
    const name = this.#letters.waiting.get(id);
    if (name === undefined) return undefined;
    const text = await readFile(this.#path('waiting', name), 'utf8').catch((cause: unknown) => errnoOf(cause));
    if (text === 'ENOENT') {
      this.#letters.waiting.delete(id);
      return undefined;
    }
    const record = readRecord(text);
    if (record?.letter.id !== id) {
      await this.#setAside(id, name);
      return undefined;
    }
    return record;
  }

  update(record: OutboxRecord): Promise<Result<void, HostError>> {
    return this.#attempt('update a mail in', () => this.#writeLetter(record));
  }

  settle(record: OutboxRecord, outcome: 'sent' | 'failed'): Promise<Result<void, HostError>> {
    return this.#attempt('move a mail in', async () => {
      const { id } = record.letter;
      const name = this.#letters.waiting.get(id) ?? nameOf(record.letter);
      await (outcome === 'sent' ? this.#fileReceipt(record, name) : this.#fileFailed(record, name));
      this.#letters.waiting.delete(id);
      this.#letters[outcome].set(id, name);
      await this.#prune(outcome, outcome === 'sent' ? KEPT_SENT : KEPT_FAILED);
    });
  }

  async loadState(): Promise<string> {
    return readFile(join(this.#directory, STATE), 'utf8').catch(() => '');
  }

  async saveState(text: string): Promise<void> {
    await this.#attempt('keep notes in', async () => {
      await this.#prepare();
      const temporary = this.#path('tmp', STATE);
      await rm(temporary, { force: true });
      await writeSynced(temporary, text);
      await rename(temporary, join(this.#directory, STATE));
    });
  }

  async refresh(): Promise<'owner' | 'guest'> {
    let isOwner = false;
    const done = await this.#attempt('use the outbox', async () => {
      await this.#prepare();
      isOwner = this.#mark === undefined || (await takeLock(this.#directory, this.#mark));
      if (isOwner) await this.#clearTmp();
      for (const folder of LETTERS) await this.#scanLetters(folder);
      await this.#dropSettled(isOwner);
      const live = LETTERS.flatMap((folder) => [...this.#letters[folder].keys()]);
      for (const id of this.#contents.keys()) if (!live.includes(id)) this.#contents.delete(id);
      this.#lettered = new Set([...this.#contents.values()].flat());
      await this.#scanReports(isOwner);
    });
    if (!done.ok && this.#trouble !== done.error.message) this.#say(done.error.message);
    this.#trouble = done.ok ? '' : done.error.message;
    this.#isOwner = isOwner;
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
    await this.#isOurs();
  }

  /** Is it there? @throws when it belongs to somebody else, or others can enter it */
  async #isOurs(): Promise<boolean> {
    const found = await lstat(this.#directory).catch(() => undefined);
    if (found?.isDirectory() !== true) return false;
    const { uid, mode } = found;
    if (uid !== process.geteuid?.()) throw new HostError('use the outbox', this.#directory, 'EPERM');
    if ((mode & 0o077) !== 0) throw new HostError('use the outbox that others can enter', this.#directory, 'EPERM');
    return true;
  }

  #latestOf(report: Report): Report | undefined {
    const { group, process } = report.incident;
    return [...this.#reports.values()].findLast(
      ({ incident }) =>
        incident.group === group && incident.process === process && incident.kind === report.incident.kind,
    );
  }

  /** In place at once: until it is whole, nobody was told that it is here. */
  async #writeNew(report: Report): Promise<void> {
    const path = this.#path('reports', nameOf(report));
    await rm(path, { force: true });
    await writeSynced(path, writeReport(report));
    await syncDirectory(join(this.#directory, 'reports'));
  }

  async #replaceReport(report: Report): Promise<void> {
    const name = nameOf(report);
    await this.#replace(name, writeReport(report), this.#path('reports', name));
  }

  async #replace(name: string, content: string, path: string): Promise<void> {
    const temporary = this.#path('tmp', name);
    await rm(temporary, { force: true });
    await writeSynced(temporary, content);
    await moveSynced(temporary, path);
  }

  async #removeReport(id: string): Promise<void> {
    const report = this.#reports.get(id);
    this.#reports.delete(id);
    this.#revised.delete(id);
    if (report !== undefined) await rm(this.#path('reports', nameOf(report)), { force: true });
  }

  #remember(letter: string, reports: readonly string[]): void {
    this.#contents.set(letter, reports);
    for (const id of reports) this.#lettered.add(id);
  }

  /** In place of an older version of itself, or new. */
  async #writeLetter(record: OutboxRecord): Promise<void> {
    const name = this.#letters.waiting.get(record.letter.id) ?? nameOf(record.letter);
    await this.#replace(name, writeRecord(record), this.#path('waiting', name));
  }

  /** The receipt first: with it the letter counts as sent, whatever is still in `waiting`. */
  async #fileReceipt(record: OutboxRecord, name: string): Promise<void> {
    await this.#replace(name, writeReceipt(record), this.#path('sent', name));
    await rm(this.#path('waiting', name), { force: true });
  }

  async #fileFailed(record: OutboxRecord, name: string): Promise<void> {
    await this.#writeLetter(record);
    await this.#explain(name, record.refused.map(({ channel, reason }) => `${channel}: ${reason}`).join('\n'));
    await moveSynced(this.#path('waiting', name), this.#path('failed', name));
  }

  async #explain(name: string, reason: string): Promise<void> {
    const file = this.#path('failed', `${name}.reason`);
    await rm(file, { force: true });
    await writeSynced(file, `${reason}\n`);
  }

  async #setAside(id: string, name: string): Promise<void> {
    this.#say(`cannot read ${this.#path('waiting', name)}: it is moved to failed`);
    this.#letters.waiting.delete(id);
    this.#letters.failed.set(id, name);
    await this.#attempt('move a mail in', async () => {
      await moveSynced(this.#path('waiting', name), this.#path('failed', name));
      await this.#explain(name, 'this file is not a mail that this version of crashmail can read');
    });
  }

  async #prune(folder: 'sent' | 'failed', kept: number): Promise<void> {
    for (const [id, name] of this.#letters[folder]) {
      if (this.#letters[folder].size <= kept) return;
      this.#letters[folder].delete(id);
      await rm(this.#path(folder, name), { force: true });
      await rm(this.#path(folder, `${name}.reason`), { force: true });
    }
  }

  async #names(folder: Folder): Promise<readonly string[]> {
    return (await readdir(join(this.#directory, folder))).filter((name) => FILE_NAME.test(name)).sort();
  }

  /** Reads what is new: which reports are in it. */
  async #scanLetters(folder: (typeof LETTERS)[number]): Promise<void> {
    const names = await this.#names(folder);
    this.#letters[folder].clear();
    for (const name of names) {
      const id = idOf(name);
      this.#letters[folder].set(id, name);
      if (this.#contents.has(id)) continue;
      this.#contents.set(id, readIds(await readFile(this.#path(folder, name), 'utf8').catch(() => '')));
    }
  }

  /** A crash came between the receipt and the removal. */
  async #dropSettled(isOwner: boolean): Promise<void> {
    for (const [id, name] of this.#letters.waiting) {
      if (!this.#letters.sent.has(id)) continue;
      this.#letters.waiting.delete(id);
      if (isOwner) await rm(this.#path('waiting', name), { force: true });
    }
  }

  async #scanReports(isOwner: boolean): Promise<void> {
    const names = new Map((await this.#names('reports')).map((name) => [idOf(name), name]));
    for (const id of this.#reports.keys()) if (!names.has(id)) this.#reports.delete(id);
    for (const [id, name] of names) {
      if (this.#reports.has(id)) continue;
      const path = this.#path('reports', name);
      const report = readReport(await readFile(path, 'utf8').catch(() => ''));
      // Half written, so nobody was told that it is here; or in a letter, and a crash came before its removal.
      const isLeftOver = report === undefined || this.#lettered.has(id);
      if (!isLeftOver) this.#reports.set(id, report);
      else if (isOwner) await rm(path, { force: true });
    }
  }

  /** Only what is old: another process may just be writing. */
  async #clearTmp(): Promise<void> {
    for (const name of await readdir(join(this.#directory, 'tmp'))) {
      const { mtimeMs } = await lstat(this.#path('tmp', name));
      if (Date.now() - mtimeMs > HALF_WRITTEN_MS) await rm(this.#path('tmp', name), { recursive: true, force: true });
    }
  }
}
