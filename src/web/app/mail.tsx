/** The view of crash mails: those that wait, those that could not be sent, the newest that were, and their reports. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, Fault } from './api.ts';
import { describeError } from './faults.ts';
import { formatMoment } from './format.ts';
import { t } from './i18n.ts';
import { listOf, numberOf, objectOf, textOf } from './json.ts';
import { reportLink } from './router.ts';
import { listen, now } from './store.ts';
import type { Key } from './words-en.ts';

interface MailRow {
  readonly id: string;
  readonly subject: string;
  readonly programs: string;
  /** Milliseconds; 0: not known. */
  readonly time: number;
  readonly attempts: number;
  readonly error: string;
}

interface Mails {
  readonly collected: readonly MailRow[];
  readonly waiting: readonly MailRow[];
  readonly failed: readonly MailRow[];
  readonly sent: readonly MailRow[];
}

function readRow(value: unknown): MailRow {
  const { id, subject, programs, time, attempts, problem } = objectOf(value);
  return {
    id: textOf(id),
    subject: textOf(subject),
    programs: listOf(programs).map(textOf).join(', '),
    time: numberOf(time) * 1000,
    attempts: numberOf(attempts),
    error: textOf(problem),
  };
}

const readMails = (value: unknown): Mails => {
  const { collected, waiting, failed, sent } = objectOf(value);
  const rows = (list: unknown): readonly MailRow[] => listOf(list).map(readRow);
  return { collected: rows(collected), waiting: rows(waiting), failed: rows(failed), sent: rows(sent) };
};

function Row({ row: { id, subject, programs, time, attempts, error } }: { row: MailRow }) {
  const facts = [
    ...(subject.includes(programs) ? [] : [programs]),
    ...(attempts > 1 ? [t('mail.attempts', { n: attempts })] : []),
  ];
  return (
    <li>
      <time>{time === 0 ? '' : formatMoment(time, now.value)}</time>
      <a href={reportLink(id)}>{subject === '' ? id : subject}</a>
      {facts.length > 0 && <span class="detail">{facts.join(' · ')}</span>}
      {error !== '' && <span class="error">{error}</span>}
    </li>
  );
}

const List = ({ rows }: { rows: readonly MailRow[] }) => (
  <ul class="mails">
    {rows.map((row) => (
      <Row key={row.id} row={row} />
    ))}
  </ul>
);

/** @param few how many are shown at first */
function Rows({ title, rows, few }: { title: Key; rows: readonly MailRow[]; few: number }) {
  if (rows.length === 0) return null;
  const rest = rows.slice(few);
  return (
    <section>
      <h2>
        {t(title)} <small>{rows.length}</small>
      </h2>
      <List rows={rows.slice(0, few)} />
      {rest.length > 0 && (
        <details>
          <summary>{t('and.more', { n: rest.length })}</summary>
          <List rows={rest} />
        </details>
      )}
    </section>
  );
}

function Report({ id }: { id: string }) {
  const text = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    call('superd.getReport', { id }, abort.signal).then(
      (answer) => {
        text.value = textOf(answer);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) text.value = describeError(error);
      },
    );
    return () => abort.abort();
  }, [id]);
  return (
    <section class="card report">
      <header>
        <h2>{t('mail.report')}</h2>
        <a class="button" href="#/mail">
          {t('close')}
        </a>
      </header>
      <pre tabIndex={0}>{text.value ?? t('loading')}</pre>
    </section>
  );
}

const REFRESH_MS = 15_000;

function useMails() {
  const mails = useSignal<Mails | undefined>(undefined);
  const problem = useSignal('');
  useEffect(() => {
    const abort = new AbortController();
    const load = (): void => {
      call('superd.getMails', {}, abort.signal).then(
        (answer) => {
          mails.value = readMails(answer);
          problem.value = '';
        },
        (error: unknown) => {
          if (error instanceof Fault) problem.value = error.message;
        },
      );
    };
    load();
    const timer = setInterval(() => document.hidden || load(), REFRESH_MS);
    let later: number | undefined;
    const stop = listen({
      records(records) {
        if (!records.some(({ to }) => to === 'EXITED' || to === 'FATAL')) return;
        clearTimeout(later);
        // crashmail writes its report a moment after.
        later = setTimeout(load, 1500);
      },
    });
    return () => {
      abort.abort();
      clearInterval(timer);
      clearTimeout(later);
      stop();
    };
  }, []);
  return { mails, problem };
}

export function Mail({ report }: { report: string | undefined }) {
  const { mails, problem } = useMails();
  const { value } = mails;
  const isEmpty = value !== undefined && Object.values(value).every((rows) => rows.length === 0);
  return (
    <>
      <div class="toolbar">
        <h1 tabIndex={-1}>{t('mail.title')}</h1>
      </div>
      <div class={report === undefined ? 'mail' : 'mail split'}>
        <section class="card">
          {problem.value !== '' && <p class="empty">{problem.value}</p>}
          {isEmpty && problem.value === '' && <p class="empty">{t('mail.none')}</p>}
          {value !== undefined && (
            <>
              <Rows title="mail.failed" rows={value.failed} few={20} />
              <Rows title="mail.waiting" rows={value.waiting} few={20} />
              <Rows title="mail.collected" rows={value.collected} few={5} />
              <Rows title="mail.sent" rows={value.sent} few={20} />
            </>
          )}
        </section>
        {report !== undefined && <Report key={report} id={report} />}
      </div>
    </>
  );
}
