/** The states that a process was in, from the changes in the journal. Pure. */
import { isState, type JournalRecord, type State } from './model.ts';

export interface Stretch {
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
