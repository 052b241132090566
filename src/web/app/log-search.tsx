/** The search in a log: how often, and from one to the next. */
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import type { LogLines } from './log-lines.ts';

/** @param show brings a line to where it is seen */
export function LogSearch({
  lines,
  show,
}: {
  lines: RefObject<LogLines | undefined>;
  show: (line: HTMLElement) => void;
}) {
  const found = useSignal<number | undefined>(undefined);
  const at = useRef<HTMLElement>(undefined);
  const go = (direction: 1 | -1): void => {
    at.current?.classList.remove('here');
    at.current = lines.current?.next(at.current, direction);
    at.current?.classList.add('here');
    if (at.current !== undefined) show(at.current);
  };
  const search = (text: string): void => {
    const count = lines.current?.find(text) ?? 0;
    found.value = text === '' ? undefined : count;
    at.current?.classList.remove('here');
    at.current = undefined;
    if (count > 0) go(-1);
  };
  return (
    <span class="log-search">
      <label class="search">
        <span class="unseen">{t('log.search')}</span>
        <input
          id="filter"
          type="search"
          placeholder={t('log.search')}
          spellcheck={false}
          onInput={({ currentTarget }) => search(currentTarget.value)}
          onKeyDown={({ key, shiftKey }) => key === 'Enter' && go(shiftKey ? 1 : -1)}
        />
      </label>
      <span role="status" class="found">
        {found.value === undefined ? '' : t('log.found', { n: found.value })}
      </span>
      <button
        type="button"
        class="quiet-button"
        aria-label={t('log.previous')}
        title={t('log.previous')}
        onClick={() => go(-1)}
      >
        <Icon name="up" />
      </button>
      <button type="button" class="quiet-button" aria-label={t('log.next')} title={t('log.next')} onClick={() => go(1)}>
        <Icon name="down" />
      </button>
    </span>
  );
}
