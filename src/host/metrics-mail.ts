/** How much waits in the outboxes of crashmail; only names of files are read. */
import { promises as files } from 'node:fs';
import { join } from 'node:path';
import type { MailQueue } from '../metrics/scrape.ts';
import { epochMillis } from '../units.ts';

/** A report or mail: its name begins with its time. */
const FILE_NAME = /^([0-9]{13,})-[A-Za-z0-9]+\.json$/;

/** The times of what is in a folder; none when there is no such folder. */
async function timesIn(folder: string): Promise<readonly number[]> {
  const names = await files.readdir(folder).catch(() => []);
  return names.flatMap((name) => {
    const time = FILE_NAME.exec(name)?.[1];
    return time === undefined ? [] : [Number(time)];
  });
}

/** @param base the folder of all outboxes */
export async function mailQueue(base: string): Promise<MailQueue> {
  const boxes = await files.readdir(base).catch(() => []);
  const all = async (folder: string): Promise<readonly number[]> =>
    (await Promise.all(boxes.map((box) => timesIn(join(base, box, folder))))).flat();
  const [reports, waiting, failed] = await Promise.all([all('reports'), all('waiting'), all('failed')]);
  const oldest = [...reports, ...waiting].reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY);
  return {
    reports: reports.length,
    waiting: waiting.length,
    failed: failed.length,
    oldest: Number.isFinite(oldest) ? epochMillis(oldest) : undefined,
  };
}
