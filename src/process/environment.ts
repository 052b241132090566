/** The environment of a child. Pure. */
import type { ProcessConfig } from '../config/model.ts';

/** What is the same for every child of this daemon. */
export interface DaemonEnvironment {
  /** superd's own environment. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** The URL of the first server, if there is one. */
  readonly serverUrl: string | undefined;
  /** superd's own variables for event listeners: where crashmail finds its settings and keeps its outbox. */
  readonly forListeners?: Readonly<Record<string, string>>;
}

/**
 * Later lines win, so a configuration may override even the `SUPERVISOR_*` names.
 * @source spec lifecycle 3.2
 */
export function childEnvironment(
  daemon: DaemonEnvironment,
  group: string,
  config: ProcessConfig,
): Record<string, string | undefined> {
  const url = config.serverurl === 'auto' ? daemon.serverUrl : config.serverurl;
  return {
    ...daemon.own,
    SUPERVISOR_ENABLED: '1',
    ...(url === undefined || url === '' ? {} : { SUPERVISOR_SERVER_URL: url }),
    SUPERVISOR_PROCESS_NAME: config.name,
    SUPERVISOR_GROUP_NAME: group,
    ...(config.isListener === true ? daemon.forListeners : {}),
    ...config.environment,
  };
}
