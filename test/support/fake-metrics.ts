/** Metrics that a test sets by hand. */
import type { MetricsAccess, Recent, Series, Span, Usage } from '../../src/metrics/ports.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { epochMillis } from '../../src/units.ts';

const NONE: Series = { start: epochMillis(0), step: 5, cpu: [], cpuMax: [], rss: [], rssMax: [] };

export class FakeMetrics implements MetricsAccess {
  /** By `group:process`. */
  readonly usages: Map<string, Usage> = new Map();
  readonly recents: Map<string, Recent> = new Map();
  history: Series = NONE;
  readonly asked: Span[] = [];
  looks = 0;

  look(): void {
    this.looks += 1;
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
