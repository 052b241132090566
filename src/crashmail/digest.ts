/**
 * A short name for a text: the same for the same text, and in practice never for another. Not for secrets. It is own code
 * because loading a library of ciphers would cost a listener that only waits 3 MB. Four lanes of multiply and mix, as in
 * the hashes of the Murmur family.
 */

const LANES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;

function lane(text: string, prime: number, seed: number): number {
  let hash = seed ^ text.length;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), prime);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 24 hexadecimal digits. */
export function digest(text: string): string {
  let mixed = 0;
  const parts = LANES.map((prime, at) => {
    mixed = lane(text, prime, mixed ^ Math.imul(at + 1, 0x165667b1));
    return mixed.toString(16).padStart(8, '0').slice(2);
  });
  return parts.join('');
}
