/** Bytes cut into random chunks, for properties that hold however a stream is cut. */
import fc from 'fast-check';

export interface Cut {
  readonly text: string;
  readonly chunks: readonly Uint8Array[];
}

/** Texts of the given words, cut anywhere. One character is one byte. */
export const cutText = (words: readonly string[]): fc.Arbitrary<Cut> =>
  fc
    .tuple(fc.array(fc.constantFrom(...words), { maxLength: 30 }), fc.infiniteStream(fc.integer({ min: 1, max: 12 })))
    .map(([chosen, sizes]) => {
      const text = chosen.join('');
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < text.length; ) {
        const size = sizes.next().value ?? 1;
        chunks.push(Buffer.from(text.slice(at, at + size), 'latin1'));
        at += size;
      }
      return { text, chunks };
    });

export const latin1 = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
