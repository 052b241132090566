/** The table of all methods: what is not in it cannot be called. Help, signatures and the reference come from it. */
import type { Method } from './method.ts';
import { DAEMON_METHODS } from './methods-daemon.ts';
import { JOURNAL_METHODS } from './methods-journal.ts';
import { LOG_METHODS } from './methods-logs.ts';
import { LOOK_METHODS } from './methods-look.ts';
import { METRICS_METHODS } from './methods-metrics.ts';
import { PROCESS_METHODS } from './methods-process.ts';
import { SUPERD_METHODS } from './methods-superd.ts';
import { SYSTEM_METHODS } from './methods-system.ts';

export const METHODS: readonly Method[] = [
  ...DAEMON_METHODS,
  ...PROCESS_METHODS,
  ...LOG_METHODS,
  ...SYSTEM_METHODS,
  ...SUPERD_METHODS,
  ...JOURNAL_METHODS,
  ...LOOK_METHODS,
  ...METRICS_METHODS,
];

const MAIN = 'supervisor.';

/**
 * Every name that clients may call when the API stands under these namespaces; without any only `system` is left.
 * A Map: names of the language itself, such as `constructor`, are not in it.
 * @source spec lifecycle 2.8
 */
export function publish(namespaces: readonly string[]): ReadonlyMap<string, Method> {
  const published = new Map<string, Method>();
  for (const method of METHODS) {
    const isOurs = method.name.startsWith('superd.') && namespaces.length > 0;
    for (const name of [method.name, ...method.aliases]) {
      if (name.startsWith('system.') || isOurs) published.set(name, method);
      if (!name.startsWith(MAIN)) continue;
      for (const namespace of namespaces) published.set(`${namespace}.${name.slice(MAIN.length)}`, method);
    }
  }
  return published;
}

/** The usual names, aliases included. */
export const PUBLISHED: ReadonlyMap<string, Method> = publish(['supervisor']);
