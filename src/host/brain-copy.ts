/**
 * Replacing the brain by the code now on disk. A brain that serves leaves a copy of itself in the state directory, so
 * that the keeper can go back to it when the code on disk turns out not to work.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';

/** Only a bundle runs anywhere. */
const BUNDLE = '.cjs';
/** Files beside it, which hold what it seldom needs. */
export const BRAIN_PARTS: readonly string[] = ['watch'];
/** Reading half a megabyte of code takes a twentieth of a second; a machine may be busy. */
const CHECK_TIMEOUT_MS = 20_000;

/**
 * Keeps the running code.
 * @returns where the copy is; '' when the code is not a bundle, or could not be copied
 */
export function keepCopy(statedir: string, onProblem: (text: string) => void): string {
  const own = process.argv[1] ?? '';
  const copy = join(statedir, `brain${BUNDLE}`);
  if (extname(own) !== BUNDLE) return '';
  try {
    if (own === copy) return copy;
    for (const part of BRAIN_PARTS) copyIfNew(join(dirname(own), part + BUNDLE), join(statedir, part + BUNDLE));
    copyIfNew(own, copy);
    return copy;
  } catch (cause) {
    onProblem(
      `cannot keep a copy of the brain in ${statedir}: ${errnoOf(cause)}; an upgrade that fails cannot go back`,
    );
    return '';
  }
}

/** At a clean end nobody goes back to it. */
export function forgetCopy(statedir: string): void {
  for (const part of ['brain', ...BRAIN_PARTS]) rmSync(join(statedir, part + BUNDLE), { force: true });
}

function copyIfNew(own: string, copy: string): void {
  if (isSame(own, copy)) return;
  copyFileSync(own, `${copy}.new`);
  renameSync(`${copy}.new`, copy);
}

function isSame(own: string, copy: string): boolean {
  try {
    return readFileSync(own).equals(readFileSync(copy));
  } catch {
    return false;
  }
}

/** Node shows the code around an error, and its own stack; the line that says what is wrong is between them. */
const reasonIn = (said: string): string => said.split('\n').find((line) => /^\w*Error\b.*: /.test(line)) ?? said.trim();

/** The code that a new brain would run: where this one was started from, or where its original is. */
export function checkCode(main: string): Promise<Result<void, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<void, string>>();
  const options = { cwd: dirname(main), env: {}, timeout: CHECK_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  execFile(process.execPath, ['--check', main], options, (failure, _stdout, said) => {
    if (failure === null) return resolve(ok(undefined));
    if (typeof failure.code === 'number') return resolve(fail(`${main} cannot be run: ${reasonIn(said)}`));
    const why = failure.killed === true ? ' in time' : `: ${failure.signal ?? errnoOf(failure)}`;
    resolve(fail(`${main} could not be checked${why}`));
  });
  return promise;
}
