/** `group:process`, the name by which operators speak of processes. */

export interface Namespec {
  readonly group: string;
  /** undefined: the whole group. */
  readonly process: string | undefined;
}

/**
 * Splits a name at its first colon; a name without one is both group and process; `group:` and `group:*` mean the group.
 * @source spec api 0
 */
export function parseNamespec(text: string): Namespec {
  const colon = text.indexOf(':');
  if (colon < 0) return { group: text, process: text };
  const process = text.slice(colon + 1);
  return { group: text.slice(0, colon), process: process === '' || process === '*' ? undefined : process };
}

/** `process` when both names are equal, else `group:process`. */
export const formatNamespec = (group: string, process: string): string =>
  group === process ? process : `${group}:${process}`;
