/** Reads the arguments of a call as supervisord's methods take them: loosely for numbers and truth, never by crashing. */
import { RpcFault } from './faults.ts';
import { isList, type XmlValue } from './xml.ts';

/** A name or another text; supervisord answers 500 to what is none. @source spec api 1.3 */
export function textOf(value: XmlValue | undefined): string {
  if (typeof value !== 'string') throw new RpcFault('INCORRECT_PARAMETERS');
  return value;
}

/** A whole number; texts of digits, doubles and booleans count. @source spec api 2.5, 11 */
export function integerOf(value: XmlValue | undefined): number {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && /^[+-]?[0-9]+$/.test(value.trim())) return Number(value);
  throw new RpcFault(typeof value === 'number' || typeof value === 'string' ? 'BAD_ARGUMENTS' : 'INCORRECT_PARAMETERS');
}

/** The truth of a value in Python. */
export function truthOf(value: XmlValue | undefined): boolean {
  if (isList(value)) return value.length > 0;
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
