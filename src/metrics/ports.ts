/** What others ask of the metrics. What is sampled, when and how stands behind these types. */
import type { Slot } from '../supervisor/host.ts';
import type { Bytes, EpochMillis } from '../units.ts';

/** What a process and all that descend from it used when it was last looked at. */
export interface Usage {
  /** Percent of one core, since the sample before. */
  readonly cpu: number;
  readonly rss: Bytes;
  /** How many processes that is. */
  readonly processes: number;
  readonly at: EpochMillis;
}

/** The newest samples, oldest first, for a sparkline. */
export interface Recent {
  readonly cpu: readonly number[];
  readonly rss: readonly number[];
}

export interface Span {
  /** How far back from now. */
  readonly seconds: number;
  /** How many values are wanted at most. */
  readonly points: number;
}

/** Means and greatest values of equal stretches of time, oldest first; null: nothing is known of that stretch. */
export interface Series {
  /** When the first stretch begins. */
  readonly start: EpochMillis;
  /** The length of a stretch in seconds. */
  readonly step: number;
  readonly cpu: readonly (number | null)[];
  readonly cpuMax: readonly (number | null)[];
  readonly rss: readonly (number | null)[];
  readonly rssMax: readonly (number | null)[];
}

export interface MetricsAccess {
  /** Why nothing is sampled; undefined: it is, as soon as somebody looks. */
  readonly problem: string | undefined;
  /** Somebody looks now: with `metrics=auto` this is what sampling is for. Cheap; may be called with every request. */
  look(): void;
  /** Looks, and resolves as soon as there is a sample: half a second after the first look, at once after that. */
  fresh(): Promise<void>;
  /** undefined: it is not running, or was not sampled yet. */
  usage(slot: Slot): Usage | undefined;
  recent(slot: Slot): Recent;
  series(slot: Slot, span: Span): Promise<Series>;
}
