/** What became of actions, and what a screen reader should hear of what happens by itself. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { dismiss, outcomes } from './actions.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { isState, isTrouble, namespecOf } from './model.ts';
import { listen } from './store.ts';
import { stateWords } from './words.ts';

const said = signal('');

/** Says aloud what became of trouble; all else would be too much. */
function useAnnouncements(): void {
  useEffect(
    () =>
      listen({
        records(records) {
          const news = records.flatMap(({ kind, group, process, to, from }) => {
            if (kind !== 'process-state' || group === undefined || process === undefined || !isState(to)) return [];
            const isNews =
              isTrouble(to) || to === 'EXITED' || (isState(from) && from === 'STARTING' && to === 'RUNNING');
            return isNews ? [`${namespecOf(group, process)}: ${stateWords(to)}`] : [];
          });
          if (news.length > 0) said.value = news.slice(-3).join(', ');
        },
      }),
    [],
  );
}

export function Toasts() {
  useAnnouncements();
  return (
    <>
      <div class="unseen" role="log" aria-live="polite">
        {said.value}
      </div>
      <div class="toasts" role="status">
        {outcomes.value.map(({ id, isGood, text }) => (
          <div key={id} class={isGood ? 'toast good' : 'toast bad'}>
            <span>{text}</span>
            <button type="button" class="quiet-button" aria-label={t('close')} onClick={() => dismiss(id)}>
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
