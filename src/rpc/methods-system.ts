/** Rows of the method table: what the API tells of itself, and many calls in one. */
import { compareText } from '../config/text.ts';
import { textOf } from './arguments.ts';
import { RpcFault } from './faults.ts';
import type { Method, Param, RpcContext } from './method.ts';
import { isList, isStruct, weigh, type XmlValue } from './xml.ts';

const NAME: Param = { name: 'name', type: 'string', about: 'name of a method, with its namespace' };
/** Calls in one multicall, and bytes in its answer: whoever asks for more would take superd's memory. */
const MAX_CALLS = 10_000;
const MAX_WEIGHT: number = 128 * 1024 * 1024;

const COMMON = { aliases: [], access: 'viewer', gated: false } as const;

function findMethod({ published }: RpcContext, name: XmlValue | undefined): Method {
  const method = published.get(textOf(name));
  if (method === undefined) throw new RpcFault('SIGNATURE_UNSUPPORTED');
  return method;
}

/** @source spec api 2.6 (multicall) */
async function callOne(context: RpcContext, call: XmlValue): Promise<XmlValue> {
  const { methodName: name = null, params = [] } = isStruct(call) ? call : {};
  if (name === null) throw new RpcFault('INCORRECT_PARAMETERS', 'No methodName');
  if (name === 'system.multicall') {
    throw new RpcFault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden');
  }
  if (!isList(params)) throw new RpcFault('INCORRECT_PARAMETERS');
  return context.call(textOf(name), params);
}

/** A fault of one call is a struct among the results. */
function faultStruct(error: unknown): XmlValue {
  const fault = error instanceof RpcFault ? error : new RpcFault('FAILED', String(error));
  return { faultCode: fault.code, faultString: fault.text };
}

async function multicall(context: RpcContext, calls: readonly XmlValue[]): Promise<XmlValue> {
  if (calls.length > MAX_CALLS) throw new RpcFault('INCORRECT_PARAMETERS', `more than ${MAX_CALLS} calls`);
  const results: XmlValue[] = [];
  let weight = 0;
  for (const call of calls) {
    if (weight > MAX_WEIGHT) throw new RpcFault('FAILED', 'the answer is too large');
    // One after the other, also when a result is deferred; results are not wrapped. @source spec api 2.6
    // oxlint-disable-next-line no-await-in-loop
    const result = await callOne(context, call).catch(faultStruct);
    weight += weigh(result);
    results.push(result);
  }
  return results;
}

export const SYSTEM_METHODS: readonly Method[] = [
  {
    ...COMMON,
    name: 'system.listMethods',
    params: [],
    returns: 'array',
    help: 'List the names of all methods.',
    run: ({ published }) => [...published.keys()].toSorted(compareText),
  },
  {
    ...COMMON,
    name: 'system.methodHelp',
    params: [NAME],
    returns: 'string',
    help: 'Tell what a method does.',
    run: (context, [name]) => findMethod(context, name).help,
  },
  {
    ...COMMON,
    name: 'system.methodSignature',
    params: [NAME],
    returns: 'array',
    help: 'Tell the types of a method: what it answers with, then its parameters.',
    run(context, [name]) {
      const { returns, params } = findMethod(context, name);
      return [returns, ...params.map(({ type }) => type)];
    },
  },
  {
    ...COMMON,
    name: 'system.multicall',
    params: [{ name: 'calls', type: 'array', about: 'structs of methodName and params' }],
    returns: 'array',
    help: 'Call several methods one after the other. Answers with the bare results in the same order; a fault is a struct of faultCode and faultString.',
    run(context, [calls]) {
      if (!isList(calls)) throw new RpcFault('INCORRECT_PARAMETERS');
      return multicall(context, calls);
    },
  },
];
