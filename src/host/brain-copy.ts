/**
 * Replacing the brain by the code now on disk. A brain that serves leaves a copy of itself in the state directory, so
 * that the keeper can go back to it when the code on disk turns out not to work.
 */
import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { bytes, millis } from '../units.ts';
import { errnoOf } from './errno.ts';

/** Only a bundle is one file that runs anywhere. */
const BUNDLE = '.cjs';
/** Reading half a megabyte of code takes a twentieth of a second; a machine may be busy. */
const CHECK_TIMEOUT = millis(20_000);
const MAX_OUTPUT = bytes(4096);

/**
 * Keeps the running code.
 * @returns where the copy is; '' when the code is not a bundle, or could not be copied
 */
export function keepCopy(statedir: string, onProblem: (text: string) => void): string {
  const own = process.argv[1] ?? '';
  const copy = join(statedir, `brain${BUNDLE}`);
  if (extname(own) !== BUNDLE) return '';
  try {
    if (own === copy || isSame(own, copy)) return copy;
    copyFileSync(own, `${copy}.new`);
    renameSync(`${copy}.new`, copy);
    return copy;
  } catch (cause) {
    onProblem(
      `cannot keep a copy of the brain in ${statedir}: ${errnoOf(cause)}; an upgrade that fails cannot go back`,
    );
    return '';
  }
}

/** At a clean end nobody goes back to it. */
export const forgetCopy = (statedir: string): void => rmSync(join(statedir, `brain${BUNDLE}`), { force: true });

function isSame(own: string, copy: string): boolean {
  try {
    return readFileSync(own).equals(readFileSync(copy));
  } catch {
    return false;
  }
}

/** The code that a new brain would run: where this one was started from, or where its original is. */
export async function checkCode(main: string): Promise<Result<void, string>> {
  // Loaded when first used: an idle brain does without it.
  const { runCommand } = await import('./command.ts');
  const outcome = await runCommand({
    command: process.execPath,
    args: ['--check', main],
    env: {},
    directory: dirname(main),
    input: new Uint8Array(),
    timeout: CHECK_TIMEOUT,
    maxOutput: MAX_OUTPUT,
    abort: new AbortController().signal,
  });
  switch (outcome.kind) {
    case 'exited':
      return outcome.code === 0 ? ok(undefined) : fail(`${main} cannot be run: ${outcome.output.trim()}`);
    case 'signalled':
      return fail(`${main} could not be checked: ${outcome.signal}`);
    case 'timed-out':
      return fail(`${main} could not be checked in time`);
    case 'not-started':
      return fail(`${main} could not be checked: ${outcome.reason}`);
  }
}
