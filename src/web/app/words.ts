/** What the server says in a few fixed words, in the language of the page. */
import { t } from './i18n.ts';
import type { State } from './model.ts';
import type { Key } from './words-en.ts';

const STATE_KEYS: Readonly<Record<State, Key>> = {
  RUNNING: 'state.running',
  STARTING: 'state.starting',
  BACKOFF: 'state.backoff',
  STOPPING: 'state.stopping',
  EXITED: 'state.exited',
  FATAL: 'state.fatal',
  STOPPED: 'state.stopped',
  UNKNOWN: 'state.unknown',
};

export const stateWords = (state: State): string => t(STATE_KEYS[state]);

/** `exit status 3`, `terminated by SIGKILL`, …; what is not known stays as the server says it. */
export function exitText(text: string): string {
  const code = /^exit status (-?\d+)$/.exec(text);
  if (code !== null) return t('exit.code', { code: code[1] ?? '' });
  const signal = /^terminated by (\S+?)( \(core dumped\))?$/.exec(text);
  if (signal === null) return text === 'exit status unknown' ? t('exit.unknown') : text;
  return t('exit.signal', { signal: signal[1] ?? '' }) + (signal[2] === undefined ? '' : t('exit.core'));
}
