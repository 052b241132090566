/** Builds HTML in which every inserted value is escaped. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that may be inserted as it is. */
export interface Html {
  readonly html: string;
}

type Insert = string | number | Html | readonly Html[];

function insert(value: Insert): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
  return 'html' in value ? value.html : value.map(({ html }) => html).join('');
}

/** A template: html`<b>${text}</b>`. */
export const html = (texts: TemplateStringsArray, ...values: readonly Insert[]): Html => ({
  html: texts.map((text, index) => text + insert(values[index] ?? '')).join(''),
});
