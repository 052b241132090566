/** The text format of Prometheus. Pure. @source https://prometheus.io/docs/instrumenting/exposition_formats/ */

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Value {
  /** Appended to the name of the family, as `_bucket` of a histogram. */
  readonly suffix?: string;
  /** As `labels` writes them; '' for none. */
  readonly labels?: string;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly values: readonly Value[];
}

export const gauge = (name: string, help: string, values: readonly Value[]): Family => ({
  name,
  type: 'gauge',
  help,
  values,
});
export const counter = (name: string, help: string, values: readonly Value[]): Family => ({
  name,
  type: 'counter',
  help,
  values,
});

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const SPECIAL = /[\\"\n]/;

/** A label's value may hold anything that is UTF-8. */
export const escapeLabel = (text: string): string =>
  SPECIAL.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').toWellFormed()
    : text.toWellFormed();

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

/** Labels that values of many families have in common are written once. */
export const labels = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');

/** A family without values is left out. */
export function formatFamily({ name, type, help, values }: Family): string {
  if (values.length === 0) return '';
  let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  for (const { suffix = '', labels: given = '', value } of values) {
    text += `${name}${suffix}${given === '' ? '' : `{${given}}`} ${formatNumber(value)}\n`;
  }
  return text;
}
