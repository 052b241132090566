/** The name of an errno in whatever was thrown. */

/** Such as `ENOENT`; `EUNKNOWN` when there is none. */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'EUNKNOWN';
  return typeof error.code === 'string' ? error.code : 'EUNKNOWN';
}
