/**
 * Reports, once each, that the supervisor itself died and came back: by its journal where it has one, else by what the
 * last run of crashmail noted. Goes on asking until somebody answers.
 */
import { type Millis, millis } from '../units.ts';
import { lookBack } from './comeback.ts';
import { bootOf, daemonDeath, deathReport, type Notes } from './notes.ts';
import type { Outbox, Rpc, Surroundings } from './ports.ts';
import type { Report } from './report.ts';

export interface ObituaryPorts {
  readonly outbox: Outbox;
  readonly rpc: Rpc;
  readonly surroundings: Surroundings;
  readonly digest: (text: string) => string;
  /** A report was written to the outbox. */
  readonly written: (report: Report) => void;
  /** All is on the disk, up to this serial of the journal; undefined: there is no journal. */
  readonly settled: (journal: number | undefined) => Promise<void>;
}

export interface Watched {
  /** What the last run left. */
  readonly before: Notes | undefined;
  /** The mark of the daemon that runs now. */
  readonly mark: string;
  /** Tells whose journal it is. */
  readonly daemon: string;
  readonly host: string;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;

async function reportsDue(
  { rpc, surroundings, digest }: ObituaryPorts,
  { before, mark, daemon, host }: Watched,
): Promise<{ readonly reports: readonly Report[]; readonly seen: number | undefined } | undefined> {
  const looked = await lookBack(rpc, before?.journal, bootOf(before?.daemon ?? ''));
  if (looked.kind === 'later') return undefined;
  if (looked.kind === 'deaths' && before?.journal !== undefined) {
    const reports = looked.deaths.map(({ serial, at, reason, timeline }) =>
      deathReport({ id: digest(['death', daemon, serial, at].join('\n')), at, host, reason, timeline }),
    );
    return { reports, seen: looked.seen };
  }
  const id = digest(['daemon', before?.daemon, mark].join('\n'));
  const death = daemonDeath(before, { daemon: mark, at: surroundings.wall(), host, id });
  const seen = looked.kind === 'deaths' ? looked.seen : undefined;
  return { reports: death === undefined ? [] : [death], seen };
}

async function settle(ports: ObituaryPorts, watched: Watched): Promise<boolean> {
  const { outbox, written, settled } = ports;
  const due = await reportsDue(ports, watched);
  if (due === undefined) return false;
  for (const report of due.reports) {
    if (outbox.knows(report.id)) continue;
    if (!(await outbox.put(report)).ok) return false;
    written(report);
  }
  await settled(due.seen);
  return true;
}

export async function reportDeaths(ports: ObituaryPorts, watched: Watched, abort: AbortSignal): Promise<void> {
  const pauseAfter = (tries: number): Millis => millis(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries));
  for (let tries = 0; !abort.aborted; tries += 1) {
    if (await settle(ports, watched)) return;
    await ports.surroundings.pause(pauseAfter(Math.min(tries, 10)), abort);
  }
}
