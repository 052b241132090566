/**
 * V8's settings, made while the process runs. On the command line most of them would cost each start ten to forty
 * milliseconds: V8 takes the compiled code that Node carries of its own modules only under the flags it was compiled with.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc: NodeJS.GCFunction | undefined;

/** To be called once what is needed of Node has been loaded. */
export function setEngine(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}

/** Code that was not run for so many collections is forgotten, and compiled again when it is wanted; 6 is V8's own. */
const CODE_AGE = { usual: 6, atOnce: 1 } as const;

const forgetCodeAfter = (collections: number): void => setFlagsFromString(`--bytecode-old-age=${collections}`);

/** Collects all garbage, and code that is no longer run, and gives the memory back to the system: ten to thirty milliseconds. */
export function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    setFlagsFromString('--flush-baseline-code');
    gc = runInNewContext('gc') as NodeJS.GCFunction;
  }
  forgetCodeAfter(CODE_AGE.atOnce);
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  forgetCodeAfter(CODE_AGE.usual);
}
