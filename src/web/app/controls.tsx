/** The buttons that act, for one process, a group, or more; nobody sees those that he may not use. */
import { act, applies, labelOf, pending, type Target, tell, type Verb } from './actions.ts';
import { ask } from './dialogs.tsx';
import { t } from './i18n.ts';
import { Icon, type IconName } from './icons.tsx';
import type { Process } from './model.ts';
import { mayOperate } from './store.ts';

/** Asks first when more than one process is touched, or a signal is to be chosen; says so when nothing would change. */
export async function perform(verb: Verb, target: Target, processes: readonly Process[]): Promise<void> {
  if (!mayOperate.value) return;
  const meant = processes.filter((process) => applies(verb, process));
  if (meant.length === 0) {
    tell(t('no.effect', { verb: t(verb), name: labelOf(target) }), false);
    return;
  }
  const names = meant.map(({ namespec }) => namespec);
  const needsAnswer = verb === 'signal' || (target.kind !== 'process' && verb !== 'start');
  const answer = needsAnswer ? await ask({ verb, label: labelOf(target), names }) : '';
  if (answer === undefined) return;
  await act(verb, target, { names, signal: answer });
}

const VERBS = {
  start: { icon: 'start', label: 'start' },
  stop: { icon: 'stop', label: 'stop' },
  restart: { icon: 'restart', label: 'restart' },
  signal: { icon: 'signal', label: 'signal' },
} as const satisfies Partial<Record<Verb, { icon: IconName; label: string }>>;

interface ControlsProps {
  readonly target: Target;
  readonly processes: readonly Process[];
  /** With words beside the pictures. */
  readonly isWide?: boolean;
}

export function Controls({ target, processes, isWide = false }: ControlsProps) {
  if (!mayOperate.value) return null;
  const isBusy = processes.some(({ namespec }) => pending.value.has(namespec));
  const label = labelOf(target);
  // One button that starts or stops, so that the focus stays on it when it turns from the one into the other.
  const button = (verb: keyof typeof VERBS, isToggle = false) => {
    const text = t(VERBS[verb].label);
    const isOff = isBusy || !processes.some((process) => applies(verb, process));
    return (
      <button
        key={isToggle ? 'toggle' : verb}
        type="button"
        class={isWide ? 'button' : 'quiet-button'}
        data-verb={verb}
        aria-label={`${text} ${label}`}
        title={isWide ? undefined : text}
        // Not `disabled`: that would take the focus away from whoever has just pressed it.
        aria-disabled={isOff}
        onClick={() => {
          // perform() tells what goes wrong.
          if (!isOff) void perform(verb, target, processes);
        }}
      >
        <Icon name={VERBS[verb].icon} />
        {isWide && <span>{text}</span>}
      </button>
    );
  };
  const canStart = processes.some((process) => applies('start', process));
  const canStop = processes.some((process) => applies('stop', process));
  const toggles =
    canStart && canStop ? [button('start'), button('stop', true)] : [button(canStart ? 'start' : 'stop', true)];
  return (
    <span class="controls">
      {toggles}
      {button('restart')}
      {button('signal')}
    </span>
  );
}
