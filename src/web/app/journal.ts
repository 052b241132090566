/** The records that a view shows: the newest at first, then what comes, and older ones on request. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call } from './api.ts';
import type { JournalRecord } from './model.ts';
import { readHistory } from './read.ts';
import { listen } from './store.ts';

export interface Query {
  /** A group, process or group:process; '' for all. */
  readonly name: string;
  readonly kinds: readonly string[];
  /** How many at first, and how many more each time. */
  readonly limit: number;
}

export interface History {
  readonly records: Signal<readonly JournalRecord[]>;
  readonly isLoading: Signal<boolean>;
  /** Whether there may be older ones. */
  readonly hasOlder: Signal<boolean>;
  readonly older: () => Promise<void>;
}

/** A view that is left open for weeks does not keep everything, but what somebody asked for. */
const MAX_KEPT = 1000;
/** How far back one step goes, in serials, when only some of the records are wanted. */
const STRIDE = 1000;

const optionsOf = ({ name, kinds, limit }: Query): object => ({
  ...(name === '' ? {} : { name }),
  ...(kinds.length === 0 ? {} : { kinds }),
  limit,
});

/** The records before a serial: from steps back, until enough are found or the beginning is reached. */
async function before(serial: number, query: Query): Promise<readonly JournalRecord[]> {
  let found: readonly JournalRecord[] = [];
  for (let end = serial; end > 1 && found.length < query.limit; end -= STRIDE) {
    const after = Math.max(0, end - STRIDE - 1);
    const rows = readHistory(await call('superd.history', { options: { ...optionsOf(query), after, limit: STRIDE } }));
    found = [...rows.filter((record) => record.serial < end), ...found];
  }
  return found;
}

const belongs = ({ group, process, kind }: JournalRecord, { name, kinds }: Query): boolean =>
  (kinds.length === 0 || kinds.includes(kind)) &&
  (name === '' || name === group || name === process || name === `${group ?? ''}:${process ?? ''}`);

/** @param query must differ when something else is wanted */
export function useJournal(query: Query): History {
  const records = useSignal<readonly JournalRecord[]>([]);
  const isLoading = useSignal(true);
  const hasOlder = useSignal(false);
  const room = useRef(MAX_KEPT);
  const identity = JSON.stringify(query);
  useEffect(() => {
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      isLoading.value = true;
      const rows = readHistory(await call('superd.history', { options: optionsOf(query) }, abort.signal));
      records.value = rows;
      hasOlder.value = rows.length >= query.limit;
      isLoading.value = false;
    };
    // Without a connection there is a gap when it comes back, and then it is loaded.
    const reload = (): void => void load().catch(() => undefined);
    reload();
    const stop = listen({
      gap: reload,
      records(news) {
        const last = records.value.at(-1)?.serial ?? 0;
        const fresh = news.filter((record) => record.serial > last && belongs(record, query));
        if (fresh.length > 0) records.value = [...records.value, ...fresh].slice(-room.current);
      },
    });
    return () => {
      abort.abort();
      stop();
    };
  }, [identity]);
  return {
    records,
    isLoading,
    hasOlder,
    older: async () => {
      const first = records.value[0]?.serial ?? 1;
      const found = await before(first, query);
      hasOlder.value = found.length >= query.limit;
      room.current = Math.max(MAX_KEPT, records.value.length + found.length);
      records.value = [...found, ...records.value];
    },
  };
}
