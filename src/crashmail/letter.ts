/**
 * A letter: what becomes one mail on every channel. It is written to the disk before it is sent, and from then on its
 * reports are in this letter and in no other.
 */
import type { Report } from './report.ts';

/** A program that runs well again. Times in milliseconds since the epoch. */
export interface Recovery {
  readonly program: string;
  readonly pid: number;
  /** Since when it runs. */
  readonly since: number;
  readonly crashes: number;
  readonly firstCrash: number;
}

/** How often a program has crashed since its trouble began, mails before this one included. */
export interface Trouble {
  readonly program: string;
  readonly since: number;
  readonly crashes: number;
  /** Mails about it, this one included. */
  readonly mails: number;
  /** Until when further crashes are collected, milliseconds since the epoch. */
  readonly until: number;
}

/** About crashmail itself, such as a mail that a server refused. */
export interface Notice {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface Letter {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly host: string;
  /** Recipients, joined by commas; '' when the channel knows them itself. */
  readonly to: string;
  readonly reports: readonly Report[];
  readonly troubles: readonly Trouble[];
  readonly recoveries: readonly Recovery[];
  readonly notices: readonly Notice[];
  /** Only these channels get it; empty: all. */
  readonly channels: readonly string[];
}

/** Reports whose logs and pictures are shown in one mail; of the others the cause is told. */
export const SHOWN_IN_FULL = 5;

export const serialsIn = ({ reports }: Letter): readonly number[] => [
  ...new Set(reports.flatMap(({ serials }) => serials)),
];
