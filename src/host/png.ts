/** A picture with few colours as a PNG file. @source PNG specification, third edition: 5.3, 11.2 */
import type { Bitmap } from '../crashmail/chart.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PALETTE_COLOUR = 3;
const BIT_DEPTH = 8;

/** Loaded with the first picture: it costs 2 MB. */
const zlib = () => process.getBuiltinModule('node:zlib');

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(zlib().crc32(body), body.length + 4);
  return out;
}

export function encodePng({ width, height, points, palette }: Bitmap): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BIT_DEPTH, PALETTE_COLOUR, 0, 0, 0], 8);
  // Each row begins with the number of its filter: none, as is best for few colours.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) rows.set(points.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const colours = Buffer.from(palette.map((colour) => colour.slice(1)).join(''), 'hex');
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', zlib().deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
