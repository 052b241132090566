/** The table of figures, as Markdown. */
import type { Figure } from './figures.ts';
import type { PeerName } from './peers.ts';

/** Medians by `peer figure`. */
export type Measured = ReadonlyMap<string, number>;

function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3);
}

/** A row per figure that was measured, a column per supervisor, and superd's ratio to supervisord. */
export function tableOf(figures: readonly Figure[], peers: readonly PeerName[], measured: Measured): string {
  const rows = figures
    .filter(({ id }) => peers.some((peer) => measured.has(`${peer} ${id}`)))
    .map(({ id, title, unit, target, better }) => {
      const of = (peer: PeerName): number | undefined => measured.get(`${peer} ${id}`);
      const ratio = (of('superd') ?? Number.NaN) / (of('supervisord') ?? Number.NaN);
      const sign = better === 'lower' ? '≤' : '≥';
      const isMet = target === undefined || (better === 'lower' ? ratio <= target : ratio >= target);
      const goal = target === undefined ? '' : `${sign} ${target}${isMet ? '' : ' **missed**'}`;
      return [title, unit, ...peers.map((peer) => number(of(peer))), number(ratio), goal];
    });
  const head = ['figure', 'unit', ...peers, 'superd / supervisord', 'target'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
