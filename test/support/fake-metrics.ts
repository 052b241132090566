/** Metrics that a test sets by hand. */
import { Delays } from '../../src/metrics/delays.ts';
import type { Exits } from '../../src/metrics/exits.ts';
import type { Sample } from '../../src/metrics/metrics.ts';
import type { MetricsAccess, Recent, Series, Span, Usage } from '../../src/metrics/ports.ts';
import type { ScrapeAccess, Vitals } from '../../src/metrics/scrape.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { bytes, epochMillis } from '../../src/units.ts';

const NONE: Series = { start: epochMillis(0), step: 5, cpu: [], cpuMax: [], rss: [], rssMax: [] };

export class FakeMetrics implements MetricsAccess {
  /** By `group:process`. */
  readonly usages: Map<string, Usage> = new Map();
  readonly recents: Map<string, Recent> = new Map();
  history: Series = NONE;
  readonly asked: Span[] = [];
  problem: string | undefined;
  looks = 0;

  look(): void {
    this.looks += 1;
  }

  fresh(): Promise<void> {
    this.looks += 1;
    return Promise.resolve();
  }

  usage({ group, process }: Slot): Usage | undefined {
    return this.usages.get(`${group}:${process}`);
  }

  recent({ group, process }: Slot): Recent {
    return this.recents.get(`${group}:${process}`) ?? { cpu: [], rss: [] };
  }

  series(_slot: Slot, span: Span): Promise<Series> {
    this.asked.push(span);
    return Promise.resolve(this.history);
  }
}

/** What is scraped, set by hand. */
export class FakeScrape implements ScrapeAccess {
  readonly delays: Delays = new Delays();
  latest: Sample | undefined;
  /** By `group:process`. */
  readonly ends: Map<string, Exits> = new Map();
  state: Vitals = {
    parts: [{ name: 'brain', rss: bytes(50_000_000), cpuSeconds: 1.5 }],
    startedAt: epochMillis(1_795_340_000_000),
    busySeconds: 1.25,
    journalBytes: bytes(4096),
    lostLogBytes: bytes(0),
    mail: { reports: 0, waiting: 0, failed: 0, oldest: undefined },
    pools: [],
  };

  sample(): Promise<Sample | undefined> {
    return Promise.resolve(this.latest);
  }

  exits(name: string): Exits {
    return this.ends.get(name) ?? { expected: 0, unexpected: 0, signal: 0, start_failed: 0, stopped: 0 };
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }

  vitals(): Promise<Vitals> {
    return Promise.resolve(this.state);
  }
}
