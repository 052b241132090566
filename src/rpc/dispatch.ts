/** From a call to its answer: looks the method up, counts the arguments, keeps the shutdown gate. No transport. */
import type { Caller, Entry } from '../journal/record.ts';
import { RpcFault } from './faults.ts';
import { MASK, type Method, type RpcContext } from './method.ts';
import { PUBLISHED } from './methods.ts';
import type { RpcPorts } from './ports.ts';
import { pythonText } from './python-text.ts';
import { checkRole } from './roles.ts';
import { decodeCall, encodeFault, encodeResponse, type XmlValue } from './xml.ts';

/** Fills in what was left out; a wrong number of arguments is fault 2. @source spec api 2.1 */
function completeArguments({ params }: Method, given: readonly XmlValue[]): readonly XmlValue[] {
  if (given.length > params.length) throw new RpcFault('INCORRECT_PARAMETERS');
  return params.map(({ otherwise }, index) => {
    const value = given[index] ?? (index < given.length ? null : otherwise);
    if (value === undefined) throw new RpcFault('INCORRECT_PARAMETERS');
    return value;
  });
}

/** The longest argument that is kept whole, in characters. */
const MAX_ARGUMENT = 200;

/** What the journal keeps of a call that may change something, before it does. */
function operation({ name, params }: Method, args: readonly XmlValue[], by: Caller): Entry {
  const given = params.map((param, index) => {
    const value = pythonText(args[index] ?? null);
    if (param.secret === true) return { name: param.name, value: MASK };
    return { name: param.name, value: value.length > MAX_ARGUMENT ? `${value.slice(0, MAX_ARGUMENT)}…` : value };
  });
  const target = args[params.findIndex((param) => param.name === 'name')];
  return { kind: 'operator', action: name, args: given, by, ...(typeof target === 'string' ? { target } : {}) };
}

/** Calls a method of the table, by default of the whole one. @throws RpcFault */
export async function dispatch(
  ports: RpcPorts,
  name: string,
  params: readonly XmlValue[],
  published: RpcPorts['published'] = PUBLISHED,
): Promise<XmlValue> {
  const method = published.get(name);
  if (method === undefined) throw new RpcFault('UNKNOWN_METHOD');
  checkRole(ports.role, method);
  const args = completeArguments(method, params);
  if (method.gated && ports.control.mood !== 'RUNNING') throw new RpcFault('SHUTDOWN_STATE');
  if (method.access !== 'viewer') ports.journal.append(operation(method, args, ports.caller));
  const call: RpcContext['call'] = (inner, given) => dispatch(ports, inner, given, published);
  const context: RpcContext = { ports, published, call };
  return method.run(context, args);
}

/**
 * Answers the body of a request with the body of a response.
 * @returns undefined for a body that is no call
 * @throws what no method should throw, for the transport to report
 */
export async function answer(ports: RpcPorts, body: string): Promise<string | undefined> {
  const call = decodeCall(body);
  if (!call.ok) return undefined;
  const { method, params } = call.value;
  // Only names from the table reach the log, never text of the caller.
  const name = ports.published.get(method)?.name ?? 'unknown';
  ports.log.log('trace', `XML-RPC method called: ${name}()`);
  try {
    return encodeResponse(await dispatch(ports, method, params, ports.published));
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    ports.log.log('trace', `XML-RPC method ${name}() returned fault: [${error.code}] ${error.fault}`);
    return encodeFault(error);
  }
}
