/** Processor and memory use of every program: sampled for those who look, and remembered. */
import type { Slot } from '../supervisor/host.ts';
import { epochMillis } from '../units.ts';
import type { MetricsAccess, Recent, Series, Span, Usage } from './ports.ts';

/** Knows nothing yet. */
export class Metrics implements MetricsAccess {
  look(): void {}

  usage(_slot: Slot): Usage | undefined {
    return undefined;
  }

  recent(_slot: Slot): Recent {
    return { cpu: [], rss: [] };
  }

  series(_slot: Slot, { seconds, points }: Span): Promise<Series> {
    const none = Array.from({ length: points }, () => null);
    const step = Math.ceil(seconds / points);
    return Promise.resolve({ start: epochMillis(0), step, cpu: none, cpuMax: none, rss: none, rssMax: none });
  }
}
