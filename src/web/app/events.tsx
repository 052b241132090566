/** The view of all that happened, newest on top, as it happens. */
import { useSignal } from '@preact/signals';
import { Choices } from './choices.tsx';
import { t } from './i18n.ts';
import { useJournal } from './journal.ts';
import type { JournalRecord } from './model.ts';
import { told } from './record-words.ts';
import { Timeline } from './timeline.tsx';
import type { Key } from './words-en.ts';

const KINDS = {
  all: [],
  states: ['process-state', 'spawn-error', 'signal', 'adopted'],
  people: ['operator', 'disabled', 'enabled', 'config', 'process-group'],
  superd: ['daemon', 'supervisor-state', 'problem', 'bug'],
} as const satisfies Record<string, readonly string[]>;
type Choice = keyof typeof KINDS;

const CHOICES: readonly (readonly [Choice, Key])[] = [
  ['all', 'events.all'],
  ['states', 'events.states'],
  ['people', 'events.people'],
  ['superd', 'events.superd'],
];
const LIMIT = 200;

function has(record: JournalRecord, text: string): boolean {
  if (text === '') return true;
  const { subject = '', text: what, detail } = told(record);
  return `${subject} ${what} ${detail}`.toLowerCase().includes(text.toLowerCase());
}

export function Events() {
  const choice = useSignal<Choice>('all');
  const text = useSignal('');
  const { records, isLoading, hasOlder, older } = useJournal({ name: '', kinds: KINDS[choice.value], limit: LIMIT });
  const found = records.value.filter((record) => has(record, text.value));
  return (
    <>
      <div class="toolbar">
        <h1 tabIndex={-1}>{t('events')}</h1>
        <label class="search">
          <span class="unseen">{t('filter')}</span>
          <input
            id="filter"
            type="search"
            placeholder={t('events.hint')}
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value;
            }}
          />
        </label>
        <Choices
          label={t('events.kind')}
          choices={CHOICES.map(([name, label]) => [name, t(label)])}
          value={choice.value}
          onChoose={(name) => {
            choice.value = name;
          }}
        />
      </div>
      <section class="card">
        {found.length === 0 && <p class="empty">{t(isLoading.value ? 'loading' : 'events.none')}</p>}
        <Timeline records={found} />
        {hasOlder.value && (
          // What cannot be loaded now can be asked for again.
          <button type="button" class="button more" onClick={() => void older().catch(() => undefined)}>
            {t('older')}
          </button>
        )}
      </section>
    </>
  );
}
