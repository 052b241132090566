/**
 * One process sends from an outbox at a time. The lock names it by more than its pid, so one that was killed holds
 * nothing; a lock that was lost is noticed at the next refresh.
 */
import { link, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSynced } from './durable.ts';
import { processMark } from './process-mark.ts';

/** The process that sends from an outbox; undefined: none that lives. */
export async function lockHolder(directory: string): Promise<number | undefined> {
  const holder = await readFile(join(directory, 'lock'), 'utf8').catch(() => '');
  const pid = Number(holder.split(' ')[1]);
  return holder !== '' && processMark(pid) === holder ? pid : undefined;
}

/** @param mark of the process that wants it */
export async function takeLock(directory: string, mark: string): Promise<boolean> {
  const lock = join(directory, 'lock');
  const mine = join(directory, `lock.${process.pid}`);
  const holder = await readFile(lock, 'utf8').catch(() => undefined);
  if (holder === mark) return true;
  if (holder !== undefined) {
    if ((await lockHolder(directory)) !== undefined) return false;
    await rename(lock, mine);
    const isOther = (await readFile(mine, 'utf8')) !== holder;
    if (isOther) await link(mine, lock).catch(() => {});
    await rm(mine, { force: true });
    if (isOther) return false;
  }
  await rm(mine, { force: true });
  await writeSynced(mine, mark);
  const isMine = await link(mine, lock).then(
    () => true,
    () => false,
  );
  await rm(mine, { force: true });
  return isMine;
}
