/** The table of all methods: what is not in it cannot be called. Help, signatures and the reference come from it. */
import type { Method } from './method.ts';
import { DAEMON_METHODS } from './methods-daemon.ts';
import { LOG_METHODS } from './methods-logs.ts';
import { PROCESS_METHODS } from './methods-process.ts';
import { SUPERD_METHODS } from './methods-superd.ts';
import { SYSTEM_METHODS } from './methods-system.ts';

export const METHODS: readonly Method[] = [
  ...DAEMON_METHODS,
  ...PROCESS_METHODS,
  ...LOG_METHODS,
  ...SYSTEM_METHODS,
  ...SUPERD_METHODS,
];

/** Every published name, aliases included. A Map: names of the language itself, such as `constructor`, are not in it. */
export const PUBLISHED: ReadonlyMap<string, Method> = new Map(
  METHODS.flatMap((method) => [method.name, ...method.aliases].map((name): [string, Method] => [name, method])),
);
