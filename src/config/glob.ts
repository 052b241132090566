/** File name patterns of `[include] files`, matched as Python's `glob` does. Sees directories only through the source. */
import { compareText } from './text.ts';

/** What globbing needs of the machine. */
export interface Directories {
  list(directory: string): readonly string[];
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
}

const isMagic = (part: string): boolean => /[*?[]/.test(part);

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** `[a-c]`, `[!x]`: the end of the set that starts at `at`, or -1 when the bracket is only a bracket. */
function setEnd(part: string, at: number): number {
  const first = at + (part[at + 1] === '!' ? 2 : 1);
  return part.indexOf(']', first + (part[first] === ']' ? 1 : 0));
}

function setSource(inside: string): string {
  const negated = inside.startsWith('!');
  const chars = Array.from(negated ? inside.slice(1) : inside);
  const pieces: string[] = [];
  for (let i = 0; i < chars.length; i += 1) {
    const [low = '', dash, high] = chars.slice(i, i + 3);
    const ranged = dash === '-' && high !== undefined;
    if (!ranged) pieces.push(literal(low));
    else if (compareText(low, high) <= 0) pieces.push(`${literal(low)}-${literal(high)}`);
    if (ranged) i += 2;
  }
  if (pieces.length === 0) return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${pieces.join('')}]`;
}

/** One component as a regular expression. `*` takes any run; what `*` takes never starts with a dot (see `glob`). */
function partRegex(part: string): RegExp {
  let source = '';
  for (let i = 0; i < part.length; i += 1) {
    const char = part[i] ?? '';
    const end = char === '[' ? setEnd(part, i) : -1;
    if (char === '*') source += source.endsWith('.*') && part[i - 1] === '*' ? '' : '.*';
    else if (char === '?') source += '.';
    else if (end > 0) {
      source += setSource(part.slice(i + 1, end));
      i = end;
    } else source += literal(char);
  }
  return new RegExp(`^(?:${source})$`, 'su');
}

function expandPart(directories: Directories, base: string, part: string): readonly string[] {
  const join = (name: string): string => (base === '' || base.endsWith('/') ? base + name : `${base}/${name}`);
  if (!isMagic(part)) return directories.exists(join(part)) ? [join(part)] : [];
  const regex = partRegex(part);
  const hidden = part.startsWith('.');
  return directories
    .list(base === '' ? '.' : base)
    .filter((name) => (hidden || !name.startsWith('.')) && regex.test(name))
    .map(join);
}

/**
 * The paths that match, sorted by code point; `**` is `*`; a leading dot must be matched by a dot.
 * @source spec lifecycle 1.4
 */
export function glob(directories: Directories, pattern: string): readonly string[] {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found: readonly string[] = [pattern.startsWith('/') ? '/' : ''];
  for (const part of parts) found = found.flatMap((base) => expandPart(directories, base, part));
  if (pattern.endsWith('/')) found = found.filter((path) => directories.isDirectory(path)).map((path) => `${path}/`);
  return [...found].sort(compareText);
}
