/** What can go wrong, as data. Sentences read "cannot verb object: why". */

/** Either a value or the reason why there is none; used where the caller must decide. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const fail = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** The exit status of superd and superctl for a usage or configuration error. */
export const EXIT_USAGE = 2;

/** Where something stands in a configuration. `line` is undefined where no single line can be blamed. */
export interface Place {
  readonly file: string;
  readonly line: number | undefined;
}

/** One thing wrong (or dubious) in a configuration. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** undefined for a problem of the command line. */
  readonly place: Place | undefined;
  readonly section: string | undefined;
  readonly key: string | undefined;
  /** The user's text that could not be used, if there is one. */
  readonly value: string | undefined;
  /** supervisord's own text where the specification marks it exact; else "cannot …: why". */
  readonly message: string;
  readonly hint: string | undefined;
}

/** A failed operation of the machine: one errno, one operation, one path or pid. */
export class HostError extends Error {
  readonly op: string;
  readonly target: string;
  /** The errno's name such as `ENOENT`, or `EUNKNOWN`. */
  readonly code: string;
  constructor(op: string, target: string, code: string, cause?: unknown) {
    super(`cannot ${op} ${target}: ${code}`, { cause });
    this.op = op;
    this.target = target;
    this.code = code;
  }
}
