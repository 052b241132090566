/** Sends what a stream source has, no faster than the client takes it, until either ends. */
import type { ServerResponse } from 'node:http';
import type { StreamSource } from '../web/exchange.ts';

/** How often an open log tail looks for new text. @source spec api 1.5 */
const TAIL_POLL_MS = 100;
/** What comes within this time goes out together. */
const GATHER_MS = 50;
/** A client that takes nothing for so long of what is pushed to it is dropped; it may come back. */
const PATIENCE_MS = 60_000;

/** @param length what was announced; undefined: the connection ends with the source */
export function pump(response: ServerResponse, source: StreamSource, length: number | undefined): void {
  const { socket } = response;
  const { idle } = source;
  let timer: NodeJS.Timeout | undefined;
  let isWaiting = false;
  const later = (delay: number, run: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(run, delay);
  };
  let sent = 0;
  const finish = (): void => {
    response.end();
    // What is missing never comes.
    if (length === undefined || sent < length) socket?.destroySoon();
  };
  const wait = (): void => {
    if (source.listen === undefined) return later(TAIL_POLL_MS, step);
    isWaiting = true;
    if (idle !== undefined) later(idle.after, () => take(idle));
  };
  const take = (from: Pick<StreamSource, 'next'>): void => {
    if (response.destroyed) return;
    clearTimeout(timer);
    isWaiting = false;
    let piece: Uint8Array | 'end';
    try {
      piece = from.next();
    } catch {
      piece = 'end';
    }
    if (piece === 'end') return finish();
    sent += piece.length;
    if (piece.length === 0) wait();
    else if (response.write(piece)) setImmediate(step);
    else {
      response.once('drain', step);
      if (source.listen !== undefined) later(PATIENCE_MS, () => response.destroy());
    }
  };
  const step = (): void => take(source);
  response.once('close', () => {
    clearTimeout(timer);
    source[Symbol.dispose]();
  });
  source.listen?.(() => {
    if (!isWaiting) return;
    isWaiting = false;
    later(GATHER_MS, step);
  });
  response.flushHeaders();
  step();
}
