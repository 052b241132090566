/** The signals of Linux, by name and number, with the same gaps as in supervisord. Knows nothing of who sends them. */
import { fail, ok, type Result } from '../errors.ts';
import { repr } from '../repr.ts';
import { type Signal, signal } from '../units.ts';

/** Standard names in the order of their numbers, from 1. */
const NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS'.split(
    ' ',
  );
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Printed names. 29 is SIGPOLL, never SIGIO. @source spec lifecycle 1.7 */
const NAME_OF: ReadonlyMap<number, string> = new Map([
  ...NAMES.map((name, index): [number, string] => [index + 1, `SIG${name}`]),
  [SIGRTMIN, 'SIGRTMIN'],
  [SIGRTMAX, 'SIGRTMAX'],
]);

/** Accepted names: the printed ones, aliases, and constants that supervisord takes for signals by accident. */
const NUMBER_OF: ReadonlyMap<string, number> = new Map([
  ...Array.from(NAME_OF, ([number, name]): [string, number] => [name, number]),
  ['SIGCLD', 17],
  ['SIGIOT', 6],
  ['SIGIO', 29],
  ['SIG_DFL', 0],
  ['SIG_IGN', 1],
  ['SIG_BLOCK', 0],
  ['SIG_UNBLOCK', 1],
  ['SIG_SETMASK', 2],
]);

/** How Python reads a whole number: a sign, digits, single underscores between them. */
const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;

/**
 * Reads a signal by number, or by name with or without `SIG`, in any case. 0 passes: it only asks whether anybody is there.
 * @returns supervisord's text when there is no such signal
 * @source spec lifecycle 1.7
 */
export function parseSignal(text: string): Result<Signal, string> {
  if (INTEGER.test(text)) {
    const number = Number(text.replaceAll('_', ''));
    const known = number === 0 || NAME_OF.has(number);
    return known ? ok(signal(Math.abs(number))) : fail(`value ${repr(text)} is not a valid signal number`);
  }
  const name = text.trim().toUpperCase();
  const number = NUMBER_OF.get(name.startsWith('SIG') ? name : `SIG${name}`);
  return number === undefined ? fail(`value ${repr(text)} is not a valid signal name`) : ok(signal(number));
}

/** `SIGTERM`, or `signal <n>` for a number without a name. */
export const signalName = (number: Signal): string => NAME_OF.get(number) ?? `signal ${number}`;
