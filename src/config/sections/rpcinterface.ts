/** `[rpcinterface:x]`: only the built-in API exists; foreign factories are skipped. @source spec lifecycle 2.8 */
import { blame, type Context, type Key, key, readRequired, warn } from '../key.ts';
import type { RpcInterface } from '../model.ts';
import { text } from '../values.ts';

export const RPC_FACTORY = 'supervisor.rpcinterface:make_main_rpcinterface';

const FACTORY = key('supervisor.rpcinterface_factory', text, {
  initially: 'required',
  doc: `What makes the API of this name. \`${RPC_FACTORY}\` is built in; any other is skipped with a warning.`,
});

export const RPCINTERFACE_KEYS: readonly Key<unknown>[] = [FACTORY];

/** undefined: skipped. */
export function readRpcInterface(context: Context): RpcInterface | undefined {
  const { name, place } = context.section;
  const missing = `section [${name}] does not specify a supervisor.rpcinterface_factory`;
  const factory = readRequired(context, FACTORY, missing);
  if (factory === '') blame(context, FACTORY.name, missing);
  const namespace = name.slice(name.indexOf(':') + 1);
  if (factory === RPC_FACTORY) return { namespace, factory, place };
  const message = `cannot use ${factory}: Python code does not run in superd`;
  if (factory !== '') warn(context, FACTORY.name, message, `only ${RPC_FACTORY} exists`);
  return undefined;
}
