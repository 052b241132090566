/** Looks into the files that a server's section names, for whoever will open the server: users, certificate, key. */
import { blame, type Context, find, warn } from './key.ts';
import { decodeText } from './text.ts';
import { parseUsers } from './users.ts';

/** What is wrong with a certificate and its key. */
export interface TlsFinding {
  /** Which of the two is to blame. */
  readonly key: 'certfile' | 'keyfile';
  readonly message: string;
  /** It can be used all the same. */
  readonly isUsable: boolean;
}

export interface TlsPaths {
  readonly certfile: string;
  readonly keyfile: string;
}

/** Another user than superd's may check a configuration, and cannot read what is private. */
function readFile(context: Context, key: string, file: string): Uint8Array | undefined {
  const { source } = context;
  const found = source.read(file);
  if (found.ok) return found.value;
  const message = `cannot read ${file}: ${found.error === 'missing' ? 'there is no such file' : 'not permitted, or not a file'}`;
  if (found.error === 'unreadable' && source.uid !== 0) warn(context, key, message);
  else blame(context, key, message);
  return undefined;
}

/** Every line that is no user is a warning: it lets nobody in, and must not keep programs from being started. */
export function checkUsersFile(context: Context, file: string): void {
  const bytes = readFile(context, 'users', file);
  if (bytes === undefined) return;
  const text = decodeText(bytes);
  if (!text.ok) return blame(context, 'users', `cannot read ${file}: it is not UTF-8`);
  const { users, problems } = parseUsers(text.value);
  for (const { line, message, hint } of problems) context.report.warn({ place: { file, line }, message, hint });
  if (users.size === 0)
    warn(context, 'users', `${file} names no user: nobody gets in`, 'superctl passwd FILE USER adds one');
}

export function checkTlsFiles(context: Context, { certfile, keyfile }: TlsPaths): void {
  const certificate = readFile(context, 'certfile', certfile);
  const key = readFile(context, 'keyfile', keyfile);
  if (certificate === undefined || key === undefined) return;
  const found = context.source.inspectTls(certificate, key);
  if (found === undefined) return;
  const message = `${found.key === 'certfile' ? certfile : keyfile}: ${found.message}`;
  if (found.isUsable) warn(context, found.key, message);
  else blame(context, found.key, message);
}

/** Whether a section names one of two keys that only make sense together. @returns the one that is missing */
export function missingOf(context: Context, ...keys: readonly [string, string]): string | undefined {
  const missing = keys.filter((key) => find(context, key) === undefined);
  return missing.length === 1 ? missing[0] : undefined;
}
