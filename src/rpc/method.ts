/** What a row of the method table is. */
import type { RpcPorts } from './ports.ts';
import type { XmlValue } from './xml.ts';

export type TypeName = 'string' | 'int' | 'boolean' | 'array' | 'struct';

/** Stands for what is not shown. */
export const MASK = '***';

export interface Param {
  readonly name: string;
  readonly type: TypeName;
  /** What it is for, in a few words. */
  readonly about: string;
  /** Never shown: it may hold a password. */
  readonly secret?: true;
  /** What holds when it is left out; a parameter without it is required. */
  readonly otherwise?: XmlValue;
}

/** Who should be allowed to call it: to look, to start and stop, or to change what is configured and read its secrets. */
export type Access = 'viewer' | 'operator' | 'admin';

export interface RpcContext {
  readonly ports: RpcPorts;
  /** Every published name, aliases included. */
  readonly published: ReadonlyMap<string, Method>;
  /** Calls a published method. @throws RpcFault */
  call(name: string, params: readonly XmlValue[]): Promise<XmlValue>;
}

export interface Method {
  /** With its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly params: readonly Param[];
  readonly returns: TypeName;
  readonly help: string;
  readonly access: Access;
  /** Refused with SHUTDOWN_STATE once superd stops or restarts. @source spec api 2.1 */
  readonly gated: boolean;
  /** Gets exactly as many arguments as there are parameters. A promise is a deferred result. @throws RpcFault */
  run(context: RpcContext, args: readonly XmlValue[]): XmlValue | Promise<XmlValue>;
  /** The same answer as encoded text, where there is a quicker way to it. */
  encoded?(context: RpcContext): string;
}
