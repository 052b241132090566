/** What a run finds at its beginning and leaves at its end: news from before the log, AUTO logs, the state directory. */
import { rmdirSync } from 'node:fs';
import type { DaemonConfig } from '../config/model.ts';
import { logLine } from '../config/problems.ts';
import type { Bus } from '../events/bus.ts';
import { cleanAutoLogs } from '../host/auto-logs.ts';
import { forgetCopy } from '../host/brain-copy.ts';
import { errnoOf } from '../host/errno.ts';
import type { WorldFile } from '../host/world-file.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { SavedWorld } from '../supervisor/saved.ts';
import type { RunRequest } from './request.ts';

/** What happened before there was a log, the gravest first. @source spec lifecycle 6.1 */
export function tellBeginning({ config, messages }: RunRequest, log: MainLog): void {
  const grave = messages.filter(({ level }) => level === 'critical');
  for (const { level, message } of grave) log.log(level, message);
  for (const warning of config.warnings) log.log('warn', logLine(warning));
  for (const notice of config.notices) log.log('info', notice);
  for (const { level, message } of messages) if (level !== 'critical') log.log(level, message);
}

/** Deletes AUTO logs that nobody writes to any more. @source spec lifecycle 6.5 */
export function cleanLogs(
  { childlogdir, identifier }: DaemonConfig,
  world: SavedWorld | undefined,
  log: MainLog,
): void {
  const inUse = [...(world?.logs.values() ?? [])].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  const kept = inUse.filter((path) => path !== '');
  for (const warning of cleanAutoLogs(childlogdir, identifier, kept)) log.log('warn', warning);
}

/** After a clean end: the state directory goes when nothing is left in it that is to stay. */
export function leaveState({ statedir }: DaemonConfig, log: MainLog): void {
  forgetCopy(statedir);
  try {
    rmdirSync(statedir);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EBUSY') return;
    log.log('warn', `cannot remove the state directory ${statedir}: ${code}`);
  }
}

/** A brain that dies has used some event numbers since the world was last written; the next begins after them. */
export const SERIALS_AHEAD = 1000;

/** Writes down, ahead of their use, which event numbers a later brain must not use again. @returns what ends that */
export function reserveSerials(bus: Bus, worldFile: Pick<WorldFile, 'save'>): () => void {
  let reserved = 0;
  const watcher = {
    name: 'serial numbers',
    see: () => {
      if (bus.nextSerial < reserved) return;
      reserved = bus.nextSerial + SERIALS_AHEAD;
      worldFile.save({ kind: 'serial', next: reserved });
    },
  };
  bus.watch(watcher);
  return () => bus.remove(watcher);
}
