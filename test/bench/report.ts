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
    .map(({ id, title, unit, target, most, better }) => {
      const of = (peer: PeerName): number | undefined => measured.get(`${peer} ${id}`);
      const ratio = (of('superd') ?? Number.NaN) / (of('supervisord') ?? Number.NaN);
      const sign = better === 'lower' ? '≤' : '≥';
      // Nobody to compare with: nothing is missed.
      const isKept =
        target === undefined || Number.isNaN(ratio) || (better === 'lower' ? ratio <= target : ratio >= target);
      const isMet = isKept && (most === undefined || (of('superd') ?? Number.NaN) <= most);
      const wanted = [
        ...(target === undefined ? [] : [`${sign} ${target}`]),
        ...(most === undefined ? [] : [`≤ ${most} ${unit}`]),
      ];
      const goal = `${wanted.join(', ')}${isMet ? '' : ' **missed**'}`;
      return [title, unit, ...peers.map((peer) => number(of(peer))), number(ratio), goal];
    });
  const head = ['figure', 'unit', ...peers, 'superd / supervisord', 'target'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const SIZES = [10, 100, 1000] as const;
const GROWTH = [
  { id: 'start', title: 'start of all, ms' },
  { id: 'memory', title: 'private memory, MiB' },
  { id: 'rpc', title: 'getAllProcessInfo, ms' },
] as const;
const COLOURS: Readonly<Record<string, string>> = { superd: '#0a7', supervisord: '#c50' };
const PANEL = { width: 220, height: 160, left: 40, top: 30 } as const;

/** Both axes logarithmic: what grows in a straight line of this slope or less is linear or better. */
export function plotOf(measured: Measured): string {
  const panels = GROWTH.map(({ id, title }, column) => {
    const all = Object.keys(COLOURS).flatMap((peer) =>
      SIZES.flatMap((size) => measured.get(`${peer} grow-${id}-${size}`) ?? []),
    );
    const low = Math.floor(Math.log10(Math.min(...all)));
    const high = Math.ceil(Math.log10(Math.max(...all)));
    const x = (size: number): number => PANEL.left + ((Math.log10(size) - 1) / 2) * (PANEL.width - 80);
    const y = (value: number): number =>
      PANEL.top + PANEL.height - ((Math.log10(value) - low) / Math.max(1, high - low)) * PANEL.height;
    const lines = Object.entries(COLOURS).map(([peer, colour]) => {
      const points = SIZES.flatMap((size) => {
        const value = measured.get(`${peer} grow-${id}-${size}`);
        return value === undefined ? [] : [{ x: x(size), y: y(value), text: number(value) }];
      });
      const path = points.map((point) => `${point.x},${point.y}`).join(' ');
      const labels = points.map((point) => `<text x="${point.x + 4}" y="${point.y - 4}">${point.text}</text>`);
      return `<g fill="${colour}"><polyline fill="none" stroke="${colour}" points="${path}"/>${labels.join('')}</g>`;
    });
    const axis = SIZES.map((size) => `<text x="${x(size)}" y="${PANEL.top + PANEL.height + 16}">${size}</text>`);
    return `<g transform="translate(${column * PANEL.width},0)"><text x="${PANEL.left}" y="14">${title}</text>${axis.join('')}${lines.join('')}</g>`;
  });
  const width = GROWTH.length * PANEL.width;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 230" font-family="sans-serif" font-size="11"><rect width="${width}" height="230" fill="#fff"/>${panels.join('')}<text x="${PANEL.left}" y="224"><tspan fill="${COLOURS['superd']}">superd</tspan> <tspan fill="${COLOURS['supervisord']}">supervisord</tspan>, 10 to 1000 programs, both axes logarithmic</text></svg>\n`;
}
