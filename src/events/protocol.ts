/**
 * What one listener says on its standard output, as a pure state machine: bytes in, what they mean out. It is as
 * tolerant as supervisord's and no more (spec api 4.2). Knows nothing of events, pools and processes.
 */
import { Buffer } from 'node:buffer';
import { textOf } from './payload.ts';

/** A longer line of a BUSY listener without a line feed is a bad result line. */
export const MAX_RESULT_LINE = 4096;
/** A longer result than this is refused when it is announced. Results are counted, not kept. */
export const MAX_RESULT_BYTES = 16_777_216;

const READY = Buffer.from('READY\n');
/** The length of `RESULT `, which is skipped without a look. */
const RESULT_PREFIX = 7;
const LF = 0x0a;
const EMPTY: Uint8Array = new Uint8Array(0);

export type ListenerState =
  | { readonly name: 'ACKNOWLEDGED'; readonly pending: Uint8Array }
  | { readonly name: 'READY' }
  /** Waiting for the line that announces the result. */
  | { readonly name: 'BUSY'; readonly phase: 'line'; readonly pending: Uint8Array }
  /** Waiting for `missing` more bytes; `matches`: so far the result reads like `OK`. */
  | {
      readonly name: 'BUSY';
      readonly phase: 'result';
      readonly length: number;
      readonly missing: number;
      readonly matches: boolean;
    }
  | { readonly name: 'UNKNOWN' };

export type ListenerOutput =
  /** The result was complete; `processed`: it was exactly `OK`. */
  | { readonly kind: 'result'; readonly processed: boolean }
  | { readonly kind: 'bad-result-line'; readonly line: string }
  | { readonly kind: 'transition'; readonly from: ListenerState['name']; readonly to: ListenerState['name'] };

type Move = readonly [ListenerState, Uint8Array, readonly ListenerOutput[]];

/** The state of every freshly spawned listener. */
export const ACKNOWLEDGED: ListenerState = { name: 'ACKNOWLEDGED', pending: EMPTY };
/** The state of a listener that was just sent an event. */
export const BUSY: ListenerState = { name: 'BUSY', phase: 'line', pending: EMPTY };
const UNKNOWN: ListenerState = { name: 'UNKNOWN' };

const transition = (from: ListenerState['name'], to: ListenerState['name']): ListenerOutput => ({
  kind: 'transition',
  from,
  to,
});

function join(pending: Uint8Array, chunk: Uint8Array): Uint8Array {
  return pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
}

function acknowledged(pending: Uint8Array, chunk: Uint8Array): Move {
  const data = join(pending, chunk);
  // Spec api 4.2: no judgement before six bytes are there.
  if (data.length < READY.length) return [{ name: 'ACKNOWLEDGED', pending: new Uint8Array(data) }, EMPTY, []];
  if (READY.compare(data, 0, READY.length) !== 0) return [UNKNOWN, EMPTY, [transition('ACKNOWLEDGED', 'UNKNOWN')]];
  return [{ name: 'READY' }, data.subarray(READY.length), [transition('ACKNOWLEDGED', 'READY')]];
}

const badLine = (line: Uint8Array): Move => [
  UNKNOWN,
  EMPTY,
  [{ kind: 'bad-result-line', line: textOf(line.subarray(0, MAX_RESULT_LINE)) }, transition('BUSY', 'UNKNOWN')],
];

/** The announced length, read as Python's `int` reads it; undefined when it is none, negative or over the limit. */
function resultLength(line: Uint8Array): number | undefined {
  const text = Buffer.from(line.subarray(RESULT_PREFIX)).toString('latin1');
  const digits = /^[ \t\r\v\f]*(?:\+?(\d+(?:_\d+)*)|-0+)[ \t\r\v\f]*$/.exec(text);
  if (digits === null) return undefined;
  const length = Number((digits[1] ?? '0').replaceAll('_', ''));
  return length <= MAX_RESULT_BYTES ? length : undefined;
}

function resultLine(pending: Uint8Array, chunk: Uint8Array): Move {
  const data = join(pending, chunk);
  const end = data.indexOf(LF);
  if (end < 0 && data.length <= MAX_RESULT_LINE)
    return [{ name: 'BUSY', phase: 'line', pending: new Uint8Array(data) }, EMPTY, []];
  if (end < 0 || end > MAX_RESULT_LINE) return badLine(data);
  const line = data.subarray(0, end);
  const length = resultLength(line);
  if (length === undefined) return badLine(line);
  return result({ length, missing: length, matches: length === 2 }, data.subarray(end + 1));
}

function result(state: { length: number; missing: number; matches: boolean }, chunk: Uint8Array): Move {
  const { length, missing } = state;
  const taken = Math.min(missing, chunk.length);
  let { matches } = state;
  for (let at = 0; matches && at < taken; at += 1) matches = chunk[at] === 'OK'.charCodeAt(length - missing + at);
  if (taken < missing) return [{ name: 'BUSY', phase: 'result', length, missing: missing - taken, matches }, EMPTY, []];
  return [
    ACKNOWLEDGED,
    chunk.subarray(taken),
    [{ kind: 'result', processed: matches }, transition('BUSY', 'ACKNOWLEDGED')],
  ];
}

function move(state: ListenerState, chunk: Uint8Array): Move {
  switch (state.name) {
    case 'ACKNOWLEDGED':
      return acknowledged(state.pending, chunk);
    case 'READY':
      return [UNKNOWN, EMPTY, [transition('READY', 'UNKNOWN')]];
    case 'BUSY':
      return state.phase === 'line' ? resultLine(state.pending, chunk) : result(state, chunk);
    case 'UNKNOWN':
      return [UNKNOWN, EMPTY, []];
  }
}

/**
 * Takes what a listener wrote. What follows a complete answer in the same chunk is judged at once, as it would be on
 * its own.
 * @source spec api 4.2
 */
export function step(state: ListenerState, chunk: Uint8Array): readonly [ListenerState, readonly ListenerOutput[]] {
  const outputs: ListenerOutput[] = [];
  let current = state;
  let rest = chunk;
  while (rest.length > 0) {
    const [next, left, said] = move(current, rest);
    outputs.push(...said);
    current = next;
    rest = left;
  }
  return [current, outputs];
}
