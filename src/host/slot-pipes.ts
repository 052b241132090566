/** Which named pipes a process has, and what they are called. A stream with a direct log has none. */
import type { ProcessConfig } from '../config/model.ts';
import type { Channel } from '../events/event.ts';
import type { OutputEnd } from '../keeper/protocol.ts';
import type { Slot } from '../supervisor/host.ts';
import { idOf } from './kept-children.ts';
import type { Pipes } from './launch-plan.ts';
import type { PipeFolder } from './pipe-folder.ts';

export const pipeOf = (slot: Slot, stream: 'stdin' | Channel): string => `${idOf(slot)}.${stream}`;

export const channelsOf = (config: ProcessConfig): readonly Channel[] =>
  config.redirectStderr ? ['stdout'] : ['stdout', 'stderr'];

const readChannelsOf = (config: ProcessConfig): readonly Channel[] =>
  channelsOf(config).filter((channel) => !config[channel].isDirect);

/** The standard input of an fcgi-program is a listening socket. */
export const pipesOf = (config: ProcessConfig): readonly ('stdin' | Channel)[] =>
  config.socket === undefined ? ['stdin', ...readChannelsOf(config)] : readChannelsOf(config);

interface Place {
  readonly slot: Slot;
  readonly config: ProcessConfig;
  /** The logs of its streams. */
  readonly streams: readonly { readonly channel: Channel; readonly path: string }[];
}

/** For the keeper. */
export function pipesFor({ slot, config, streams }: Place, folder: Pick<PipeFolder, 'pathOf'>): Pipes {
  const path = (stream: 'stdin' | Channel): string => folder.pathOf(pipeOf(slot, stream));
  const end = (channel: Channel): OutputEnd =>
    config[channel].isDirect
      ? { kind: 'file', path: streams.find((stream) => stream.channel === channel)?.path ?? '' }
      : { kind: 'pipe', path: path(channel) };
  const { socket, redirectStderr } = config;
  return {
    stdin: socket === undefined ? { kind: 'pipe', path: path('stdin') } : { kind: 'socket', url: socket.url },
    stdout: end('stdout'),
    stderr: end(redirectStderr ? 'stdout' : 'stderr'),
  };
}
