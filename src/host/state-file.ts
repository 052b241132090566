/** Small JSON files of the state directory: replaced atomically, with a version, and never thrown away unread. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';

/** No state file is larger. */
const MAX_BYTES = 4 * 1024 * 1024;

export type StateProblem =
  /** There is none yet. */
  | { readonly kind: 'none' }
  /** Written by a later superd: to be left alone. */
  | { readonly kind: 'newer'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly text: string };

/** Reads an object whose `version` is at most `version`. */
export function readState(path: string, version: number): Result<Readonly<Record<string, unknown>>, StateProblem> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = errnoOf(cause);
    return fail(code === 'ENOENT' ? { kind: 'none' } : { kind: 'unreadable', text: `cannot read ${path}: ${code}` });
  }
  const value = parse(text);
  const found = value?.['version'];
  if (value === undefined || typeof found !== 'number') {
    return fail({ kind: 'unreadable', text: `cannot read ${path}: it is damaged` });
  }
  if (found <= version) return ok(value);
  return fail({
    kind: 'newer',
    text: `cannot use ${path}: a later superd wrote it (version ${found}); it is left untouched`,
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  if (text.length > MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a file whole: whoever reads it, also after a power cut, finds the old content or the new. */
export function writeState(path: string, value: Readonly<Record<string, unknown>>): Result<void, string> {
  const temporary = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      const data = Buffer.from(`${JSON.stringify(value)}\n`);
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return ok(undefined);
  } catch (cause) {
    rmQuietly(temporary);
    return fail(`cannot write ${path}: ${errnoOf(cause)}`);
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next write begins with removing it.
  }
}
