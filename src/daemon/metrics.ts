/** The metrics of a run, put together: the sampler over /proc, its history in the state directory, and what is scraped. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { outboxBase } from '../crashmail/place.ts';
import type { Bus } from '../events/bus.ts';
import { after } from '../host/clock.ts';
import type { JournalFile } from '../host/journal-file.ts';
import { MetricsFiles } from '../host/metrics-files.ts';
import { mailQueue } from '../host/metrics-mail.ts';
import { brainStart, busySeconds, ownParts } from '../host/metrics-own.ts';
import { processTable, thisMachine } from '../host/metrics-proc.ts';
import { monotonic } from '../host/monotonic.ts';
import { ExitCounts } from '../metrics/exits.ts';
import { History } from '../metrics/history.ts';
import { levelsOf } from '../metrics/levels.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { Pool, ScrapeAccess } from '../metrics/scrape.ts';
import type { Control } from '../supervisor/control.ts';
import type { MainLog } from '../supervisor/host.ts';
import type { Listeners } from '../supervisor/listeners.ts';
import { bytes, epochMillis } from '../units.ts';
import type { RunRequest } from './request.ts';

/** What the metrics want of the run. */
export interface MetricsRequest {
  readonly log: MainLog;
  readonly journal: Pick<JournalFile, 'bytes'>;
  readonly control: Pick<Control, 'groups' | 'process'>;
  readonly listeners: Pick<Listeners, 'status'>;
}

export class RunMetrics implements Disposable {
  readonly access: Metrics;
  readonly scrape: ScrapeAccess;
  readonly #files: MetricsFiles;
  readonly #exits = new ExitCounts();
  readonly #bus: Bus;
  #lostLogBytes = 0;

  constructor({ config, bus, hello }: RunRequest, request: MetricsRequest) {
    const { log, control } = request;
    const { statedir, metrics: mode, metricsInterval: interval, metricsMaxbytes: maxbytes } = config.daemon;
    const onProblem = (text: string): void => log.log('error', text);
    const levels = levelsOf(interval);
    const machine = thisMachine();
    this.#bus = bus;
    this.#files = new MetricsFiles({ directory: join(statedir, 'metrics'), levels, maxbytes, onProblem });
    this.access = new Metrics(
      { mode, interval },
      {
        roots: () => control.groups().flatMap(({ processes }) => processes),
        pidOf: (slot) => control.process(slot)?.pid ?? 0,
        table: processTable,
        machine,
        history: new History(this.#files, levels),
        looks: this.#files,
        now: monotonic,
        wall: () => epochMillis(Date.now()),
        after,
        onProblem,
      },
    );
    const mails =
      config.crashmail?.queue ??
      outboxBase({ queue: undefined, stateDirectory: statedir, isRoot: false, homeDirectory: '' });
    this.scrape = {
      sample: async () => {
        await this.access.fresh();
        return this.access.sample;
      },
      delays: this.access.delays,
      turn: () => nextTurn(),
      exits: (name) => this.#exits.of(name),
      vitals: async () => ({
        parts: ownParts(hello.pid, machine),
        startedAt: brainStart(),
        busySeconds: busySeconds(),
        journalBytes: request.journal.bytes,
        lostLogBytes: bytes(this.#lostLogBytes),
        mail: await mailQueue(mails),
        pools: poolsOf(request),
      }),
    };
  }

  /** Begins to count, and goes on sampling if somebody looked within a day. */
  resume(): void {
    this.#bus.watch(this.#exits);
    this.access.resume();
  }

  lost(count: number): void {
    this.#lostLogBytes += count;
  }

  [Symbol.dispose](): void {
    this.#bus.remove(this.#exits);
    this.access[Symbol.dispose]();
    this.#files[Symbol.dispose]();
  }
}

const poolsOf = ({ control, listeners }: MetricsRequest): readonly Pool[] =>
  control.groups().flatMap(({ config: { name } }) => {
    const status = listeners.status(name);
    return status === undefined ? [] : [{ group: name, buffered: status.buffered, discarded: status.discarded }];
  });
