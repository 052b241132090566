/** What a request says a method is to be called with: a JSON body, or a query. */
import { fail, ok, type Result } from '../../errors.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { Method, Param } from '../../rpc/method.ts';
import { isList, isStruct, type XmlValue } from '../../rpc/xml.ts';

/** As deep as XML-RPC may be. */
const MAX_DEPTH = 128;

/** A value of JSON; what is nested too deep, which no method takes, is refused. @throws RpcFault */
function valueOf(value: unknown, depth = 0): XmlValue {
  if (depth > MAX_DEPTH) throw new RpcFault('INCORRECT_PARAMETERS', 'nested too deep');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item: unknown) => valueOf(item, depth + 1));
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, valueOf(member, depth + 1)]));
}

/** @throws RpcFault */
function parse(text: string): XmlValue {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RpcFault('INCORRECT_PARAMETERS', 'this is no JSON');
  }
  return valueOf(value);
}

/** In the order of the table; what is left out is filled in. @throws RpcFault */
function positional({ name, params }: Method, given: ReadonlyMap<string, XmlValue>): readonly XmlValue[] {
  const known = params.map((param) => param.name);
  const unknown = [...given.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const has = known.length === 0 ? 'takes none' : `takes ${known.join(', ')}`;
    throw new RpcFault('INCORRECT_PARAMETERS', `no parameter ${unknown}; ${name} ${has}`);
  }
  return params.map((param) => {
    const value = given.get(param.name) ?? param.otherwise;
    if (value === undefined) throw new RpcFault('INCORRECT_PARAMETERS', `${param.name} is missing`);
    return value;
  });
}

/** An object of named arguments, an array of them in order, or nothing at all. @throws RpcFault */
export function argumentsOfBody(method: Method, body: string): readonly XmlValue[] {
  const value = body.trim() === '' ? {} : parse(body);
  if (isList(value)) return value;
  if (!isStruct(value)) throw new RpcFault('INCORRECT_PARAMETERS', 'want an object, or an array');
  return positional(method, new Map(Object.entries(value)));
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A value as it stands in an address; arrays and structs are JSON. */
function fromText({ type, name }: Param, text: string): Result<XmlValue, string> {
  switch (type) {
    case 'string':
      return ok(text);
    case 'int':
      return /^[+-]?\d{1,15}$/.test(text) ? ok(Number(text)) : fail(`${name}: want an integer`);
    case 'boolean': {
      const truth = TRUTHS.get(text);
      return truth === undefined ? fail(`${name}: want true or false`) : ok(truth);
    }
    case 'array':
    case 'struct':
      return ok(parse(text));
  }
}

/** @throws RpcFault */
export function argumentsOfQuery(method: Method, query: URLSearchParams): readonly XmlValue[] {
  const given = new Map<string, XmlValue>();
  for (const [key, text] of query) {
    if (given.has(key)) throw new RpcFault('INCORRECT_PARAMETERS', `${key} stands there twice`);
    const param = method.params.find(({ name }) => name === key);
    const value = param === undefined ? ok(text) : fromText(param, text);
    if (!value.ok) throw new RpcFault('INCORRECT_PARAMETERS', value.error);
    given.set(key, value.value);
  }
  return positional(method, given);
}
