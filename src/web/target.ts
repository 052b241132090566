/** The path and query of a request target. */

export interface RequestTarget {
  /** Percent-decoded, with its leading slash. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Percent-decodes as far as possible; what is no escape stays as it is. */
export function percentDecode(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString());
}

/** Takes `/path?query` and `http://host/path?query`. */
export function parseTarget(target: string): RequestTarget {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: percentDecode(path), query: new URLSearchParams(mark < 0 ? '' : local.slice(mark + 1)) };
}
