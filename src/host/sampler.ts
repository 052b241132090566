/** Processor and memory use of process trees of this machine, by pidusage; who descends from whom, from /proc. */
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Usage } from '../cli/command.ts';
import { statOf } from './metrics-proc.ts';

/** Processor use is measured over this long. */
const WINDOW_MS = 250;

/** The parent of each living process. */
function parents(): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(name)?.ppid;
    if (parent !== undefined) found.set(Number(name), parent);
  }
  return found;
}

/** A process and all its descendants. */
function treeOf(root: number, children: ReadonlyMap<number, readonly number[]>): readonly number[] {
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

type Reading = { readonly cpu: number; readonly memory: number };

/** Reads each process on its own, because one that is gone fails the whole batch. */
async function measure(pids: readonly number[]): Promise<ReadonlyMap<number, Reading>> {
  const { default: pidusage } = await import('pidusage');
  const once = async (): Promise<readonly (readonly [number, Reading] | undefined)[]> =>
    Promise.all(
      pids.map((pid) =>
        pidusage(pid, { usePs: false }).then(
          (reading) => [pid, reading] as const,
          () => undefined,
        ),
      ),
    );
  // The first reading is an average over the life of the process; the second tells what happened since the first.
  await once();
  await wait(WINDOW_MS);
  const readings = await once();
  pidusage.clear();
  return new Map(readings.filter((entry) => entry !== undefined));
}

/** Sums up the trees of these processes; those that are gone are left out. */
export async function sampleTrees(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>> {
  const children = Map.groupBy(parents(), ([, parent]) => parent);
  const childPids = new Map([...children].map(([parent, pairs]) => [parent, pairs.map(([pid]) => pid)]));
  const trees = pids.map((pid) => treeOf(pid, childPids));
  const readings = await measure([...new Set(trees.flat())]);
  const used = trees.map((tree, at): readonly [number, Usage] | undefined => {
    const known = tree.map((pid) => readings.get(pid)).filter((reading) => reading !== undefined);
    const [root] = tree;
    if (root === undefined || known.length === 0) return undefined;
    const usage: Usage = {
      cpuPercent: known.reduce((sum, { cpu }) => sum + cpu, 0),
      rssBytes: known.reduce((sum, { memory }) => sum + memory, 0),
      processes: known.length,
    };
    return [pids[at] ?? root, usage];
  });
  return new Map(used.filter((entry) => entry !== undefined));
}
