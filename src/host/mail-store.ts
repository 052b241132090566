/** Reads the outboxes of crashmail for those who look; changes nothing, and follows no link that somebody put there. */
import { constants, promises as files } from 'node:fs';
import { join } from 'node:path';
import { type MailRow, rowOfRecord, rowOfReport, textOfLetter, textOfReport } from '../crashmail/archive.ts';
import { readReceipt, readRecord, readReport } from '../crashmail/records.ts';
import type { MailAccess, MailQueue } from '../rpc/ports.ts';

/** The newest of each kind that are shown; reports and mails that wait are rarely more. */
const SHOWN = { reports: 100, waiting: 100, failed: 50, sent: 50 } as const;
type Folder = keyof typeof SHOWN;
const FOLDERS = ['reports', 'waiting', 'failed', 'sent'] as const satisfies readonly Folder[];
/** No mail is that long. */
const MAX_FILE = 16 * 1024 * 1024;

/** The names begin with the time and end in the id. @source src/host/outbox.ts */
const FILE_NAME = /^[0-9]{13,}-([A-Za-z0-9]+)\.json$/;

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await files.readdir(directory)).toSorted();
  } catch {
    return [];
  }
}

/** '' for what cannot be read. */
async function readText(path: string): Promise<string> {
  try {
    await using file = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_FILE ? await file.readFile('utf8') : '';
  } catch {
    return '';
  }
}

function rowOf(folder: Folder, text: string): MailRow | undefined {
  if (folder === 'sent') return readReceipt(text)?.row;
  if (folder === 'reports') {
    const report = readReport(text);
    return report === undefined ? undefined : rowOfReport(report);
  }
  const record = readRecord(text);
  return record === undefined ? undefined : rowOfRecord(record);
}

/** The text of one of them; undefined: not by this name. */
async function textOf(directory: string, folder: Folder, name: string): Promise<string | undefined> {
  const text = await readText(join(directory, folder, name));
  if (folder === 'sent') return readReceipt(text)?.text || undefined;
  if (folder === 'reports') {
    const report = readReport(text);
    return report === undefined ? undefined : textOfReport(report);
  }
  const record = readRecord(text);
  return record === undefined ? undefined : textOfLetter(record.letter);
}

export class MailStore implements MailAccess {
  readonly #base: () => string;

  /** @param base the folder of all outboxes; the configuration may name another one */
  constructor(base: () => string) {
    this.#base = base;
  }

  async queue(): Promise<MailQueue> {
    const rows: Record<Folder, MailRow[]> = { reports: [], waiting: [], failed: [], sent: [] };
    for (const directory of await this.#outboxes()) {
      for (const folder of FOLDERS) {
        const names = (await namesIn(join(directory, folder))).filter((name) => FILE_NAME.test(name));
        for (const name of names.slice(-SHOWN[folder])) {
          const row = rowOf(folder, await readText(join(directory, folder, name)));
          if (row !== undefined) rows[folder].push(row);
        }
      }
    }
    const newest = (folder: Folder): readonly MailRow[] =>
      rows[folder].toSorted((a, b) => b.at - a.at).slice(0, SHOWN[folder]);
    return {
      collected: newest('reports'),
      waiting: newest('waiting'),
      failed: newest('failed'),
      sent: newest('sent'),
    };
  }

  async text(id: string): Promise<string | undefined> {
    const text = await this.#find(id);
    if (text !== undefined) return text;
    // A report that is in a mail by now.
    const { waiting, failed, sent } = await this.queue();
    const mail = [...waiting, ...failed, ...sent].find(({ reports }) => reports.includes(id));
    return mail === undefined ? undefined : this.#find(mail.id);
  }

  async #find(id: string): Promise<string | undefined> {
    for (const directory of await this.#outboxes()) {
      for (const folder of FOLDERS) {
        const name = (await namesIn(join(directory, folder))).find((file) => FILE_NAME.exec(file)?.[1] === id);
        const text = name === undefined ? undefined : await textOf(directory, folder, name);
        if (text !== undefined) return text;
      }
    }
    return undefined;
  }

  async #outboxes(): Promise<readonly string[]> {
    const base = this.#base();
    return (await namesIn(base)).filter((name) => !name.startsWith('.')).map((name) => join(base, name));
  }
}
