/** What went wrong, in the language of the page. */
import { Fault } from './api.ts';
import { t } from './i18n.ts';
import type { Key } from './words-en.ts';

const KEYS: ReadonlyMap<string, Key> = new Map([
  ['SPAWN_ERROR', 'fault.spawn'],
  ['ABNORMAL_TERMINATION', 'fault.early'],
  ['NO_FILE', 'fault.file'],
  ['NOT_EXECUTABLE', 'fault.executable'],
  ['ALREADY_STARTED', 'fault.started'],
  ['NOT_RUNNING', 'fault.stopped'],
  ['BAD_NAME', 'fault.name'],
  ['FORBIDDEN', 'fault.forbidden'],
  ['SHUTDOWN_STATE', 'fault.shutdown'],
  ['STILL_RUNNING', 'fault.running'],
]);

/** The text of a fault is `NAME`, or `NAME: detail`; a detail that only repeats the name of the process says nothing. */
export function faultText(text: string, about = ''): string {
  const [, name = '', detail = ''] = /^([A-Z_]+)(?:: (.*))?$/s.exec(text) ?? [];
  const key = KEYS.get(name);
  if (key === undefined) return text;
  return detail === '' || detail === about ? t(key) : `${t(key)} (${detail})`;
}

export function describeError(error: unknown, about = ''): string {
  if (error instanceof Fault) return faultText(error.message, about);
  // What browsers say of a lost connection is different in each, and helps nobody.
  return error instanceof TypeError ? t('fault.connection') : String(error);
}
