/** Which process belongs to whom: everything below a program, and what stayed in its session after its parent ended. */
import type { Stat } from './stat.ts';

/**
 * Sorts processes by the program that they belong to. Every program leads a session of its own, so one whose parent
 * ended, and that now hangs below another process, is still found as long as it did not leave for another session.
 * @param roots the pid of each program to its name
 */
export function treesOf(table: readonly Stat[], roots: ReadonlyMap<number, string>): ReadonlyMap<string, Stat[]> {
  const byPid = new Map(table.map((stat) => [stat.pid, stat]));
  const owners = new Map<number, string | undefined>();
  const ownerOf = (pid: number): string | undefined => {
    const root = roots.get(pid);
    if (root !== undefined) return root;
    if (owners.has(pid)) return owners.get(pid);
    // Nobody, while it is being found out: a table that was read bit by bit may hold a circle.
    owners.set(pid, undefined);
    const stat = byPid.get(pid);
    if (stat === undefined) return undefined;
    const owner = ownerOf(stat.ppid) ?? (stat.session === pid ? undefined : ownerOf(stat.session));
    owners.set(pid, owner);
    return owner;
  };
  const trees = new Map<string, Stat[]>();
  for (const stat of table) {
    const owner = ownerOf(stat.pid);
    if (owner === undefined) continue;
    const tree = trees.get(owner);
    if (tree === undefined) trees.set(owner, [stat]);
    else tree.push(stat);
  }
  return trees;
}
