/** Every process of the machine, read from /proc in short pieces: whatever else superd does waits for none of them. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Machine } from '../metrics/meter.ts';
import type { ProcessTable } from '../metrics/metrics.ts';
import { parseStat, type Stat } from '../metrics/stat.ts';
import { millis } from '../units.ts';
import { monotonic } from './monotonic.ts';

/** After so long others may run. */
const SLICE = millis(2);
/** A line of stat is at most some 400 bytes. */
const BUFFER = Buffer.allocUnsafe(1024);

/** @source getauxval(3): pairs of words, a type and its value */
const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;
const USUAL: Machine = { ticks: 100, page: 4096 };

/** Ticks and pages of this machine, as the kernel tells them to each process. */
export function machineOf(auxv: Buffer): Machine {
  const words = new BigUint64Array(new Uint8Array(auxv).buffer, 0, auxv.length >> 3);
  const found = new Map<bigint, number>();
  for (let at = 0; at + 1 < words.length; at += 2) found.set(words[at] ?? 0n, Number(words[at + 1]));
  return { ticks: found.get(AT_CLKTCK) ?? USUAL.ticks, page: found.get(AT_PAGESZ) ?? USUAL.page };
}

export function thisMachine(): Machine {
  try {
    return machineOf(readFileSync('/proc/self/auxv'));
  } catch {
    return USUAL;
  }
}

/** undefined: it has just ended. */
export function statOf(pid: number | string): Stat | undefined {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
  } catch {
    return undefined;
  }
  try {
    return parseStat(BUFFER.toString('latin1', 0, readSync(fd, BUFFER, 0, BUFFER.length, 0)));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

const isPid = (name: string): boolean => name >= '0' && name <= '9999999999';

/** @returns nothing where there is no /proc */
export const processTable: ProcessTable = async () => {
  let names: readonly string[];
  try {
    names = readdirSync('/proc').filter(isPid);
  } catch {
    return [];
  }
  const table: Stat[] = [];
  let end = monotonic() + SLICE;
  for (const name of names) {
    const stat = statOf(name);
    if (stat !== undefined) table.push(stat);
    if (monotonic() < end) continue;
    await nextTurn();
    end = monotonic() + SLICE;
  }
  return table;
};
