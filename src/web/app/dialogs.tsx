/** Questions before something happens, and the list of keys. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Verb } from './actions.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { KEYS, keysAreOn, switchKeys } from './keyboard.ts';

interface Question {
  readonly verb: Verb;
  readonly label: string;
  readonly names: readonly string[];
  readonly answer: (signal: string | undefined) => void;
}

const question = signal<Question | undefined>(undefined);
export const isHelpOpen = signal(false);

const SIGNALS = ['HUP', 'USR1', 'USR2', 'TERM', 'INT', 'QUIT', 'WINCH', 'KILL'] as const;
/** More names than anybody reads. */
const MAX_NAMES = 12;

/** Resolves with the name of a signal, with '' for yes, and with undefined for no. */
export function ask(about: Omit<Question, 'answer'>): Promise<string | undefined> {
  question.value?.answer(undefined);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const answer = (chosen: string | undefined): void => {
    question.value = undefined;
    resolve(chosen);
  };
  question.value = { ...about, answer };
  return promise;
}

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="dialog-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="dialog-body">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="quiet-button" aria-label={t('close')} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length < 2) return null;
  const shown = names.slice(0, MAX_NAMES);
  return (
    <p class="names">
      {shown.map((name) => (
        <code key={name}>{name}</code>
      ))}
      {names.length > shown.length && <span>{t('and.more', { n: names.length - shown.length })}</span>}
    </p>
  );
}

const TITLES = {
  start: 'ask.start',
  stop: 'ask.stop',
  restart: 'ask.restart',
  signal: 'ask.signal',
  disable: 'ask.disable',
  enable: 'ask.enable',
  clear: 'ask.clear',
} as const;

function QuestionDialog({ verb, label, names, answer }: Question) {
  return (
    <Dialog title={t(TITLES[verb], { name: label })} onClose={() => answer(undefined)}>
      <Names names={names} />
      {verb === 'signal' ? (
        <div class="signals">
          {SIGNALS.map((name) => (
            <button key={name} type="button" class="button" onClick={() => answer(name)}>
              SIG{name}
            </button>
          ))}
        </div>
      ) : (
        <footer>
          <button type="button" class="button" onClick={() => answer(undefined)}>
            {t('cancel')}
          </button>
          <button type="button" class="button primary" autofocus onClick={() => answer('')}>
            {t(verb)}
          </button>
        </footer>
      )}
    </Dialog>
  );
}

function HelpDialog() {
  return (
    <Dialog title={t('keys')} onClose={() => (isHelpOpen.value = false)}>
      <dl class="keys">
        {KEYS.map(({ keys, label }) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={keysAreOn.value}
          onChange={({ currentTarget }) => switchKeys(currentTarget.checked)}
        />
        {t('keys.on')}
      </label>
    </Dialog>
  );
}

export function Dialogs() {
  const asked = question.value;
  if (asked !== undefined) return <QuestionDialog key={asked.label + asked.verb} {...asked} />;
  return isHelpOpen.value ? <HelpDialog /> : null;
}
