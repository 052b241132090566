/** Numbers and padding as Python's `%` operator prints them. Pure text; knows nothing of names. */

export interface Spec {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/** Fills up to the width: blanks at the left, at the right with `-`, zeros after the sign with `0`. */
export function pad(text: string, spec: Spec, sign = ''): string {
  const room = spec.width - Array.from(sign + text).length;
  if (room <= 0) return sign + text;
  if (spec.flags.includes('-')) return sign + text + ' '.repeat(room);
  return spec.flags.includes('0') ? sign + '0'.repeat(room) + text : ' '.repeat(room) + sign + text;
}

function signOf(value: number, flags: string): string {
  if (value < 0 || Object.is(value, -0)) return '-';
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

const RADIX: Readonly<Record<string, number>> = { d: 10, o: 8, x: 16, X: 16 };

/** `letter` is one of d o x X. */
export function formatInteger(value: number, letter: string, spec: Spec): string {
  const digits = Math.abs(value)
    .toString(RADIX[letter] ?? 10)
    .padStart(spec.precision ?? 0, '0');
  const prefix = spec.flags.includes('#') && letter !== 'd' ? `0${letter}` : '';
  return pad(letter === 'X' ? digits.toUpperCase() : digits, spec, signOf(value, spec.flags) + prefix);
}

/** An exponent has at least two digits in Python. */
const exponential = (value: number, digits: number): string =>
  value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');

/** JavaScript knows at most 100 digits after the point; the values are whole numbers, so the rest are zeros. */
const MAX_DIGITS = 100;

function general(value: number, precision: number, keepZeros: boolean): string {
  const digits = Math.min(Math.max(precision, 1), MAX_DIGITS);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  const scientific = exponent < -4 || exponent >= digits;
  const text = scientific ? exponential(value, digits - 1) : value.toFixed(Math.max(digits - 1 - exponent, 0));
  return keepZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
}

/** `letter` is one of e E f F g G. */
export function formatFloat(value: number, letter: string, spec: Spec): string {
  const size = Math.abs(value);
  const precision = spec.precision ?? 6;
  const digits = Math.min(precision, MAX_DIGITS);
  const kind = letter.toLowerCase();
  const text =
    kind === 'f'
      ? size.toFixed(digits) + '0'.repeat(precision - digits)
      : kind === 'e'
        ? exponential(size, digits)
        : general(size, precision, spec.flags.includes('#'));
  return pad(letter === kind ? text : text.toUpperCase(), spec, signOf(value, spec.flags));
}
