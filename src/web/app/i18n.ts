/** The language of the page: chosen by the person, else the browser's. */
import { signal } from '@preact/signals';
import { kept } from './kept.ts';
import { EN, type Key } from './words-en.ts';
import { ZH } from './words-zh.ts';

const TABLES = { en: EN, zh: ZH } as const;
export type Language = keyof typeof TABLES;

/** As each calls itself. */
export const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['zh', '中文'],
];

const stored = kept('language');
export const isLanguage = (value: string | undefined): value is Language =>
  value !== undefined && Object.hasOwn(TABLES, value);
const preferred = (): Language => (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');
const first = stored.get();

export const language = signal<Language>(isLanguage(first) ? first : preferred());

export function speak(next: Language): void {
  stored.set(next);
  language.value = next;
}

/** A text in the language of the page; `{name}` in it stands for a value. */
export const t = (key: Key, values: Readonly<Record<string, string | number>> = {}): string =>
  TABLES[language.value][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));

/** One of two texts, as there is one or more; the number stands in as `{n}`. */
export const count = (n: number, one: Key, many: Key): string => t(n === 1 ? one : many, { n });
