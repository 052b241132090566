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

/** Calls a method with a place to die before and behind it. */
function around<Args extends readonly unknown[], R>(
  label: (...args: Args) => string,
  method: (...args: Args) => R,
): (...args: Args) => R {
  return function (this: unknown, ...args: Args): R {
    pass(`before ${label(...args)}`);
    const result = Reflect.apply(method, this, args);
    pass(`after ${label(...args)}`);
    return result;
  };
}

// The methods of every instance are replaced; `around` passes `this` on.
/* oxlint-disable typescript/unbound-method */
const { send } = KeeperLink.prototype;
const { save, rewrite } = WorldFile.prototype;
const journal = JournalFile.prototype.append;
const log = LogFile.prototype.append;
KeeperLink.prototype.send = around(({ op }) => `message ${op}`, send);
WorldFile.prototype.save = around(({ kind }) => `world ${kind}`, save);
WorldFile.prototype.rewrite = around(() => 'world anew', rewrite);
JournalFile.prototype.append = around(({ kind }) => `journal ${kind}`, journal);
LogFile.prototype.append = around((_chunk) => 'log', log);
