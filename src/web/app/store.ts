/** What the page knows now, and who wants to hear what is new. */
import { computed, signal } from '@preact/signals';
import { asksForOverview, withRecords, withUsage } from './apply.ts';
import { isTrouble, type JournalRecord, type Overview, type Process } from './model.ts';

export const overview = signal<Omit<Overview, 'processes'> | undefined>(undefined);
export const processes = signal<readonly Process[]>([]);

/** How far the server's clock is ahead of the browser's, in milliseconds. */
let ahead = 0;
/** The server's time, once a second. */
export const now = signal(Date.now());

export const serverTime = (): number => Date.now() + ahead;
export const tick = (): void => {
  now.value = serverTime();
};

export const trouble = computed(() => processes.value.filter(({ state }) => isTrouble(state)).length);
export const mayOperate = computed(() => overview.value?.role === 'operator' || overview.value?.role === 'admin');
export const mayConfigure = computed(() => overview.value?.role === 'admin');

export const findProcess = (namespec: string): Process | undefined =>
  processes.value.find((process) => process.namespec === namespec);

/** Who hears of records, of samples, and that what came before is no longer known without gaps. */
export interface Audience {
  readonly records?: (records: readonly JournalRecord[]) => void;
  readonly usage?: () => void;
  readonly gap?: () => void;
}

const audience = new Set<Audience>();

/** @returns what ends it */
export function listen(listener: Audience): () => void {
  audience.add(listener);
  return () => audience.delete(listener);
}

export function takeOverview({ processes: all, ...rest }: Overview): void {
  ahead = rest.now === 0 ? 0 : rest.now - Date.now();
  overview.value = rest;
  processes.value = all;
  tick();
}

/** @returns whether the overview is to be asked for again */
export function takeRecords(records: readonly JournalRecord[]): boolean {
  // What an overview was made after is in it.
  const fresh = records.filter(({ serial }) => serial > (overview.value?.serial ?? 0));
  processes.value = withRecords(processes.value, fresh);
  for (const { records: hear } of audience) hear?.(records);
  return fresh.some(asksForOverview);
}

export function takeUsage(usage: unknown): void {
  processes.value = withUsage(processes.value, usage);
  for (const { usage: hear } of audience) hear?.();
}

export function takeGap(): void {
  for (const { gap } of audience) gap?.();
}
