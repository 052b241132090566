/** Which named pipes a process has, and what they are called. */
import type { ProcessConfig } from '../config/model.ts';
import type { Channel } from '../events/event.ts';
import type { Slot } from '../supervisor/host.ts';
import { idOf } from './kept-children.ts';
import type { Pipes } from './launch-plan.ts';
import type { PipeFolder } from './pipes.ts';

export const pipeOf = (slot: Slot, stream: 'stdin' | Channel): string => `${idOf(slot)}.${stream}`;

export const channelsOf = (config: ProcessConfig): readonly Channel[] =>
  config.redirectStderr ? ['stdout'] : ['stdout', 'stderr'];

/** The standard input of an fcgi-program is a listening socket. */
export const pipesOf = (config: ProcessConfig): readonly ('stdin' | Channel)[] =>
  config.socket === undefined ? ['stdin', ...channelsOf(config)] : channelsOf(config);

/** For the keeper. */
export function pipesFor(
  { slot, config }: { readonly slot: Slot; readonly config: ProcessConfig },
  folder: Pick<PipeFolder, 'pathOf'>,
): Pipes {
  const path = (stream: 'stdin' | Channel): string => folder.pathOf(pipeOf(slot, stream));
  const { socket, redirectStderr } = config;
  return {
    stdin: socket === undefined ? { kind: 'pipe', path: path('stdin') } : { kind: 'socket', url: socket.url },
    stdout: path('stdout'),
    stderr: path(redirectStderr ? 'stdout' : 'stderr'),
  };
}
