/** Python-style quoting, which supervisord's texts use for every value that a user wrote. */

/** What most texts are made of. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

/** Code points that Python prints as they are (approximated by what Unicode calls letters, marks, numbers, …). */
const isPrintable = (char: string): boolean => PLAIN.test(char) || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');

function escape(char: string, quote: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === quote || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  if (isPrintable(char)) return char;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/**
 * Quotes a text as Python's `repr` does: single quotes, or double quotes when it holds a `'` and no `"`.
 * @source spec config-and-lifecycle, introduction
 */
export function repr(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + Array.from(text, (char) => escape(char, quote)).join('') + quote;
}
