/** A strip of the states that a process was in, under the charts and on their scale. */
import { formatMoment } from './format.ts';
import { t } from './i18n.ts';
import type { JournalRecord, State } from './model.ts';
import { now } from './store.ts';
import { stretches } from './stretches.ts';
import { stateWords } from './words.ts';

interface LifeProps {
  readonly records: readonly JournalRecord[];
  readonly state: State;
  readonly from: number;
  readonly to: number;
}

export function Life({ records, state, from, to }: LifeProps) {
  const parts = stretches(records, state, { from, to });
  const percent = (ms: number): string => `${((ms / (to - from)) * 100).toFixed(3)}%`;
  return (
    <div
      class="life"
      role="img"
      aria-label={`${t('life')}: ${parts
        .map((part) => stateWords(part.state))
        .slice(-8)
        .join(', ')}`}
    >
      {parts.map((part) => (
        <span
          key={part.from}
          class={`stretch state-${part.state.toLowerCase()}`}
          style={{ left: percent(part.from - from), width: percent(part.to - part.from) }}
          title={`${stateWords(part.state)} · ${formatMoment(part.from, now.value)}`}
        />
      ))}
    </div>
  );
}
