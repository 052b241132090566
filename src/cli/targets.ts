/** Whom a name on the command line means: a process, a group, or everything. */
import { formatNamespec, parseNamespec } from '../process/namespec.ts';
import type { ProcessRow, RpcClient } from '../rpc/client.ts';
import { need } from '../rpc/client.ts';

/** The word for every process. */
export const ALL = 'all';

export type Target =
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'process'; readonly name: string };

/** Reads `name`, `group:name`, `group:*` or `group:`. @source spec api 0 */
export function parseTarget(word: string): Target {
  const { group, process } = parseNamespec(word);
  return process === undefined ? { kind: 'group', group } : { kind: 'process', name: word };
}

export const nameOf = (row: { readonly group: string; readonly name: string }): string =>
  formatNamespec(row.group, row.name);

export const membersOf = (rows: readonly ProcessRow[], group: string): readonly ProcessRow[] =>
  rows.filter((row) => row.group === group);

/** Whether two spellings such as `web` and `web:web` mean the process of this row. */
export function isNamed(row: ProcessRow, word: string): boolean {
  const { group, process } = parseNamespec(word);
  return row.group === group && row.name === process;
}

/** A bare name that no process has, but one group does: superctl takes it for `name:*`. @source spec api 10.2 */
export const isGroupOnly = (rows: readonly ProcessRow[], word: string): boolean =>
  !word.includes(':') && rows.some((row) => row.group === word) && !rows.some((row) => row.name === word);

/** Asks the server whether a name that it refused is that of a group. */
export const isGroupThere = async (rpc: RpcClient, word: string): Promise<boolean> =>
  !word.includes(':') && isGroupOnly(await need(rpc.allProcessInfo()), word);
