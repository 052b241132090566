/** Where the outbox of one listener of one daemon stands. Pure; paths are Linux paths. */

export interface Home {
  /** --queue; undefined: not given. */
  readonly queue: string | undefined;
  /** The state directory that superd tells its listeners; '' under supervisord. */
  readonly stateDirectory: string;
  readonly isRoot: boolean;
  /** As the system's user database has it, since $HOME is the daemon's. */
  readonly homeDirectory: string;
}

/** The folder for the outboxes of all listeners; it must survive restarts of the machine. */
export function outboxBase({ queue, stateDirectory, isRoot, homeDirectory }: Home): string {
  if (queue !== undefined) return queue;
  if (stateDirectory !== '') return `${stateDirectory}/crashmail`;
  return isRoot ? '/var/lib/crashmail' : `${homeDirectory}/.local/state/crashmail`;
}

export interface ListenerIdentity {
  readonly serverUrl: string;
  readonly group: string;
  readonly process: string;
}

/** Readable, and never the same for two listeners or two daemons of one machine. */
export function outboxName(identity: ListenerIdentity, digest: (text: string) => string): string {
  const { serverUrl, group, process } = identity;
  const readable = `${process}@${serverUrl.replace(/^[a-z]+:\/+/, '')}`.replace(/[^A-Za-z0-9.@_-]+/g, '-').slice(-80);
  return `${readable.replace(/^[.-]+/, '')}-${digest([serverUrl, group, process].join('\n')).slice(0, 8)}`;
}
