/** The journal as the place from which pools with `replay=true` get what they missed, and where each of them got to. */
import type { KeptBatch, KeptEvents } from '../events/replay.ts';
import { eventOf } from '../journal/record.ts';
import type { MainLog } from './host.ts';
import type { JournalAccess } from './journal.ts';

/** Where pools got to, as serials of the journal; survives the daemon. */
export interface Positions {
  load(pool: string): number | undefined;
  /** May be late by a moment: after a crash a few events come twice. */
  save(pool: string, serial: number): void;
}

export interface ReplayPorts {
  readonly journal: JournalAccess;
  readonly positions: Positions;
  readonly log: MainLog;
}

function tellGap({ journal, log }: ReplayPorts, pool: string, after: number): void {
  const [first = 1] = journal.starts();
  if (first <= after + 1) return;
  log.log('error', `pool ${pool}: the journal no longer holds the records ${after + 1} to ${first - 1}`);
}

/** A pool that was never seen before begins with what happens from now on. */
export function keptEvents(ports: ReplayPorts, pool: string): KeptEvents {
  const { journal, positions } = ports;
  const saved = positions.load(pool);
  // The journal may have lost its end with the power; numbers that it gives again are not answered.
  const answered = Math.min(saved ?? journal.last, journal.last);
  if (saved !== answered) positions.save(pool, answered);
  return {
    answered,
    read(after) {
      tellGap(ports, pool, after);
      const cursor = journal.cursor(after);
      return {
        next(): KeptBatch {
          const records = cursor.next();
          const events = records.flatMap((record) => {
            const kept = eventOf(record);
            return kept === undefined ? [] : [{ ...kept, place: record.serial }];
          });
          return { events, until: records.at(-1)?.serial };
        },
      };
    },
    answer: (serial) => positions.save(pool, serial),
  };
}
