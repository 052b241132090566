/** GET /metrics: everything that can be counted, for Prometheus. */
import { CONTENT_TYPE, formatFamily } from '../metrics/exposition.ts';
import { ownFamilies } from '../metrics/own-families.ts';
import { programFamilies } from '../metrics/program-families.ts';
import type { ScrapeAccess } from '../metrics/scrape.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import { VERSION } from '../version.ts';
import { errorAnswer, NOT_SNIFFED, textAnswer } from './answers.ts';
import type { WebAnswer, WebRequest } from './exchange.ts';

export interface MetricsPorts extends RpcPorts {
  readonly scrape: ScrapeAccess;
}

export async function metricsRoute(ports: MetricsPorts, { method }: WebRequest): Promise<WebAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return errorAnswer(400);
  const { control, brain, journal, scrape } = ports;
  const sample = await scrape.sample();
  const own = ownFamilies({
    version: VERSION,
    identifier: control.identifier,
    mood: control.mood,
    served: brain.served,
    journalProblem: journal.problem,
    journalSerial: journal.last,
    vitals: await scrape.vitals(),
    delays: scrape.delays,
    sample,
    now: control.wall(),
  });
  const programs = programFamilies({ control, sample, exits: (name) => scrape.exits(name) });
  let text = '';
  for (const family of [...own, ...programs]) {
    text += formatFamily(family);
    await scrape.turn();
  }
  return textAnswer(CONTENT_TYPE, text, [['Cache-Control', 'no-store'], NOT_SNIFFED]);
}
