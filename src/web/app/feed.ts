/**
 * Keeps the page up to date: an overview, then what the server pushes. A lost connection is tried again, and goes on with
 * the record behind the last one that came. A page that nobody sees asks now and then instead: a browser opens only six
 * connections to a server, and one per page would soon be too many.
 */
import { signal } from '@preact/signals';
import { call, Fault, open, renewToken } from './api.ts';
import { listOf, numberOf, objectOf, parse } from './json.ts';
import { pause } from './pause.ts';
import { readHistory, readOverview, readRecord } from './read.ts';
import { EventParser, type ServerEvent } from './sse.ts';
import { takeGap, takeOverview, takeRecords, takeUsage } from './store.ts';

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since` is when it was lost, by the browser's clock. */
  | { readonly kind: 'lost'; readonly since: number };

export const link = signal<Link>({ kind: 'connecting' });
/** How long the connection was away, in milliseconds, for some seconds after it came back. */
export const wasAway = signal<number | undefined>(undefined);

/** The server says something at least every 15 seconds. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
const HIDDEN_POLL_MS = 20_000;
/** Without a stream the page asks this often, and so many times before it tries to get one again. */
const LOOK_MS = 5000;
const LOOKS = 12;
/** A page that is hidden for less is not treated otherwise. */
const HIDDEN_AFTER_MS = 15_000;
const AWAY_SHOWN_MS = 8000;
/** Changes of groups come in bursts. */
const OVERVIEW_DELAY_MS = 300;

let last: number | undefined;
let overviewTimer: number | undefined;

async function fetchOverview(): Promise<void> {
  const found = readOverview(await call('superd.getOverview'));
  takeOverview(found);
  last ??= found.serial;
}

function overviewSoon(): void {
  overviewTimer ??= setTimeout(() => {
    overviewTimer = undefined;
    // Without a connection, the next one begins with it.
    fetchOverview().catch(() => undefined);
  }, OVERVIEW_DELAY_MS);
}

function take(events: readonly ServerEvent[]): void {
  const records = events.flatMap(({ id, event, data }) =>
    event === 'usage' || event === 'gap' || id === '' ? [] : (readRecord(parse(data)) ?? []),
  );
  for (const { event, data } of events) {
    if (event === 'usage') takeUsage(parse(data));
    if (event === 'gap') takeGap();
  }
  if (records.length === 0) return;
  last = Math.max(last ?? 0, ...records.map(({ serial }) => serial));
  if (takeRecords(records)) overviewSoon();
}

function arrived(): void {
  const before = link.value;
  if (before.kind === 'live') return;
  link.value = { kind: 'live' };
  if (before.kind !== 'lost') return;
  wasAway.value = Date.now() - before.since;
  setTimeout(() => {
    wasAway.value = undefined;
  }, AWAY_SHOWN_MS);
}

/** Reads until the stream ends or is silent for too long. */
async function follow(abort: AbortSignal): Promise<void> {
  const silence = new AbortController();
  const body = await open(`api/v1/events?usage=1&after=${last ?? 0}`, AbortSignal.any([abort, silence.signal]));
  const parser = new EventParser();
  arrived();
  let watchdog = 0;
  const listened = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  listened();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      listened();
      take(parser.push(value));
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** For a page that nobody sees. */
async function poll(abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    const answer = objectOf(await call('superd.historyAfter', { serial: last ?? 0, timeout: 0 }, abort));
    arrived();
    const records = readHistory(listOf(answer['records']));
    last = Math.max(last ?? 0, numberOf(answer['last']));
    if (records.length > 0 && takeRecords(records)) overviewSoon();
    await pause(HIDDEN_POLL_MS, abort);
  }
}

/** For a server that has no stream for this page: its journal does not work, or too many pages are open. */
async function look(abort: AbortSignal): Promise<void> {
  arrived();
  for (let turn = 0; turn < LOOKS && !abort.aborted; turn += 1) {
    await pause(LOOK_MS, abort);
    await fetchOverview();
  }
}

/** Whether the page has been hidden for a while; `changed` is called whenever that changes. */
function watchVisibility(changed: () => void): () => boolean {
  let isAsleep = document.hidden;
  let timer: number | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    const sleep = (): void => {
      isAsleep = document.hidden;
      changed();
    };
    if (document.hidden) timer = setTimeout(sleep, HIDDEN_AFTER_MS);
    else if (isAsleep) sleep();
  });
  return () => isAsleep;
}

/** What comes until the connection ends; `lost` when it was not this page that ended it. */
async function attend(abort: AbortSignal, isAsleep: boolean): Promise<'lost' | 'over'> {
  try {
    await (isAsleep ? poll(abort) : follow(abort));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    await look(abort);
    return 'over';
  }
  return abort.aborted ? 'over' : 'lost';
}

/** Follows the server as long as the page is open. */
export async function beginFeed(): Promise<never> {
  let turn = new AbortController();
  const isAsleep = watchVisibility(() => turn.abort());
  let retry = FIRST_RETRY_MS;
  /** The server may be another one meanwhile. */
  let isTokenOld = false;
  addEventListener('online', () => turn.abort());
  for (;;) {
    turn = new AbortController();
    try {
      if (isTokenOld) await renewToken();
      isTokenOld = false;
      await fetchOverview();
      retry = FIRST_RETRY_MS;
      if ((await attend(turn.signal, isAsleep())) === 'over') continue;
    } catch {
      // Whatever it was: it is tried again.
    }
    if (turn.signal.aborted) continue;
    if (link.value.kind !== 'lost') link.value = { kind: 'lost', since: Date.now() };
    await pause(retry, turn.signal);
    retry = Math.min(LAST_RETRY_MS, retry * 2);
    isTokenOld = true;
  }
}
