/** `[fcgi-program:x]`: a program whose processes share a listening socket as fd 0. @source spec lifecycle 2.5 */
import { blame, type Context, find, type Key, key, read, readMaybe } from '../key.ts';
import type { FcgiSocket } from '../model.ts';
import { fcgiAddress, integer, octal, owner } from '../values.ts';
import { PROGRAM_KEYS, readUser } from './program.ts';

const KEYS = {
  socket: key('socket', fcgiAddress, {
    names: 'socket',
    initially: 'required',
    doc: 'The socket that the processes accept connections on: `unix:///path` or `tcp://host:port`.',
  }),
  socket_backlog: key('socket_backlog', integer, {
    names: 'here',
    since: '3.4.0',
    initially: 'as much as the system allows',
    doc: 'How many connections may wait, from 1 to 65535.',
  }),
  socket_owner: key('socket_owner', owner('Invalid socket_owner value'), {
    names: 'here',
    initially: 'the `user` of the program',
    doc: 'Who owns a unix socket.',
  }),
  socket_mode: key('socket_mode', octal('Invalid socket_mode value'), {
    initial: '0700',
    names: 'here',
    doc: 'The permissions of a unix socket.',
  }),
};

export const FCGI_KEYS: readonly Key<unknown>[] = [...PROGRAM_KEYS, ...Object.values(KEYS)];

function readBacklog(context: Context): number | undefined {
  const backlog = readMaybe(context, KEYS.socket_backlog);
  if (backlog !== undefined && (backlog < 1 || backlog > 65_535)) {
    blame(context, 'socket_backlog', `Invalid socket_backlog value ${backlog}`);
  }
  return backlog;
}

/** `context` has no suffix: errors of the socket do not get it. */
export function readSocket(context: Context, program: string): FcgiSocket {
  const section = `[${context.section.name}]`;
  const names = new Map<string, string | number>([...context.names, ['program_name', program]]);
  const inner: Context = { ...context, names, suffix: ` in ${section} socket` };
  // The user is read for the socket first, and blamed there.
  const user = readUser({
    ...context,
    names: new Map([...names, ['group_name', program]]),
  });
  if ((find(context, 'socket')?.value ?? '') === '') {
    blame(context, 'socket', `${section} section requires a "socket" line`);
  }
  const address = read(inner, KEYS.socket);
  const backlog = readBacklog(context);
  const chown = readMaybe(context, KEYS.socket_owner);
  const mode = read(context, KEYS.socket_mode);
  if (address.kind === 'unix') {
    const owned = user === undefined || user.uid === context.source.uid ? undefined : { uid: user.uid, gid: user.gid };
    return { ...address, owner: chown ?? owned, mode, backlog };
  }
  for (const name of ['socket_owner', 'socket_mode']) {
    if (find(context, name) === undefined) continue;
    const message = 'socket_owner and socket_mode params should only be used with a Unix domain socket';
    blame(inner, name, message);
    break;
  }
  return { ...address, backlog };
}
