/** The adapter of `ini`, and its only importer: untyped objects become Maps of texts. Decides nothing. */
import { parse } from 'ini';
import type { IniSections } from '../config/source.ts';

/** Reads text in which every section is flat and every value is a quoted text. */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, ReadonlyMap<string, string>>();
  for (const [name, values] of Object.entries<unknown>(parse(text, { bracketedArray: true }))) {
    if (typeof values !== 'object' || values === null) throw new TypeError(`cannot read ${name}: not in a section`);
    sections.set(name, new Map(Object.entries(values).map(([key, value]) => [key, String(value)])));
  }
  return sections;
}
