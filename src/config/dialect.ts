/**
 * supervisord's INI dialect: physical lines become logical ones, each remembering its place; `ini` then merges sections and
 * keys, reading a canonical text in which nothing is left to interpret. Knows nothing of what keys mean.
 */
import type { Place } from '../errors.ts';
import { repr } from '../repr.ts';
import { continues, insideSingleQuotes } from './quoting.ts';
import type { IniSections } from './source.ts';
import { isWhite, trim, trimEnd, trimStart } from './text.ts';

/** A value and where it stands. */
export interface Entry {
  readonly value: string;
  readonly place: Place;
  /** The directory of its file, for `%(here)s`. */
  readonly here: string;
  /** The first of its lines that lost its end to a ` ;` or ` #` comment. */
  readonly cutLine: number | undefined;
}

export interface Section {
  readonly name: string;
  /** Its first header. */
  readonly place: Place;
  readonly keys: ReadonlyMap<string, Entry>;
}

/** One logical line. */
export type Logical =
  | { readonly kind: 'section'; readonly name: string; readonly line: number }
  | {
      readonly kind: 'option';
      readonly key: string;
      readonly value: string;
      readonly line: number;
      readonly cutLine: number | undefined;
    };

export interface BadLine {
  readonly line: number;
  readonly text: string;
}

/** What one text holds. `bad` is not empty when it cannot be used. */
export interface Reading {
  readonly entries: readonly Logical[];
  readonly bad: readonly BadLine[];
  /** supervisord's one text for all bad lines. */
  readonly error: string | undefined;
}

interface OpenOption {
  readonly key: string;
  readonly parts: string[];
  readonly line: number;
  cutLine: number | undefined;
  /** Its last line ended in a backslash that continues the command. */
  open: boolean;
}

interface State {
  readonly entries: Logical[];
  readonly bad: BadLine[];
  option: OpenOption | undefined;
  hasSection: boolean;
  indent: number;
}

/** Lines with their `\n`; `\r\n` and `\r` count as `\n`. */
const physicalLines = (text: string): readonly string[] => text.replace(/\r\n?/g, '\n').match(/[^\n]*\n|[^\n]+/g) ?? [];

/**
 * Where a comment starts, or undefined. In every round each mark moves to its next occurrence; the first round with one
 * at column 0 or after white space decides.
 * @source spec lifecycle 1.2, steps 1 and 2
 */
export function commentCut(line: string): number | undefined {
  const start = line.length - trimStart(line).length;
  if (line[start] === ';' || line[start] === '#') return 0;
  let alive = [';', '#'].map((mark) => ({ mark, at: -1 }));
  while (alive.length > 0) {
    alive = alive.map(({ mark, at }) => ({ mark, at: line.indexOf(mark, at + 1) })).filter(({ at }) => at >= 0);
    const hits = alive.filter(({ at }) => at === 0 || isWhite(line.charAt(at - 1)));
    if (hits.length > 0) return Math.min(...hits.map(({ at }) => at));
  }
  return undefined;
}

/** The name in a header, which ends at the last bracket of the line. */
function headerName(value: string): string | undefined {
  const end = value.lastIndexOf(']');
  return value.startsWith('[') && end >= 2 ? value.slice(1, end) : undefined;
}

function close(state: State): void {
  const { option } = state;
  state.option = undefined;
  if (option === undefined) return;
  const { key, line, cutLine } = option;
  state.entries.push({ kind: 'option', key, value: trimEnd(option.parts.join('\n')), line, cutLine });
}

function startOption(state: State, raw: string, line: number, cut: number | undefined): void {
  const value = trim(raw.slice(0, cut));
  const at = value.search(/[=:]/);
  const key = trimEnd(value.slice(0, Math.max(at, 0))).toLowerCase();
  // A line without a delimiter leaves the current key open for continuation lines.
  if (at >= 0) close(state);
  if (key === '') {
    state.bad.push({ line, text: repr(raw) });
    return;
  }
  const open = key === 'command' && cut === undefined && continues(raw);
  const cutLine = cut === undefined ? undefined : line;
  state.option = { key, parts: [trim(value.slice(at + 1))], line, cutLine, open };
}

/**
 * superd's own: in `command` a backslash at the very end of a line joins the next line, as in a shell. Comment lines
 * between are skipped; a blank line or a header at column 0 ends it.
 * @returns whether the line was taken
 */
function joinCommand(option: OpenOption, raw: string, cut: number | undefined): boolean {
  if (!option.open) return false;
  const value = trim(raw.slice(0, cut));
  if (value === '' && cut !== undefined) return true;
  if (value === '' || (raw.startsWith('[') && /^\[[^\]]+\]$/.test(value))) {
    option.open = false;
    return false;
  }
  const text = trimEnd(raw.slice(0, cut));
  const before = option.parts.join('\n');
  const joined = insideSingleQuotes(before) ? `${before}\n${text}` : before.slice(0, -1) + text;
  option.parts.splice(0, option.parts.length, joined);
  option.open = cut === undefined && continues(raw);
  return true;
}

/** Steps 4 and 6: a line that belongs to the current key. @returns whether the line was taken */
function continueOption(option: OpenOption, level: number, raw: string, cut: number | undefined): boolean {
  if (joinCommand(option, raw, cut)) return true;
  const value = trim(raw.slice(0, cut));
  const indent = raw.length - trimStart(raw).length;
  if (value !== '' && indent <= level) return false;
  if (value !== '' || cut === undefined) option.parts.push(value);
  option.open = value !== '' && option.key === 'command' && cut === undefined && continues(raw);
  return true;
}

/** @returns false when the text cannot be read any further */
function readLine(state: State, raw: string, line: number): boolean {
  const cut = commentCut(raw);
  const { option } = state;
  if (option !== undefined && continueOption(option, state.indent, raw, cut)) {
    if (cut !== undefined && cut > 0) option.cutLine ??= line;
    return true;
  }
  const value = trim(raw.slice(0, cut));
  if (value === '') return true;
  state.indent = raw.length - trimStart(raw).length;
  const name = headerName(value);
  if (name === undefined && !state.hasSection) {
    state.bad.push({ line, text: repr(raw) });
    return false;
  }
  if (name === undefined) startOption(state, raw, line, cut);
  else {
    close(state);
    state.entries.push({ kind: 'section', name, line });
  }
  state.hasSection = true;
  return true;
}

function errorText(file: string, state: State): string | undefined {
  const [first] = state.bad;
  if (first === undefined) return undefined;
  if (!state.hasSection)
    return `File contains no section headers.\nfile: ${repr(file)}, line: ${first.line}\n${first.text}`;
  const lines = state.bad.map(({ line, text }) => `\n\t[line ${String(line).padStart(2)}]: ${text}`);
  return `Source contains parsing errors: ${repr(file)}${lines.join('')}`;
}

/** Reads one text. @source spec lifecycle 1.2 */
export function readLines(file: string, text: string): Reading {
  const state: State = { entries: [], bad: [], option: undefined, hasSection: false, indent: 0 };
  const lines = physicalLines(text);
  for (const [index, raw] of lines.entries()) if (!readLine(state, raw, index + 1)) break;
  close(state);
  return { entries: state.entries, bad: state.bad, error: errorText(file, state) };
}

/** A logical line and the file it came from. */
export interface Placed {
  readonly entry: Logical;
  readonly file: string;
  readonly here: string;
}

/** Letters, digits and `%`, after a `_` that keeps any name from meaning something: `_program%3Aweb%2Eapi`. */
const encodeName = (name: string): string => `_${encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E')}`;
const decodeName = (name: string): string => decodeURIComponent(name.slice(1));

/** The number of its line comes before a value, so it stays text, and its place is found again after the merge. */
const encodeValue = (number: number, value: string): string =>
  JSON.stringify(`${number}:${value}`).replace(/[\u2028\u2029]/g, (char) =>
    char === '\u2028' ? '\\u2028' : '\\u2029',
  );

/** The text that `ini` reads: one line for each logical line. */
export const canonicalText = (lines: readonly Placed[]): string =>
  lines
    .map(({ entry }, number) =>
      entry.kind === 'section'
        ? `[${encodeName(entry.name)}]`
        : `${encodeName(entry.key)}=${encodeValue(number, entry.value)}`,
    )
    .join('\n');

/** Merges the lines of all files: same section, same key: the last one read wins. @source spec lifecycle 1.3 */
export function mergeLines(
  lines: readonly Placed[],
  parseIni: (text: string) => IniSections,
): ReadonlyMap<string, Section> {
  const headers = new Map<string, Place>();
  for (const { entry, file } of lines) {
    if (entry.kind === 'section' && !headers.has(entry.name)) headers.set(entry.name, { file, line: entry.line });
  }
  const sections = new Map<string, Section>();
  for (const [encoded, values] of parseIni(canonicalText(lines))) {
    const name = decodeName(encoded);
    const keys = new Map<string, Entry>();
    for (const [key, text] of values) keys.set(decodeName(key), toEntry(lines, text));
    sections.set(name, { name, place: headers.get(name) ?? { file: '', line: undefined }, keys });
  }
  return sections;
}

function toEntry(lines: readonly Placed[], text: string): Entry {
  const colon = text.indexOf(':');
  const line = lines[Number(text.slice(0, colon))];
  const cutLine = line?.entry.kind === 'option' ? line.entry.cutLine : undefined;
  const place: Place = { file: line?.file ?? '', line: line?.entry.line };
  return { value: text.slice(colon + 1), place, here: line?.here ?? '/', cutLine };
}
