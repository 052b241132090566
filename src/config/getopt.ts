/** Python's `getopt`: how supervisord and supervisorctl read their command lines, with its error texts. */
import { fail, ok, type Result } from '../errors.ts';

/** One option. `takes` names its argument in the usage text; undefined: a flag. */
export interface Option {
  /** One letter, or undefined. */
  readonly short: string | undefined;
  readonly long: string;
  readonly takes: string | undefined;
  /** superd's own options must be written in full, so that they do not spoil the abbreviations of the others. */
  readonly full?: boolean;
  readonly doc: string;
}

/** An option as it was given: `-z` or `--logfile_backups`, and its argument. */
export interface Given {
  readonly option: Option;
  readonly as: string;
  readonly value: string | undefined;
}

export interface CommandLine {
  readonly given: readonly Given[];
  /** Everything from the first word on that is no option. */
  readonly rest: readonly string[];
}

/** What reading one word gave, and how many words it took. */
interface Step {
  readonly given: readonly Given[];
  readonly words: number;
}

function findLong(options: readonly Option[], word: string): Result<Option, string> {
  const exact = options.find((option) => option.long === word);
  if (exact !== undefined) return ok(exact);
  const possible = options.filter((option) => option.full !== true && option.long.startsWith(word));
  const [first] = possible;
  if (first === undefined) return fail(`option --${word} not recognized`);
  return possible.length > 1 ? fail(`option --${word} not a unique prefix`) : ok(first);
}

function readLong(options: readonly Option[], word: string, next: string | undefined): Result<Step, string> {
  const equals = word.indexOf('=');
  const found = findLong(options, equals < 0 ? word.slice(2) : word.slice(2, equals));
  if (!found.ok) return found;
  const option = found.value;
  const as = `--${option.long}`;
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  if (option.takes === undefined) {
    if (attached !== undefined) return fail(`option ${as} must not have an argument`);
    return ok({ given: [{ option, as, value: undefined }], words: 1 });
  }
  const value = attached ?? next;
  if (value === undefined) return fail(`option ${as} requires argument`);
  return ok({ given: [{ option, as, value }], words: attached === undefined ? 2 : 1 });
}

/** `-ns`, `-cFILE`, `-c FILE`. */
function readShort(options: readonly Option[], word: string, next: string | undefined): Result<Step, string> {
  const given: Given[] = [];
  const letters = Array.from(word.slice(1));
  for (const [index, letter] of letters.entries()) {
    const as = `-${letter}`;
    const option = options.find(({ short }) => short?.includes(letter));
    if (option === undefined) return fail(`option ${as} not recognized`);
    if (option.takes === undefined) {
      given.push({ option, as, value: undefined });
      continue;
    }
    const attached = letters.slice(index + 1).join('');
    const value = attached === '' ? next : attached;
    if (value === undefined) return fail(`option ${as} requires argument`);
    return ok({ given: [...given, { option, as, value }], words: attached === '' ? 2 : 1 });
  }
  return ok({ given, words: 1 });
}

/**
 * Reads options up to the first word that is none, or to `--`.
 * @source spec lifecycle 3.1
 */
export function getopt(options: readonly Option[], words: readonly string[]): Result<CommandLine, string> {
  const given: Given[] = [];
  let at = 0;
  for (;;) {
    const word = words[at];
    if (word === '--') return ok({ given, rest: words.slice(at + 1) });
    if (word === undefined || !word.startsWith('-') || word === '-') return ok({ given, rest: words.slice(at) });
    const step = (word.startsWith('--') ? readLong : readShort)(options, word, words[at + 1]);
    if (!step.ok) return step;
    given.push(...step.value.given);
    at += step.value.words;
  }
}

/** Lines of a usage text. */
export function formatOptions(options: readonly Option[]): string {
  const lines = options.map(({ short, long, takes, doc }) => {
    const letters = Array.from(short ?? '', (letter) => `-${letter}`);
    const names = [...letters, `--${long}`].join(', ');
    return `  ${takes === undefined ? names : `${names} ${takes}`}`.padEnd(36).concat(' ', doc);
  });
  return lines.join('\n');
}
