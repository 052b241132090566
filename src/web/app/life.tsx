/** A strip of the states that a process was in, under the charts and on their scale. */
import { formatMoment } from './format.ts';
import { t } from './i18n.ts';
import { isState, type JournalRecord, type State } from './model.ts';
import { now } from './store.ts';
import { stateWords } from './words.ts';

interface Stretch {
  readonly state: State;
  readonly from: number;
  readonly to: number;
}

/** The stretches of time between two moments, from the changes of state. Times in milliseconds. */
export function stretches(
  records: readonly JournalRecord[],
  current: State,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Stretch[] {
  const changes = records.flatMap((record) => (isState(record['to']) ? [{ at: record.at, to: record['to'] }] : []));
  const before = changes.findLast(({ at }) => at <= from)?.to;
  const inside = changes.filter(({ at }) => at > from && at < to);
  const first = before ?? (changes.length === 0 ? current : undefined);
  const starts = [...(first === undefined ? [] : [{ at: from, to: first }]), ...inside];
  return starts.map(({ at, to: state }, index) => ({ state, from: at, to: starts[index + 1]?.at ?? to }));
}

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
