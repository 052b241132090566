/** CRC-32 as in zip and gzip: it finds every burst of up to 32 wrong bits. */
const POLYNOMIAL = 0xedb88320;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ ((value & 1) === 0 ? 0 : POLYNOMIAL);
  return value >>> 0;
});

/** @source ISO 3309, RFC 1952 section 8 */
export function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  // Counting is several times quicker than iterating before V8 has compiled it, as when much is started at once.
  for (let at = 0; at < data.length; at += 1) crc = (crc >>> 8) ^ (TABLE[(crc ^ (data[at] ?? 0)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
