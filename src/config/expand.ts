/**
 * Expansion: a value is a Python `%`-format over names. `%(name)s`, `%(process_num)02d`, `%%`; errors in Python's words.
 * Knows neither sections nor which names exist where.
 */
import { fail, ok, type Result } from '../errors.ts';
import { repr } from '../repr.ts';
import { formatFloat, formatInteger, pad, type Spec } from './percent.ts';
import { compareText } from './text.ts';

export type Names = ReadonlyMap<string, string | number>;

/** More environment names than this are shown as `ENV_*`: the list would bury the message and tell too much. */
export const MAX_ENV_NAMES_SHOWN = 32;

/** Wider fields are refused rather than made. */
export const MAX_FIELD_WIDTH = 10_000;

/** Why a text cannot be expanded. */
type Fault = { readonly kind: 'unknown'; readonly name: string } | { readonly kind: 'format'; readonly detail: string };

const badFormat = (detail: string): { readonly ok: false; readonly error: Fault } => fail({ kind: 'format', detail });

/** `%` flags, width, precision, one skipped size letter; sticky, so it reads on from a position. */
const SPEC = /([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?/y;

interface Conversion {
  readonly spec: Spec;
  readonly stars: boolean;
  /** '' at the end of the text. */
  readonly letter: string;
  /** The index of the letter, counted in code points. */
  readonly end: number;
}

function readConversion(text: string, at: number): Result<Conversion, Fault> {
  SPEC.lastIndex = at;
  const [all = '', flags = '', width = '', precision] = SPEC.exec(text) ?? [];
  if (Number(width) > MAX_FIELD_WIDTH) return badFormat('width too big');
  if (Number(precision) > MAX_FIELD_WIDTH) return badFormat('precision too big');
  const letter = String.fromCodePoint(text.codePointAt(at + all.length) ?? 0);
  const end = at + all.length;
  const spec = { flags, width: Number(width) || 0, precision: precision === undefined ? undefined : Number(precision) };
  return ok({ spec, stars: width === '*' || precision === '*', letter: end < text.length ? letter : '', end });
}

/** The name in balanced parentheses that open at `at`; undefined when they never close. */
function readName(text: string, at: number): string | undefined {
  let depth = 0;
  for (let i = at; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    if (depth === 0) return text.slice(at + 1, i);
  }
  return undefined;
}

function unsupported(text: string, { letter, end }: Conversion): Result<string, Fault> {
  const code = letter.codePointAt(0) ?? 0;
  const shown = code >= 31 && code <= 126 ? letter : '?';
  const index = Array.from(text.slice(0, end)).length;
  return badFormat(`unsupported format character '${shown}' (0x${code.toString(16)}) at index ${index}`);
}

/** Python's `repr` and `ascii` of a value. */
const shownAs = (value: string | number): string => (typeof value === 'string' ? repr(value) : String(value));
const ascii = (text: string): string =>
  text.replace(/[^\0-\x7f]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16)}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });

function formatText(value: string, spec: Spec): string {
  return pad(Array.from(value).slice(0, spec.precision).join(''), { ...spec, flags: spec.flags.replaceAll('0', '') });
}

/** Formats one value; undefined stands for the whole dictionary, which a conversion without a name asks for. */
function convert(text: string, conversion: Conversion, value: string | number | undefined): Result<string, Fault> {
  const { letter, spec } = conversion;
  const type = value === undefined ? 'dict' : 'str';
  // spec lifecycle 1.5: supervisord prints every environment variable here; nobody wants that.
  const missing = (): Result<string, Fault> => badFormat('not enough arguments for format string');
  if (letter === '') return badFormat('incomplete format');
  if (letter === '%') return ok('%');
  if (conversion.stars) return typeof value === 'number' ? missing() : badFormat('* wants int');
  if ('sra'.includes(letter)) {
    if (value === undefined) return missing();
    const plain = letter === 's' ? String(value) : shownAs(value);
    return ok(formatText(letter === 'a' ? ascii(plain) : plain, spec));
  }
  if (letter === 'c') {
    if (typeof value === 'string' && Array.from(value).length === 1) return ok(formatText(value, spec));
    if (typeof value !== 'number') return badFormat('%c requires int or char');
    const inRange = value >= 0 && value < 0x110000;
    return inRange ? ok(formatText(String.fromCodePoint(value), spec)) : badFormat('%c arg not in range(0x110000)');
  }
  if ('diu'.includes(letter)) {
    if (typeof value === 'number') return ok(formatInteger(value, 'd', spec));
    return badFormat(`%${letter} format: a real number is required, not ${type}`);
  }
  if ('oxX'.includes(letter)) {
    if (typeof value === 'number') return ok(formatInteger(value, letter, spec));
    return badFormat(`%${letter} format: an integer is required, not ${type}`);
  }
  if (!'eEfFgG'.includes(letter)) return unsupported(text, conversion);
  return typeof value === 'number'
    ? ok(formatFloat(value, letter, spec))
    : badFormat(`must be real number, not ${type}`);
}

/** One `%…` that starts at `at`. @returns its text, and where to go on */
function expandOne(
  text: string,
  at: number,
  names: Names,
): Result<{ readonly text: string; readonly next: number }, Fault> {
  const named = text[at + 1] === '(';
  const name = named ? readName(text, at + 1) : undefined;
  if (named && name === undefined) return badFormat('incomplete format key');
  const value = name === undefined ? undefined : names.get(name);
  if (name !== undefined && value === undefined) return fail({ kind: 'unknown', name });
  const conversion = readConversion(text, at + 1 + (name === undefined ? 0 : name.length + 2));
  if (!conversion.ok) return conversion;
  const piece = convert(text, conversion.value, value);
  const next = conversion.value.end + conversion.value.letter.length;
  return piece.ok ? ok({ text: piece.value, next }) : piece;
}

function expandAll(text: string, names: Names): Result<string, Fault> {
  let done = '';
  let at = 0;
  for (;;) {
    const percent = text.indexOf('%', at);
    if (percent < 0) return ok(done + text.slice(at));
    const piece = expandOne(text, percent, names);
    if (!piece.ok) return piece;
    done += text.slice(at, percent) + piece.value.text;
    at = piece.value.next;
  }
}

function availableNames(names: Names): string {
  const all = [...names.keys()];
  const other = all.filter((name) => !name.startsWith('ENV_'));
  const shown = all.length - other.length > MAX_ENV_NAMES_SHOWN ? ['ENV_*', ...other] : all;
  return shown.sort(compareText).join(', ');
}

/** A failed expansion: supervisord's text, and the name that is not there. */
export interface ExpandError {
  readonly message: string;
  readonly unknown: string | undefined;
}

/**
 * Expands a value once.
 * @param where what the message calls the value, such as `program:web.command`
 * @source spec lifecycle 1.5
 */
export function expand(text: string, names: Names, where: string): Result<string, ExpandError> {
  const done = expandAll(text, names);
  if (done.ok) return done;
  const subject = `Format string ${repr(text)} for ${repr(where)}`;
  if (done.error.kind === 'format') {
    return fail({ message: `${subject} is badly formatted: ${done.error.detail}`, unknown: undefined });
  }
  const { name } = done.error;
  const why = `contains names (${repr(name)}) which cannot be expanded. Available names: ${availableNames(names)}`;
  return fail({ message: `${subject} ${why}`, unknown: name });
}
