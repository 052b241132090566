/**
 * Gives memory back once, after a burst of work: V8 keeps what a burst needed for as long as nothing else happens, and in
 * a supervisor that is for months. Nothing happens here while nothing happens elsewhere.
 */
import { collectGarbage } from './engine.ts';

/** So long nothing must have happened. */
const QUIET_MS = 2000;
/** What happens less often leaves too little behind to be worth a collection. */
const BURST = 20;

let seen = 0;
let timer: NodeJS.Timeout | undefined;

/** Something happened that leaves garbage behind, such as a spawn; a start of the program counts as a burst. */
export function noteWork(weight: number | 'burst' = 1): void {
  seen += weight === 'burst' ? BURST : weight;
  if (seen < BURST) return;
  if (timer === undefined) timer = setTimeout(tidy, QUIET_MS).unref();
  else timer.refresh();
}

function tidy(): void {
  timer = undefined;
  seen = 0;
  collectGarbage();
}
