/** `[unix_http_server]` and `[inet_http_server]`. A name that only starts so defines another server. @source spec lifecycle 2.1, 2.2 */
import { blame, type Context, type Key, key, readMaybe, readRequired, warn } from '../key.ts';
import { EXPOSED_HINT, isExposed } from '../loopback.ts';
import type { InetServer, UnixServer } from '../model.ts';
import { checkTlsFiles, checkUsersFile, missingOf, type TlsPaths } from '../server-files.ts';
import { anyPath, boolean, inetAddress, octal, owner, text } from '../values.ts';

const username = key('username', text, { doc: 'Who may connect; needs `password`.' });
const password = key('password', text, {
  doc: 'The password: plain text, in which `%` is written `%%`, or `{SHA}` and the SHA-1 sum in hexadecimal.',
});

const users = key('users', anyPath, {
  names: 'here',
  since: 'superd',
  doc: 'A file of users with roles (viewer, operator, admin), made by `superctl passwd`; it is read again when it changes. With it browsers get a login page.',
});

const UNIX = {
  file: key('file', anyPath, { names: 'here', initially: 'required', doc: 'The path of the socket.' }),
  chmod: key('chmod', octal('Invalid chmod value'), { initial: '0700', doc: 'The permissions of the socket.' }),
  chown: key('chown', owner('Invalid sockchown value'), { initially: 'unchanged', doc: 'Who owns the socket.' }),
  username,
  password,
  users,
};

const INET = {
  username,
  password,
  users,
  port: key('port', inetAddress, {
    initially: 'required',
    doc: 'Where to listen: `host:port`, `[::1]:port` for IPv6, or `port` and `*:port` for every interface.',
  }),
  certfile: key('certfile', anyPath, {
    names: 'here',
    since: 'superd',
    doc: 'The certificate in PEM, with those that lead to its authority: the server speaks HTTPS. A renewed file counts from the next connection.',
  }),
  keyfile: key('keyfile', anyPath, { names: 'here', since: 'superd', doc: 'The private key of `certfile`, in PEM.' }),
  allow_anonymous: key('allow_anonymous', boolean, {
    initial: 'false',
    since: 'superd',
    doc: 'Open a server that other machines reach though it has neither `users` nor `password`: everybody may do everything.',
  }),
};

export const UNIX_KEYS: readonly Key<unknown>[] = Object.values(UNIX);
export const INET_KEYS: readonly Key<unknown>[] = Object.values(INET);

interface Credentials {
  readonly users?: string;
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
  const file = readMaybe(context, users);
  if (file !== undefined && context.withFiles === true) checkUsersFile(context, file);
  const more = file === undefined ? {} : { users: file };
  return user === ''
    ? { username: undefined, password: undefined, ...more }
    : { username: user, password: secret, ...more };
}

export function readUnixServer(context: Context): UnixServer {
  const { name: section, place } = context.section;
  const file = readRequired(context, UNIX.file, `section [${section}] has no file value`);
  const chmod = readMaybe(context, UNIX.chmod) ?? 0o700;
  const chown = readMaybe(context, UNIX.chown);
  return { kind: 'unix', section, file, chmod, chown, ...readCredentials(context), place };
}

function readTls(context: Context): { readonly tls?: TlsPaths } {
  const certfile = readMaybe(context, INET.certfile);
  const keyfile = readMaybe(context, INET.keyfile);
  const missing = missingOf(context, 'certfile', 'keyfile');
  if (missing !== undefined) blame(context, missing, 'HTTPS needs both certfile and keyfile');
  if (certfile === undefined || keyfile === undefined) return {};
  const tls = { certfile, keyfile };
  if (context.withFiles === true) checkTlsFiles(context, tls);
  return { tls };
}

export function readInetServer(context: Context): InetServer {
  const { name: section, place } = context.section;
  const credentials = readCredentials(context);
  const { host, port } = readRequired(context, INET.port, `section [${section}] has no port value`);
  const server: InetServer = {
    kind: 'inet',
    section,
    host,
    port,
    ...credentials,
    ...readTls(context),
    ...(readMaybe(context, INET.allow_anonymous) === true ? { allowAnonymous: true } : {}),
    place,
  };
  if (port !== 0 && isExposed(server, host)) {
    warn(
      context,
      'port',
      'other machines reach this server, and nothing protects it: it will not be opened',
      EXPOSED_HINT,
    );
  }
  return server;
}
