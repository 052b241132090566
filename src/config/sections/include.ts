/** `[include]`: the further files of a configuration. Only that of the main file counts. @source spec lifecycle 1.4 */
import path from 'node:path';
import { glob } from '../glob.ts';
import { type Context, type Key, key, readRequired } from '../key.ts';
import { words } from '../text.ts';
import { text } from '../values.ts';

const FILES = key('files', text, {
  names: 'host',
  where: 'include.files',
  initially: 'required',
  doc: 'Patterns of further files, separated by blanks and relative to the main file: `*`, `?` and `[...]` match as in a shell.',
});

export const INCLUDE_KEYS: readonly Key<unknown>[] = [FILES];

/** The absolute patterns. */
export function readPatterns(context: Context, here: string): readonly string[] {
  const files = readRequired(context, FILES, '.ini file has [include] section, but no files setting');
  return words(files).map((pattern) =>
    pattern.startsWith('/') ? pattern : `${here}/${pattern}`.replace(/^\/\//, '/'),
  );
}

/** The files that a pattern names, after a warning when there are none. */
export function matchPattern(context: Context, pattern: string): readonly string[] {
  const files = glob(context.source, pattern);
  if (files.length > 0) return files;
  const { keys, name, place } = context.section;
  const entry = keys.get('files');
  const message = `No file matches via include "${pattern}"`;
  context.report.warn({ place: entry?.place ?? place, section: name, value: entry?.value, message });
  return files;
}

/** The absolute directory of a file. */
export const directoryOf = (file: string, cwd: string): string => path.dirname(path.resolve(cwd, file));
