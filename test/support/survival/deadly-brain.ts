/**
 * The brain, but for one thing: it dies where a test says. The methods by which it does anything to the world outside are
 * counted, before and after; at the number that stands in the file of SUPERD_TEST_DEATH it kills itself, once. Nothing of
 * this is in the code that ships: a test bundles this file together with `src/superd.ts`, and before it.
 */
import { appendFileSync, readFileSync, unlinkSync } from 'node:fs';
import { JournalFile } from '../../../src/host/journal-file.ts';
import { KeeperLink } from '../../../src/host/keeper-link.ts';
import { LogFile } from '../../../src/host/log-file.ts';
import { WorldFile } from '../../../src/host/world-file.ts';

const plan = process.env['SUPERD_TEST_DEATH'] ?? '';
let passed = 0;

function chosen(): number | undefined {
  try {
    return Number(readFileSync(plan, 'utf8'));
  } catch {
    return undefined;
  }
}

/** One place where the brain might die. */
function pass(label: string): void {
  const number = chosen();
  if (number === undefined) {
    passed = 0;
    return;
  }
  passed += 1;
  if (passed < number) return;
  unlinkSync(plan);
  appendFileSync(`${plan}.log`, `${label}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** Whatever this object's kind does by a method, it may die before and behind it. */
function mayDieAt<K extends string>(
  prototype: Record<K, (argument: never) => unknown>,
  name: K,
  label: (argument: unknown) => string,
): void {
  const method: unknown = Reflect.get(prototype, name);
  if (typeof method !== 'function') throw new Error(`no method ${name}`);
  Reflect.set(prototype, name, function (this: unknown, argument: unknown): unknown {
    pass(`before ${label(argument)}`);
    const result: unknown = Reflect.apply(method, this, [argument]);
    pass(`after ${label(argument)}`);
    return result;
  });
}

const word =
  (prefix: string, field: string) =>
  (argument: unknown): string =>
    `${prefix} ${typeof argument === 'object' && argument !== null ? Reflect.get(argument, field) : ''}`;

mayDieAt(KeeperLink.prototype, 'send', word('message', 'op'));
mayDieAt(WorldFile.prototype, 'save', word('world', 'kind'));
mayDieAt(JournalFile.prototype, 'append', word('journal', 'kind'));
mayDieAt(LogFile.prototype, 'append', () => 'log');
