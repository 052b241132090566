/** Signals as an operator names them over the API. @source spec api 2.3 (signalProcess) */
import { type Signal, signal } from '../units.ts';
import type { XmlValue } from './xml.ts';

/** By number on Linux, from 1; SIGRTMIN and SIGRTMAX are the only real-time ones that have a name. */
const NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS';

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...NAMES.split(' ').map((name, index): [string, number] => [name, index + 1]),
  ['CLD', 17],
  ['POLL', 29],
  ['IOT', 6],
  ['RTMIN', 34],
  ['RTMAX', 64],
]);
const KNOWN: ReadonlySet<number> = new Set([0, ...NUMBERS.values()]);

/** A number or a name with or without SIG, in any case; 0 only asks whether the process is there. */
export function signalOf(value: XmlValue | undefined): Signal | undefined {
  const text = String(typeof value === 'number' || typeof value === 'string' ? value : '').trim();
  const number = /^[+-]?[0-9]+$/.test(text) ? Number(text) : NUMBERS.get(text.toUpperCase().replace(/^SIG/, ''));
  return number !== undefined && KNOWN.has(number) ? signal(number) : undefined;
}
