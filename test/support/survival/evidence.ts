/** What is left on disk when all is over: log files, the journal, and what programs wrote down themselves. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBatch } from '../../../src/journal/codec.ts';
import type { JournalRecord } from '../../../src/journal/record.ts';
import type { Rig } from './rig.ts';

/** What one read of a program's output brings at most, and what one kill of the brain may cost. */
const READ_BUFFER = 64 * 1024;

/** How a log of numbered lines continues. */
export interface Continuity {
  readonly lines: number;
  readonly runs: number;
  readonly gaps: number;
  readonly missingBytes: number;
}

/**
 * Every number of every run is there once, in its order. After a gap, of what was read and not yet written when the brain
 * died, the line at its edge may be torn.
 * @param mayEndEarly runs may have been killed, so their last numbers are not known
 */
export function continuityOf(path: string): Continuity {
  const next = new Map<string, number>();
  const ended = new Set<string>();
  /** The padding of the first line, and so of all. */
  let full: string | undefined;
  let [gaps, missingBytes, lines, torn] = [0, 0, 0, 0];
  const all = readFileSync(path, 'latin1').split('\n');
  assert.equal(all.pop(), '', `${path} ends in the middle of a line`);
  for (const [index, line] of all.entries()) {
    const [, pid, end, text, padding] = /^(\d+) (?:(end) )?(\d+)(?: (x+))?$/.exec(line) ?? [];
    full ??= padding;
    if (pid === undefined || text === undefined || (end === undefined && padding !== full)) {
      torn += 1;
      continue;
    }
    lines += 1;
    const number = Number(text);
    const expected = next.get(pid) ?? 0;
    assert.ok(!ended.has(pid), `${path}:${index + 1}: a line after the last of ${pid}`);
    assert.ok(number >= expected, `${path}:${index + 1}: ${line.slice(0, 30)} comes again`);
    if (number > expected) {
      gaps += 1;
      missingBytes += (number - expected) * (line.length + 1);
    }
    if (end !== undefined) ended.add(pid);
    next.set(pid, end === undefined ? number + 1 : number);
  }
  assert.ok(torn <= gaps, `${path}: ${torn} torn lines beside ${gaps} gaps`);
  return { lines, runs: next.size, gaps, missingBytes };
}

/** Nothing is missing but what a kill of a brain may cost, nothing is there twice. */
export function assertContinuous(path: string, kills: number): Continuity {
  const found = continuityOf(path);
  assert.ok(found.missingBytes <= found.gaps * 2 * READ_BUFFER, `${path}: a gap of more than a buffer`);
  // That a kill meets the microseconds between a read and its write is rare.
  assert.ok(found.gaps <= 1 + kills / 50, `${path}: ${found.gaps} gaps in ${kills} kills`);
  return found;
}

export function journalOf({ statedir }: Rig): readonly JournalRecord[] {
  const folder = join(statedir, 'journal');
  return readdirSync(folder)
    .sort()
    .flatMap((name) => decodeBatch(readFileSync(join(folder, name))).records);
}

/** The ends of processes of a group, by pid, as the journal has them. */
export function endsOf(records: readonly JournalRecord[], group: string): ReadonlyMap<number, readonly string[]> {
  const ends = new Map<number, string[]>();
  for (const record of records) {
    if (record.kind !== 'process-state' || record.group !== group || record.exit === undefined) continue;
    if (record.to !== 'EXITED' || record.pid === undefined) continue;
    const { exit } = record;
    const text = exit.kind === 'code' ? String(exit.code) : exit.kind === 'signal' ? exit.signal : 'unknown';
    ends.set(record.pid, [...(ends.get(record.pid) ?? []), text]);
  }
  return ends;
}

const rows = (path: string): readonly (readonly string[])[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' '))
    : [];

/**
 * Every end that a program wrote down is in the journal once, with its code.
 * @param mayBeUnknown so many ends, of programs that a keeper left behind, may be told without their code, or not at all
 */
export function assertEndsTold(rig: Rig, mayBeUnknown: number): number {
  const told = endsOf(journalOf(rig), 'quitter');
  const truth = rows(join(rig.daemon.dir, 'quits'));
  let unknown = 0;
  // On a busy machine a pid comes round again within the test.
  for (const [pid, all] of Map.groupBy(truth, ([each]) => each)) {
    const codes = all.map(([, code]) => code);
    const ends = told.get(Number(pid)) ?? [];
    assert.ok(ends.length <= codes.length, `of ${pid}, ${codes.length} ends are told ${ends.length} times`);
    const known = ends.filter((end) => end !== 'unknown');
    for (const end of known) assert.ok(codes.includes(end), `${pid} ended with ${codes.join(', ')}, told is ${end}`);
    unknown += codes.length - known.length;
  }
  assert.ok(unknown <= mayBeUnknown, `${unknown} of ${truth.length} ends are not told with their code`);
  return truth.length;
}

/** Every state change of which the listener was to be told is in its own list. */
export function assertHeard(rig: Rig): number {
  const heard = new Set(rows(join(rig.daemon.dir, 'heard')).map(([serial]) => Number(serial)));
  const told = journalOf(rig).flatMap((record) =>
    record.kind === 'process-state' && record.event !== undefined ? [record] : [],
  );
  const numbers = told.map(({ event }) => event);
  assert.equal(new Set(numbers).size, numbers.length, 'two events have one number');
  // Those after its own end are nobody's.
  const last = Math.max(...heard);
  const missed = told.filter(({ event = 0 }) => event < last && !heard.has(event));
  assert.deepEqual(missed, [], 'events that the listener never got');
  return told.length;
}
