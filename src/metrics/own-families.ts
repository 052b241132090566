/** What `/metrics` tells of superd itself. */
import type { Mood } from '../supervisor/control.ts';
import type { EpochMillis } from '../units.ts';
import { BOUNDS, type Delays } from './delays.ts';
import { counter, type Family, gauge, labels, type Value } from './exposition.ts';
import type { Sample } from './metrics.ts';
import type { Vitals } from './scrape.ts';

export interface OwnFacts {
  readonly version: string;
  readonly identifier: string;
  readonly mood: Mood;
  /** Brains of the same keeper before this one. */
  readonly served: number;
  /** Why nothing is recorded in the journal. */
  readonly journalProblem: string | undefined;
  /** The serial of its newest record. */
  readonly journalSerial: number;
  readonly vitals: Vitals;
  readonly delays: Delays;
  readonly sample: Sample | undefined;
  readonly now: EpochMillis;
}

const MOODS: readonly Mood[] = ['RUNNING', 'RESTARTING', 'SHUTDOWN'];

const one = (value: number): readonly Value[] => [{ value }];

const histogramValues = (delays: Delays): readonly Value[] => [
  ...BOUNDS.map((bound, index) => ({
    suffix: '_bucket',
    labels: labels({ le: String(bound) }),
    value: delays.counts[index] ?? 0,
  })),
  { suffix: '_bucket', labels: labels({ le: '+Inf' }), value: delays.count },
  { suffix: '_sum', value: delays.sum },
  { suffix: '_count', value: delays.count },
];

function daemonFamilies(facts: OwnFacts): readonly Family[] {
  const { version, identifier, mood, served, vitals } = facts;
  return [
    gauge('superd_build_info', 'The version of superd and its identifier.', [
      { labels: labels({ version, identifier }), value: 1 },
    ]),
    gauge(
      'superd_mood',
      'What superd is about: 1 for the mood that it is in, 0 for the others.',
      MOODS.map((name) => ({ labels: labels({ mood: name }), value: Number(name === mood) })),
    ),
    gauge(
      'superd_brain_start_time_seconds',
      'When the brain that answers was started, in UNIX seconds.',
      one(vitals.startedAt / 1000),
    ),
    counter('superd_brain_restarts_total', 'Brains of the same keeper before the one that answers.', one(served)),
    gauge(
      'superd_resident_memory_bytes',
      'Resident memory of superd: of its brain and of its keeper.',
      vitals.parts.map(({ name, rss }) => ({ labels: labels({ part: name }), value: rss })),
    ),
    counter(
      'superd_cpu_seconds_total',
      'Processor time used by superd: by its brain and by its keeper.',
      vitals.parts.map(({ name, cpuSeconds }) => ({ labels: labels({ part: name }), value: cpuSeconds })),
    ),
    counter('superd_event_loop_busy_seconds_total', 'Time that the brain was at work.', one(vitals.busySeconds)),
    {
      name: 'superd_event_loop_delay_seconds',
      type: 'histogram',
      help: 'How late the timer of the sampler was, once a sample.',
      values: histogramValues(facts.delays),
    },
  ];
}

function queueFamilies({ vitals, journalProblem, journalSerial, now }: OwnFacts): readonly Family[] {
  const { mail, pools, journalBytes, lostLogBytes } = vitals;
  const pool = (value: (pool: Vitals['pools'][number]) => number): readonly Value[] =>
    pools.map((each) => ({ labels: labels({ group: each.group }), value: value(each) }));
  return [
    gauge('superd_journal_bytes', 'The size of the journal on disk.', one(journalBytes)),
    counter('superd_journal_records_total', 'The serial of the newest record of the journal.', one(journalSerial)),
    gauge('superd_journal_problem', 'Whether nothing can be recorded.', one(Number(journalProblem !== undefined))),
    counter('superd_log_lost_bytes_total', 'Output of programs that no log file took.', one(lostLogBytes)),
    gauge(
      'superd_mail_queue_length',
      'Reports and mails of crashmail that wait (report, mail) or were given up (failed).',
      [
        { labels: labels({ kind: 'report' }), value: mail.reports },
        { labels: labels({ kind: 'mail' }), value: mail.waiting },
        { labels: labels({ kind: 'failed' }), value: mail.failed },
      ],
    ),
    gauge(
      'superd_mail_queue_oldest_age_seconds',
      'How long the oldest report or mail has waited; 0 when none does.',
      one(mail.oldest === undefined ? 0 : Math.max(0, now - mail.oldest) / 1000),
    ),
    gauge(
      'superd_listener_buffered_events',
      'Events that wait for a listener of the pool.',
      pool(({ buffered }) => buffered),
    ),
    counter(
      'superd_listener_discarded_events_total',
      'Events that the buffer of the pool could not hold.',
      pool(({ discarded }) => discarded),
    ),
  ];
}

function sampleFamilies({ sample }: OwnFacts): readonly Family[] {
  if (sample === undefined) return [];
  return [
    gauge('superd_sample_time_seconds', 'When use was sampled last, in UNIX seconds.', one(sample.at / 1000)),
    gauge('superd_sample_duration_seconds', 'How long that took, pauses for others included.', one(sample.took / 1000)),
  ];
}

export const ownFamilies = (facts: OwnFacts): readonly Family[] => [
  ...daemonFamilies(facts),
  ...queueFamilies(facts),
  ...sampleFamilies(facts),
];
