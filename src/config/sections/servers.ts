/** `[unix_http_server]` and `[inet_http_server]`. A name that only starts so defines another server. @source spec lifecycle 2.1, 2.2 */
import { blame, type Context, type Key, key, readMaybe, readRequired } from '../key.ts';
import type { InetServer, UnixServer } from '../model.ts';
import { anyPath, inetAddress, octal, owner, text } from '../values.ts';

const username = key('username', text, { doc: 'Who may connect; needs `password`.' });
const password = key('password', text, {
  doc: 'The password: plain text, in which `%` is written `%%`, or `{SHA}` and the SHA-1 sum in hexadecimal.',
});

const UNIX = {
  file: key('file', anyPath, { names: 'here', initially: 'required', doc: 'The path of the socket.' }),
  chmod: key('chmod', octal('Invalid chmod value'), { initial: '0700', doc: 'The permissions of the socket.' }),
  chown: key('chown', owner('Invalid sockchown value'), { initially: 'unchanged', doc: 'Who owns the socket.' }),
  username,
  password,
};

const INET = {
  username,
  password,
  port: key('port', inetAddress, {
    initially: 'required',
    doc: 'Where to listen: `host:port`, `[::1]:port` for IPv6, or `port` and `*:port` for every interface.',
  }),
};

export const UNIX_KEYS: readonly Key<unknown>[] = Object.values(UNIX);
export const INET_KEYS: readonly Key<unknown>[] = Object.values(INET);

interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

function readCredentials(context: Context): Credentials {
  const user = readMaybe(context, username);
  const secret = readMaybe(context, password);
  const { name } = context.section;
  if ((user === undefined) !== (secret === undefined)) {
    const missing = user === undefined ? 'username' : 'password';
    const why = 'If a username or a password is specified, both the username and password must be specified';
    blame(context, missing, `Section [${name}] contains incomplete authentication: ${why}`);
  }
  return user === '' ? { username: undefined, password: undefined } : { username: user, password: secret };
}

export function readUnixServer(context: Context): UnixServer {
  const { name: section, place } = context.section;
  const file = readRequired(context, UNIX.file, `section [${section}] has no file value`);
  const chmod = readMaybe(context, UNIX.chmod) ?? 0o700;
  const chown = readMaybe(context, UNIX.chown);
  return { kind: 'unix', section, file, chmod, chown, ...readCredentials(context), place };
}

export function readInetServer(context: Context): InetServer {
  const { name: section, place } = context.section;
  const credentials = readCredentials(context);
  const { host, port } = readRequired(context, INET.port, `section [${section}] has no port value`);
  return { kind: 'inet', section, host, port, ...credentials, place };
}
