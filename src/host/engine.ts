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

/** Collects all garbage, and gives the memory back to the system. Takes ten to thirty milliseconds. */
export function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as NodeJS.GCFunction;
  }
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
