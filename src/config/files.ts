/** Reads the main file and the files that it includes, and merges them into sections. Knows no keys but `[include]`. */
import path from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { type Entry, mergeLines, type Placed, readLines, type Section } from './dialect.ts';
import type { Names } from './expand.ts';
import type { Context } from './key.ts';
import type { Report } from './problems.ts';
import { directoryOf, matchPattern, readPatterns } from './sections/include.ts';
import type { ConfigSource } from './source.ts';
import { decodeText } from './text.ts';

export interface Files {
  readonly sections: ReadonlyMap<string, Section>;
  /** `[DEFAULT]`. */
  readonly defaults: ReadonlyMap<string, Entry>;
  readonly hasInclude: boolean;
  /** Every file read, absolute. */
  readonly paths: readonly string[];
  /** Absolute patterns. */
  readonly includes: readonly string[];
  readonly notices: readonly string[];
}

interface Request {
  readonly file: string;
  readonly names: Names;
  readonly report: Report;
}

/** The lines of one file; unreadable ones are reported, and count as empty. */
function linesOf(source: ConfigSource, report: Report, file: string, bytes: Uint8Array): readonly Placed[] {
  const decoded = decodeText(bytes);
  if (!decoded.ok) {
    report.error({ place: { file, line: undefined }, message: decoded.error });
    return [];
  }
  const { entries, bad, error } = readLines(file, decoded.value);
  const hasSection = entries.some((entry) => entry.kind === 'section');
  for (const { line, text } of bad) {
    const message = hasSection
      ? `cannot read ${text}: neither a [section] nor key=value`
      : 'File contains no section headers.';
    report.error({ place: { file, line }, message, summary: error });
  }
  const here = directoryOf(file, source.cwd);
  return entries.map((entry) => ({ entry, file, here }));
}

function split(merged: ReadonlyMap<string, Section>): Pick<Files, 'sections' | 'defaults'> {
  const sections = new Map(merged);
  sections.delete('DEFAULT');
  return { sections, defaults: merged.get('DEFAULT')?.keys ?? new Map() };
}

const plainContext = (
  source: ConfigSource,
  { names, report }: Request,
  section: Section,
  files: Pick<Files, 'defaults'>,
): Context => ({
  section,
  defaults: files.defaults,
  source,
  report,
  names,
  hasInclude: true,
  suffix: '',
  overrides: new Map(),
});

/**
 * Reads a configuration's files.
 * @returns the reason why there is nothing to read
 * @source spec lifecycle 1.1, 1.3, 1.4
 */
export function readFiles(source: ConfigSource, request: Request): Result<Files, string> {
  const { file, report } = request;
  const full = path.resolve(source.cwd, file);
  const main = source.read(full);
  if (!main.ok) return fail(`could not ${main.error === 'missing' ? 'find' : 'read'} config file ${file}`);
  const lines = [...linesOf(source, report, file, main.value)];
  const first = split(mergeLines(lines, source.parseIni));
  const include = first.sections.get('include');
  if (include === undefined) return ok({ ...first, hasInclude: false, paths: [full], includes: [], notices: [] });

  const context = plainContext(source, request, include, first);
  const includes = readPatterns(context, directoryOf(file, source.cwd));
  const paths = includes.flatMap((pattern) => matchPattern(context, pattern));
  for (const included of paths) {
    const bytes = source.read(included);
    if (bytes.ok) lines.push(...linesOf(source, report, included, bytes.value));
    else
      report.warn({
        place: { file: included, line: undefined },
        message: 'cannot read this included file: it is left out',
      });
  }
  const notices = paths.map((included) => `Included extra file "${included}" during parsing`);
  const all = split(mergeLines(lines, source.parseIni));
  return ok({ ...all, hasInclude: true, paths: [full, ...paths], includes, notices });
}
