/** Python-style quoting, which supervisord's texts use for every value that a user wrote. */

/** Code points that Python prints as they are (approximated by what Unicode calls letters, marks, numbers, …). */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');

function escape(char: string, quote: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === quote || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  if (PRINTABLE.test(char)) return char;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/**
 * Quotes a text as Python's `repr` does: single quotes, or double quotes when it holds a `'` and no `"`.
 * @source spec config-and-lifecycle, introduction
 */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + Array.from(text, (char) => escape(char, quote)).join('') + quote;
}
