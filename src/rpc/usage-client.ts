/** superd's methods about use, typed, over the client. */
import type { Span } from '../metrics/ports.ts';
import { type Answer, integer, listOf, type RpcClient, struct, text } from './client.ts';
import type { XmlValue } from './xml.ts';

/** What a process and all that descend from it use. */
export interface UsageRow {
  /** `name` or `group:name`. */
  readonly name: string;
  /** Percent of one core. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly processes: number;
  /** UNIX seconds. */
  readonly at: number;
}

/** Values of equal stretches of time; undefined: nothing is known. */
export interface UsageHistory {
  /** UNIX seconds. */
  readonly start: number;
  /** Seconds. */
  readonly step: number;
  readonly cpu: readonly (number | undefined)[];
  readonly cpumax: readonly (number | undefined)[];
  readonly rss: readonly (number | undefined)[];
  readonly rssmax: readonly (number | undefined)[];
}

function usageRow(value: XmlValue | undefined): UsageRow {
  const from = struct(value);
  return {
    name: text(from['name']),
    cpu: integer(from['cpu']),
    rss: integer(from['rss']),
    processes: integer(from['processes']),
    at: integer(from['at']),
  };
}

const known = (value: XmlValue | undefined): number | undefined => {
  const number = integer(value);
  return number < 0 ? undefined : number;
};

function usageHistory(value: XmlValue | undefined): UsageHistory {
  const from = struct(value);
  const values = (name: string): readonly (number | undefined)[] => listOf(known)(from[name]);
  return {
    start: integer(from['start']),
    step: integer(from['step']),
    cpu: values('cpu'),
    cpumax: values('cpumax'),
    rss: values('rss'),
    rssmax: values('rssmax'),
  };
}

export const usageOf = (rpc: RpcClient): Answer<readonly UsageRow[]> =>
  rpc.call('superd.getUsage', [], listOf(usageRow));

export const usageHistoryOf = (rpc: RpcClient, name: string, span: Span): Answer<UsageHistory> =>
  rpc.call('superd.getUsageHistory', [name, span.seconds, span.points], usageHistory);
