/** Takes lines with ANSI colours apart. The state goes on from one line to the next. */
import Anser from 'anser';

export interface Piece {
  readonly text: string;
  /** Names of classes; colours that have no name stand in `colour` and `ground`. */
  readonly classes: string;
  readonly colour: string;
  readonly ground: string;
}

/** Everything that is no colour: moves of the cursor, titles of windows, other control characters. */
const OTHER =
  /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-ln-~]|\x1b[@-Z\\^_]|[\x00-\x08\x0b\x0c\x0e-\x1a\x7f]/g;

/** A change of the font, which nobody shows: makes the first piece of a line go on in the colours of the line before. */
const AS_BEFORE = '\x1b[10m';
/** More at a time are none that anybody meant, and would be carried on for ever. */
const MAX_DECORATIONS = 16;
const LEVELS = [0, 95, 135, 175, 215, 255] as const;
const FIRST_CUBE = 16;
const FIRST_GREY = 232;

/** A colour of the palette of 256. */
function paletteColour(index: number): string {
  if (index >= FIRST_GREY) return Array.from({ length: 3 }, () => 8 + (index - FIRST_GREY) * 10).join(', ');
  const cube = index - FIRST_CUBE;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => LEVELS[level] ?? 0).join(', ');
}

interface Colour {
  /** Of one of the sixteen colours that the theme chooses. */
  readonly name: string;
  readonly rgb: string;
}

/** @param name what anser calls it; @param truecolor its red, green and blue, when it is one of sixteen million */
function colourOf(name: string | null, truecolor: string | null): Colour {
  if (name === null) return { name: '', rgb: '' };
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (index !== undefined) return { name: '', rgb: `rgb(${paletteColour(Number(index))})` };
  if (name === 'ansi-truecolor') return { name: '', rgb: truecolor === null ? '' : `rgb(${truecolor})` };
  return { name, rgb: '' };
}

/** What a terminal would show of a line that was written over with carriage returns. */
const overwritten = (line: string): string => line.replace(/\r+$/, '').replace(/^.*\r/, '');

export class AnsiLines {
  #anser = new Anser();

  /** The pieces of one line, without its line feed. */
  take(line: string): readonly Piece[] {
    const clean = AS_BEFORE + overwritten(line).replace(OTHER, '');
    const parts = this.#anser.ansiToJson(clean, { use_classes: true, json: true, remove_empty: true });
    if ((parts.at(-1)?.decorations.length ?? 0) > MAX_DECORATIONS) this.#anser = new Anser();
    return parts.map((part) => {
      const [colour, ground] = [colourOf(part.fg, part.fg_truecolor), colourOf(part.bg, part.bg_truecolor)];
      const classes = [
        ...(colour.name === '' ? [] : [`${colour.name}-fg`]),
        ...(ground.name === '' ? [] : [`${ground.name}-bg`]),
        ...new Set(part.decorations.slice(0, MAX_DECORATIONS).map((name) => `ansi-${name}`)),
      ];
      return { text: part.content, classes: classes.join(' '), colour: colour.rgb, ground: ground.rgb };
    });
  }
}
