/** The figures: what is measured, in which unit, and what superd is to reach beside supervisord. */

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** The ratio to supervisord that superd is to keep; for `better: 'higher'` the least. undefined: only shown. */
  readonly target: number | undefined;
  /** What superd's own figure is not to exceed. */
  readonly most: number | undefined;
  readonly better: 'lower' | 'higher';
}

const lower = (id: string, title: string, unit: string, target?: number): Figure => ({
  id,
  title,
  unit,
  target,
  most: undefined,
  better: 'lower',
});

const higher = (id: string, title: string, unit: string, target?: number): Figure => ({
  ...lower(id, title, unit, target),
  better: 'higher',
});

/** superd's own figure is not to exceed this. */
const within = (most: number, figure: Figure): Figure => ({ ...figure, most });

export const FIGURES: readonly Figure[] = [
  lower('restart', 'SIGKILL of a program → replacement running, 100 programs, median', 'ms', 0.02),
  lower('restart-p95', 'the same, 95 of 100', 'ms', 0.05),
  lower('start', 'start of 500 programs, launch → last one running', 'ms', 0.4),
  lower('storm', '200 programs killed at once → all running again', 'ms', 0.3),
  lower('shutdown', 'SIGTERM → 200 programs and the supervisor gone', 'ms', 0.3),
  higher('flood', 'one program writing flat out into rotated logs', 'MB/s', 0.9),
  lower('flood-cpu', 'the same, processor time of the supervisor', 's/GB', 1.04),
  higher('direct', 'the same with stdout_logfile_direct=true (supervisord: without)', 'MB/s', 1),
  lower('direct-cpu', 'the same, processor time of the supervisor', 's/GB', 0.05),
  lower('chatty-cpu', '50 programs × 1000 lines/s, processor time of the supervisor', 's/s', 0.15),
  lower('chatty-lost', 'the same, lines lost', ''),
  within(100, lower('chatty-delay', 'the same, line written → in the log, 95 of 100', 'ms')),
  lower('status', '`superctl status` / `supervisorctl status`, 200 programs', 'ms', 0.35),
  lower('help', '`superctl --help` / `supervisorctl --help`', 'ms', 0.5),
  lower('rpc', 'getAllProcessInfo of 200 programs, latency', 'ms', 0.1),
  lower('rpc-cpu', 'the same, processor time of the supervisor', 'ms', 0.1),
  lower('private-100', 'private memory, 100 idle programs', 'MiB', 1.25),
  lower('private-500', 'private memory, 500 idle programs', 'MiB', 1.25),
  lower('private-1000', 'private memory, 1000 idle programs', 'MiB', 1),
  within(100, lower('rss-100', 'resident memory, 100 idle programs', 'MiB')),
  within(115, lower('rss-1000', 'resident memory, 1000 idle programs', 'MiB')),
  within(0.02, lower('idle', 'processor time of 500 idle programs', 's/min')),
  within(20, lower('delay', 'answer to getState, 500 programs, 50 MB/s of output, 20 calls/s: 99 of 100', 'ms')),
];

/** A number that was measured, for a figure. */
export type Sample = readonly [id: string, value: number];
