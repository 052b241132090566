/** The children of a run, put together from the keeper's link, the pipes, and what is known of each process. */
import { type ChildrenPorts, KeptChildren } from '../host/kept-children.ts';
import { Launcher } from '../host/launch-plan.ts';
import type { ChildEvent, MainLog } from '../supervisor/host.ts';
import type { RunRequest } from './request.ts';
import { serverUrlOf } from './servers.ts';

/** What the children want of the run. */
export interface ChildrenRequest extends Pick<ChildrenPorts, 'pipes' | 'leftovers' | 'record'> {
  readonly log: MainLog;
  child(event: ChildEvent): void;
}

export function openChildren({ config, link, worldFile }: RunRequest, request: ChildrenRequest): KeptChildren {
  const { log, pipes, leftovers } = request;
  const environment = {
    own: process.env,
    serverUrl: serverUrlOf(config.servers),
    forListeners: { SUPERD_CONFIG: config.file, SUPERD_STATEDIR: config.daemon.statedir },
  };
  return new KeptChildren({
    pipes,
    leftovers,
    record: (slot) => request.record(slot),
    launcher: new Launcher(environment, worldFile.mark),
    send: (message) => link.send(message),
    report: (event) => {
      request.child(event);
      if (event.kind === 'exited') log.log('debug', 'received SIGCHLD indicating a child quit');
    },
    signalFailed: (target, code) => log.log('critical', `unknown problem killing process ${target}:${code}`),
  });
}
