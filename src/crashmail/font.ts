/** Letters of five by seven points, for the picture: each row is a number whose bits are points. */

const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '00000000000000',
  '%': '18190204081303',
  '-': '0000001f000000',
  '.': '00000000000c0c',
  ':': '000c0c000c0c00',
  '0': '0e11131519110e',
  '1': '040c040404040e',
  '2': '0e11010204081f',
  '3': '1f02040201110e',
  '4': '02060a121f0202',
  '5': '1f101e0101110e',
  '6': '0608101e11110e',
  '7': '1f010204080808',
  '8': '0e11110e11110e',
  '9': '0e11110f01020c',
  B: '1e11111e11111e',
  C: '0e11101010110e',
  G: '0e11101711110f',
  K: '11121418141211',
  M: '111b1515111111',
  P: '1e11111e101010',
  T: '1f040404040404',
  U: '1111111111110e',
  a: '00000e010f110f',
  d: '01010d1311110f',
  e: '00000e111f100e',
  h: '10101619111111',
  i: '04000c0404040e',
  m: '00001a15151111',
  n: '00001619111111',
  o: '00000e1111110e',
  r: '00001619101010',
  s: '00000e100e011e',
  t: '08081c08080906',
  x: '0000110a040a11',
  y: '000011110f010e',
};

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;

/** The points of a letter, row by row; a letter that is not known is blank. */
export function glyph(char: string): readonly (readonly boolean[])[] {
  const rows = GLYPHS[char] ?? '00000000000000';
  return Array.from({ length: GLYPH_HEIGHT }, (_, row) => {
    const bits = Number.parseInt(rows.slice(row * 2, row * 2 + 2), 16);
    return Array.from({ length: GLYPH_WIDTH }, (_unused, column) => ((bits >> (GLYPH_WIDTH - 1 - column)) & 1) === 1);
  });
}
