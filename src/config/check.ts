/** Checks a configuration for whoever edits it: what superd says of it, and what superctl would say. */

import type { ConfigProblem } from '../errors.ts';
import { fail, ok, type Result } from '../errors.ts';
import { checkCtl } from './ctl.ts';
import { type LoadRequest, loadConfig } from './load.ts';
import { byPlace, type ConfigFailure } from './problems.ts';
import type { ConfigSource } from './source.ts';

/** @returns the warnings of a configuration that superd can use. What only superctl cannot use is a warning too. */
export function checkConfig(
  source: ConfigSource,
  request: LoadRequest,
): Result<readonly ConfigProblem[], ConfigFailure> {
  const loaded = loadConfig(source, { ...request, withFiles: true });
  const ctl = checkCtl(source, request.file);
  if (loaded.ok) return ok(byPlace([...loaded.value.warnings, ...ctl]));
  return fail({ ...loaded.error, problems: byPlace([...loaded.error.problems, ...ctl]) });
}
