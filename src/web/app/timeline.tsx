/** Records of the journal as a list, the newest on top, each day under its date. */
import { formatClock, formatDay } from './format.ts';
import type { JournalRecord } from './model.ts';
import { told } from './record-words.ts';
import { programLink } from './router.ts';

interface EntryProps {
  readonly record: JournalRecord;
  /** Whether the name of the process stands beside it. */
  readonly isNamed: boolean;
}

function Entry({ record, isNamed }: EntryProps) {
  const { tone, subject, text, detail } = told(record);
  return (
    <li class={`entry tone-${tone}`}>
      <time dateTime={new Date(record.at).toISOString()} title={`#${record.serial}`}>
        {formatClock(record.at)}
      </time>
      {isNamed &&
        (record.process === undefined || subject === undefined ? (
          <span class="subject">{subject ?? ''}</span>
        ) : (
          <a class="subject" href={programLink(subject)}>
            {subject}
          </a>
        ))}
      <span class="what">
        <b>{text}</b> {detail !== '' && <span class="detail">{detail}</span>}
      </span>
    </li>
  );
}

interface TimelineProps {
  /** Oldest first. */
  readonly records: readonly JournalRecord[];
  readonly isNamed?: boolean;
}

export function Timeline({ records, isNamed = true }: TimelineProps) {
  const days = [...Map.groupBy(records.toReversed(), ({ at }) => formatDay(at))];
  return (
    <div class={isNamed ? 'timeline' : 'timeline unnamed'}>
      {days.map(([day, entries]) => (
        <section key={day}>
          <h3>{day}</h3>
          <ol reversed>
            {entries.map((record) => (
              <Entry key={record.serial} record={record} isNamed={isNamed} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
