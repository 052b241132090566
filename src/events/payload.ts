/**
 * Events as the text that listeners read: header line and payload, byte by byte as supervisord writes them.
 * Knows nothing of pools and of delivery.
 */
import { Buffer } from 'node:buffer';
import type { SupervisorEvent } from './event.ts';
import { eventTypeOf } from './types.ts';

/** What the `len` of a header counts: supervisord counts characters, listeners that read bytes want bytes. */
export type LengthUnit = 'characters' | 'bytes';

/** What stands in the header of an event besides its type and length. */
export interface Addressed {
  /** The daemon's identifier. */
  readonly server: string;
  readonly serial: number;
  readonly pool: string;
  readonly poolserial: number;
  readonly event: SupervisorEvent;
  readonly lengthIn: LengthUnit;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Output of a program as text; what is not UTF-8 is shown as a Python literal. @source spec api 3.2 */
export function textOf(data: Uint8Array): string {
  try {
    return strictUtf8.decode(data);
  } catch {
    return `Undecodable: ${reprBytes(data)}`;
  }
}

function escapeByte(byte: number, quote: number): string {
  const char = String.fromCharCode(byte);
  if (byte === quote || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  return byte >= 0x20 && byte < 0x7f ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
}

const ESCAPED_IN_SINGLE = Array.from({ length: 256 }, (_, byte) => escapeByte(byte, 0x27));
const ESCAPED_IN_DOUBLE = Array.from({ length: 256 }, (_, byte) => escapeByte(byte, 0x22));

/** Quotes bytes as Python's `repr` does: `b'…'`, or `b"…"` when they hold a `'` and no `"`. */
export function reprBytes(data: Uint8Array): string {
  const double = data.includes(0x27) && !data.includes(0x22);
  const table = double ? ESCAPED_IN_DOUBLE : ESCAPED_IN_SINGLE;
  const quote = double ? '"' : "'";
  let text = '';
  for (const byte of data) text += table[byte];
  return `b${quote}${text}${quote}`;
}

type StateEvent = Extract<SupervisorEvent, { kind: 'process-state' }>;

function statePayload({ process, group, from, to }: StateEvent): string {
  const head = `processname:${process} groupname:${group} from_state:${from}`;
  switch (to.name) {
    case 'STARTING':
    case 'BACKOFF':
      return `${head} tries:${to.tries}`;
    case 'RUNNING':
    case 'STOPPING':
    case 'STOPPED':
      return `${head} pid:${to.pid}`;
    case 'EXITED':
      return `${head} expected:${to.expected ? 1 : 0} pid:${to.pid}`;
    case 'FATAL':
    case 'UNKNOWN':
      return head;
  }
}

/** The payload of an event. @source spec api 3.2 */
export function payloadOf(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'process-state':
      return statePayload(event);
    case 'process-log':
      return `processname:${event.process} groupname:${event.group} pid:${event.pid} channel:${event.channel}\n${textOf(event.data)}`;
    case 'process-communication':
      return `processname:${event.process} groupname:${event.group} pid:${event.pid}\n${textOf(event.data)}`;
    case 'remote-communication':
      return `type:${event.type}\n${event.data}`;
    case 'supervisor-state-change':
      return '';
    case 'tick':
      return `when:${event.when}`;
    case 'process-group':
      return `groupname:${event.group}\n`;
  }
}

/** Unicode code points, without an array of them. */
export function countCodePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) < 0x10000) continue;
    count -= 1;
    at += 1;
  }
  return count;
}

/** An event as it is written to a listener: one header line and the payload, nothing after it. @source spec api 3.1 */
export function envelope({ server, serial, pool, poolserial, event, lengthIn }: Addressed): Uint8Array {
  const payload = payloadOf(event).toWellFormed();
  const length = lengthIn === 'bytes' ? Buffer.byteLength(payload) : countCodePoints(payload);
  // Blanks and colons separate tokens (spec api 0: the identifier is not validated by supervisord).
  const identifier = server.replace(/[\s:]/g, '_');
  return Buffer.from(
    `ver:3.0 server:${identifier} serial:${serial} pool:${pool} poolserial:${poolserial} ` +
      `eventname:${eventTypeOf(event)} len:${length}\n${payload}`,
  );
}
