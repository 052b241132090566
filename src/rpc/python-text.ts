/** How Python prints a value that came over the wire: supervisord's faults and events carry such texts. */
import { repr } from '../repr.ts';
import { isList, type XmlValue } from './xml.ts';

function inside(value: XmlValue): string {
  return typeof value === 'string' ? repr(value) : pythonText(value);
}

/** `str(value)` of Python. */
export function pythonText(value: XmlValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null) return 'None';
  if (isList(value)) return `[${value.map(inside).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${repr(key)}: ${inside(member)}`);
  return `{${members.join(', ')}}`;
}
