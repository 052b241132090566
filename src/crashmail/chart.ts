/**
 * Draws the processor and memory use before a crash as points with colour numbers. It has its own dark ground, so that
 * it reads the same in light and dark mail programs. Pure; how points become a PNG is not known here.
 */
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyph } from './font.ts';
import type { Course } from './report.ts';
import { percent, size, span } from './words.ts';

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** A colour number for each point. */
  readonly points: Uint8Array;
  /** `#rrggbb` of each colour number. */
  readonly palette: readonly string[];
}

const PALETTE = ['#1b212b', '#323c4a', '#e3e8ef', '#9aa7b8', '#5cb3ff', '#274c70', '#ffb454', '#6b4c22'];
const INK = { ground: 0, grid: 1, text: 2, dim: 3, cpu: 4, cpuArea: 5, memory: 6, memoryArea: 7 } as const;

/** Twice the size at which it is shown. */
const WIDTH = 1200;
const LETTER = 3;
const ADVANCE = (GLYPH_WIDTH + 1) * LETTER;
const LEFT = 24;
const RIGHT = 24;
const PANEL = 190;
const TITLE = 46;
const FOOT = 44;
const STROKE = 4;

interface Canvas {
  readonly points: Uint8Array;
  readonly height: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function fill({ points, height }: Canvas, box: Box, colour: number): void {
  const [left, right] = [Math.max(0, Math.round(box.x)), Math.min(WIDTH, Math.round(box.x + box.width))];
  const [top, bottom] = [Math.max(0, Math.round(box.y)), Math.min(height, Math.round(box.y + box.height))];
  for (let y = top; y < bottom; y += 1) points.fill(colour, y * WIDTH + left, y * WIDTH + Math.max(left, right));
}

const widthOf = (text: string): number => text.length * ADVANCE - LETTER;

function write(canvas: Canvas, text: string, { x, y, colour }: { x: number; y: number; colour: number }): void {
  for (const [at, char] of Array.from(text).entries()) {
    for (const [row, bits] of glyph(char).entries()) {
      for (const [column, isOn] of bits.entries()) {
        if (!isOn) continue;
        fill(
          canvas,
          { x: x + at * ADVANCE + column * LETTER, y: y + row * LETTER, width: LETTER, height: LETTER },
          colour,
        );
      }
    }
  }
}

interface Panel {
  readonly title: string;
  readonly values: readonly number[];
  readonly show: (value: number) => string;
  readonly line: number;
  readonly area: number;
  readonly top: number;
}

/** The value at a place between the first and the last look. */
function valueAt(values: readonly number[], share: number): number {
  const place = share * Math.max(0, values.length - 1);
  const before = values[Math.floor(place)] ?? 0;
  const after = values[Math.ceil(place)] ?? before;
  return before + (after - before) * (place - Math.floor(place));
}

function drawPanel(canvas: Canvas, { title, values, show, line, area, top }: Panel): void {
  const highest = Math.max(...values);
  const box: Box = { x: LEFT, y: top + TITLE, width: WIDTH - LEFT - RIGHT, height: PANEL - TITLE };
  write(canvas, title, { x: LEFT, y: top + 10, colour: line });
  const numbers = `${show(values.at(-1) ?? 0)}   max ${show(highest)}`;
  write(canvas, numbers, { x: WIDTH - RIGHT - widthOf(numbers), y: top + 10, colour: INK.text });
  for (const part of [0, 0.5, 1]) fill(canvas, { ...box, y: box.y + part * (box.height - 2), height: 2 }, INK.grid);
  const scale = highest > 0 ? (box.height - STROKE) / highest : 0;
  let previous: number | undefined;
  for (let x = 0; x < box.width; x += 1) {
    const y = box.y + box.height - STROKE - valueAt(values, x / (box.width - 1)) * scale;
    fill(canvas, { x: box.x + x, y: y + STROKE, width: 1, height: box.y + box.height - y - STROKE }, area);
    const [from, to] = [Math.min(previous ?? y, y), Math.max(previous ?? y, y)];
    fill(canvas, { x: box.x + x, y: from, width: 1, height: to - from + STROKE }, line);
    previous = y;
  }
}

export function drawCourse({ cpuPercent, rssBytes, stepSeconds }: Course): Bitmap {
  const height = 2 * PANEL + 30 + FOOT;
  const canvas: Canvas = { points: new Uint8Array(WIDTH * height).fill(INK.ground), height };
  drawPanel(canvas, { title: 'CPU', values: cpuPercent, show: percent, line: INK.cpu, area: INK.cpuArea, top: 6 });
  drawPanel(canvas, {
    title: 'Memory',
    values: rssBytes,
    show: size,
    line: INK.memory,
    area: INK.memoryArea,
    top: PANEL + 20,
  });
  const foot = height - FOOT + (FOOT - GLYPH_HEIGHT * LETTER) / 2;
  const begin = `-${span(cpuPercent.length * stepSeconds * 1000)}`;
  write(canvas, begin, { x: LEFT, y: foot, colour: INK.dim });
  write(canvas, 'end', { x: WIDTH - RIGHT - widthOf('end'), y: foot, colour: INK.dim });
  return { width: WIDTH, height, points: canvas.points, palette: PALETTE };
}
