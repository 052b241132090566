/** Applies what is on disk, in the steps of `superctl update`: removed, changed, added, one group after the other. */
import { call } from './api.ts';
import { listOf, numberOf, objectOf, textOf } from './json.ts';

export type Step = 'stopping' | 'adding' | 'done' | 'stuck';
export type Progress = ReadonlyMap<string, Step>;

export interface Updated {
  readonly groups: number;
  /** Groups that could not be stopped; they stay as they are. */
  readonly stuck: readonly string[];
}

/** The fault of a process that could not be stopped. */
const FAILED = 30;

/** Stops a group and takes it away; false: it does not stop. */
async function retire(name: string): Promise<boolean> {
  const outcomes = listOf(await call('supervisor.stopProcessGroup', { name, wait: true }));
  if (outcomes.some((outcome) => numberOf(objectOf(outcome)['status']) === FAILED)) return false;
  await call('supervisor.removeProcessGroup', { name });
  return true;
}

/** @throws Fault when the files cannot be read, or something else is in the way; what is done by then is done */
export async function update(onProgress: (progress: Progress) => void): Promise<Updated> {
  const [lists] = listOf(await call('supervisor.reloadConfig'));
  const [added = [], changed = [], removed = []] = listOf(lists).map((list) => listOf(list).map(textOf));
  const progress = new Map<string, Step>();
  const mark = (group: string, step: Step): void => {
    progress.set(group, step);
    onProgress(new Map(progress));
  };
  for (const group of [...removed, ...changed]) {
    mark(group, 'stopping');
    const isGone = await retire(group);
    if (isGone && changed.includes(group)) {
      mark(group, 'adding');
      await call('supervisor.addProcessGroup', { name: group });
    }
    mark(group, isGone ? 'done' : 'stuck');
  }
  for (const group of added) {
    mark(group, 'adding');
    await call('supervisor.addProcessGroup', { name: group });
    mark(group, 'done');
  }
  return { groups: progress.size, stuck: [...progress].filter(([, step]) => step === 'stuck').map(([name]) => name) };
}
