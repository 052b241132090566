/** The view of what is on disk and not in use: what an update would change, and the update itself. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { tell } from './actions.ts';
import { call } from './api.ts';
import { describeError } from './faults.ts';
import { count, t } from './i18n.ts';
import { listOf, objectOf, textOf } from './json.ts';
import { listen } from './store.ts';
import { type Progress, type Updated, update } from './update.ts';

interface Change {
  readonly process: string;
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

interface PlanAnswer {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly group: string; readonly changes: readonly Change[] }[];
}

const namesOf = (value: unknown): readonly string[] => listOf(value).map(textOf);

function readPlan(value: unknown): PlanAnswer {
  const { added, removed, changed } = objectOf(value);
  return {
    added: namesOf(added),
    removed: namesOf(removed),
    changed: listOf(changed)
      .map(objectOf)
      .map(({ group, changes }) => ({
        group: textOf(group),
        changes: listOf(changes)
          .map(objectOf)
          .map(({ process, key, before, after }) => ({
            process: textOf(process),
            key: textOf(key),
            before: textOf(before),
            after: textOf(after),
          })),
      })),
  };
}

function ChangeRow({ change: { process, key, before, after }, group }: { change: Change; group: string }) {
  // A process that comes or goes is told as a change of the key `process`.
  if (key === 'process')
    return <li>{t(after === 'added' ? 'plan.process.added' : 'plan.process.removed', { name: process })}</li>;
  return (
    <li>
      <code class="key">{process === group ? key : `${process} · ${key}`}</code>
      <del>{before === '' ? t('plan.unset') : before}</del>
      <span aria-hidden="true">→</span>
      <ins>{after === '' ? t('plan.unset') : after}</ins>
    </li>
  );
}

function Lists({ plan, progress }: { plan: PlanAnswer; progress: Progress }) {
  const mark = (group: string) => {
    const state = progress.get(group);
    return state === undefined ? null : <span class={`tag step-${state}`}>{t(`step.${state}`)}</span>;
  };
  return (
    <ul class="plan">
      {plan.removed.map((group) => (
        <li key={group} class="removed">
          <b>−</b> <strong>{group}</strong> <span>{t('plan.removed')}</span> {mark(group)}
        </li>
      ))}
      {plan.changed.map(({ group, changes }) => (
        <li key={group} class="changed">
          <b>~</b> <strong>{group}</strong> <span>{t('plan.changed')}</span> {mark(group)}
          <ul>
            {changes.map((change) => (
              <ChangeRow key={`${change.process} ${change.key}`} change={change} group={group} />
            ))}
          </ul>
        </li>
      ))}
      {plan.added.map((group) => (
        <li key={group} class="added">
          <b>+</b> <strong>{group}</strong> <span>{t('plan.added')}</span> {mark(group)}
        </li>
      ))}
    </ul>
  );
}

/** Half an update leaves groups stopped: the browser asks before it closes the page. */
const stay = (event: BeforeUnloadEvent): void => event.preventDefault();

/** What is to be done, how far it is, and the ways to look again and to do it. Neither way rejects. */
function usePlan() {
  const plan = useSignal<PlanAnswer | undefined>(undefined);
  const problem = useSignal('');
  const progress = useSignal<Progress>(new Map());
  const isBusy = useSignal(false);
  const load = async (): Promise<void> => {
    try {
      plan.value = readPlan(await call('superd.plan'));
      problem.value = '';
    } catch (error) {
      plan.value = undefined;
      problem.value = describeError(error);
    }
  };
  const apply = async (): Promise<void> => {
    isBusy.value = true;
    addEventListener('beforeunload', stay);
    try {
      tellDone(
        await update((state) => {
          progress.value = state;
        }),
      );
    } catch (error) {
      tell(t('failed.one', { name: t('plan'), why: describeError(error) }), false);
    }
    removeEventListener('beforeunload', stay);
    isBusy.value = false;
    progress.value = new Map();
    await load();
  };
  return { plan, problem, progress, isBusy, load, apply };
}

function tellDone({ groups, stuck }: Updated): void {
  if (stuck.length > 0) tell(t('plan.stuck', { names: stuck.join(', ') }), false);
  else tell(count(groups, 'plan.done.one', 'plan.done.many'), true);
}

export function Plan() {
  const { plan, problem, progress, isBusy, load, apply } = usePlan();
  useEffect(() => {
    void load();
    return listen({
      records(records) {
        if (!isBusy.value && records.some(({ kind }) => kind === 'config' || kind === 'process-group')) void load();
      },
    });
  }, []);
  const { value } = plan;
  const total = value === undefined ? 0 : value.added.length + value.changed.length + value.removed.length;
  const isOff = total === 0 || isBusy.value;
  return (
    <>
      <div class="toolbar">
        <h1 tabIndex={-1}>{t('plan')}</h1>
        <span class="whole">
          <button type="button" class="button" onClick={() => void load()}>
            {t('plan.read')}
          </button>
          <button
            type="button"
            class="button primary"
            aria-disabled={isOff}
            onClick={() => {
              if (!isOff) void apply();
            }}
          >
            {t('plan.apply')}
          </button>
        </span>
      </div>
      <section class="card">
        <p class="lead">{t('plan.lead')}</p>
        {problem.value !== '' && <pre class="problem">{problem.value}</pre>}
        {value !== undefined && total === 0 && <p class="empty">{t('plan.nothing')}</p>}
        {value !== undefined && total > 0 && <Lists plan={value} progress={progress.value} />}
      </section>
    </>
  );
}
