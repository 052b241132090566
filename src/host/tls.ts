/**
 * HTTPS for a server of the configuration. A certificate that was renewed counts from the next connection; one that
 * cannot be used is told of, and the old one stays. node:https is loaded for the first server that wants it.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Server, ServerOptions } from 'node:http';
import type { TlsPaths } from '../config/server-files.ts';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';
import { inspectTls } from './tls-files.ts';

/** Whoever connects has so long to agree on a cipher. */
const HANDSHAKE_MS = 10_000;

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

function read(key: keyof TlsPaths, path: string): Result<Buffer, string> {
  try {
    return ok(readFileSync(path));
  } catch (cause) {
    return fail(`${key}: cannot read ${path}: ${errnoOf(cause)}`);
  }
}

function readPair({ certfile, keyfile }: TlsPaths): Result<Pair, string> {
  const cert = read('certfile', certfile);
  if (!cert.ok) return cert;
  const key = read('keyfile', keyfile);
  if (!key.ok) return key;
  const found = inspectTls(cert.value, key.value);
  if (found === undefined || found.isUsable) return ok({ cert: cert.value, key: key.value });
  return fail(`${found.key}: ${found.key === 'certfile' ? certfile : keyfile}: ${found.message}`);
}

/** What the two files look like now; it changes when one of them is renewed. */
function printOf({ certfile, keyfile }: TlsPaths): string {
  try {
    return [certfile, keyfile]
      .map((path) => {
        const { ino, size, mtimeMs } = statSync(path);
        return `${ino} ${size} ${mtimeMs}`;
      })
      .join();
  } catch {
    // Between two files of a renewal.
    return '';
  }
}

/**
 * Makes a server that speaks HTTP over TLS, not listening yet.
 * @param tell hears once of each renewal that cannot be used
 * @returns why its certificate and key cannot be used
 */
export function createTlsServer(
  paths: TlsPaths,
  options: ServerOptions,
  tell: (level: 'critical', text: string) => void,
): Result<Server, string> {
  let seen = printOf(paths);
  const pair = readPair(paths);
  if (!pair.ok) return pair;
  const server = process.getBuiltinModule('node:https').createServer({
    ...options,
    ...pair.value,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS,
  });
  const renew = (): void => {
    const now = printOf(paths);
    if (now === seen || now === '') return;
    seen = now;
    const renewed = readPair(paths);
    if (renewed.ok) server.setSecureContext({ ...renewed.value, minVersion: 'TLSv1.2' });
    else tell('critical', `the new certificate cannot be used, the old one stays: ${renewed.error}`);
  };
  // Before the connection shakes hands.
  server.prependListener('connection', renew);
  return ok(server);
}
