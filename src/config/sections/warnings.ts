/** Warnings about values that are valid but do not mean what they seem to mean. */
import type { Environment } from '../environment.ts';
import { type Context, cutHint, find, warn } from '../key.ts';

/** Variables whose value ends at something else than a comma. @source spec lifecycle 1.8 */
export function warnCutEnvironment(context: Context, { cut }: Environment): void {
  if (cut.length === 0) return;
  const hint = 'put quotes around values with other characters than letters, digits and _/.+-():';
  warn(context, 'environment', `the value of ${cut.join(', ')} may be cut: no comma follows it`, hint);
}

/** A comment inside quotes leaves a quote open, which is found only when the program starts. @source spec lifecycle 8.2 */
export function warnCutCommand(context: Context): void {
  const entry = find(context, 'command');
  const hint = cutHint(entry);
  if (entry === undefined || hint === undefined) return;
  const place = { file: entry.place.file, line: entry.cutLine };
  const message = 'a comment cuts the command inside quotes';
  const { section, report } = context;
  report.warn({ place, section: section.name, key: 'command', value: entry.value, message, hint });
}
