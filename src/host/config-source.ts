/** The machine behind the configuration's port: files, directories, users, environment. Decides nothing. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { User } from '../config/model.ts';
import type { ConfigSource } from '../config/source.ts';
import { fail, ok, type Result } from '../errors.ts';
import { parseIni } from './ini.ts';
import { inspectTls } from './tls-files.ts';

/** A configuration file that is longer is no configuration file. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** How long a name service may take to answer. */
const LOOKUP_MS = 5000;

/** Reads to the end, whatever kind of file it is. */
function readAll(fd: number): Result<Uint8Array, 'unreadable'> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(64 * 1024);
    const length = readSync(fd, chunk);
    if (length === 0) return ok(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, length));
    total += length;
    if (total > MAX_FILE_BYTES) return fail('unreadable');
  }
}

function read(file: string): Result<Uint8Array, 'missing' | 'unreadable'> {
  if (!existsSync(file)) return fail('missing');
  try {
    const fd = openSync(file, 'r');
    try {
      return readAll(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return fail('unreadable');
  }
}

function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}

const isDirectory = (directory: string): boolean => attempt(() => statSync(directory).isDirectory(), false);

/** Runs a command of the C library's name services; undefined when it is missing or finds nothing. */
function ask(command: string, args: readonly string[]): string | undefined {
  // Loaded when it is needed: most configurations ask nothing, and crashmail reads them too.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: LOOKUP_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** A line of passwd or group, split: by name, else by id. Names in directories such as LDAP are found by `getent`. */
function lookup(database: 'passwd' | 'group', key: string | number): readonly string[] | undefined {
  const wanted = String(key);
  const column = typeof key === 'number' ? 2 : 0;
  const lines = attempt(() => readFileSync(`/etc/${database}`, 'utf8'), '').split('\n');
  const local = lines.map((line) => line.split(':')).find((fields) => fields.length > 2 && fields[column] === wanted);
  if (local !== undefined) return local;
  if (wanted === '' || wanted.startsWith('-') || wanted.includes('\0')) return undefined;
  const fields = ask('getent', [database, wanted])?.split(':');
  return fields?.[column] === wanted ? fields : undefined;
}

/** Every group that lists the user, by the group file alone. */
function localGroups(name: string): readonly number[] {
  const lines = attempt(() => readFileSync('/etc/group', 'utf8'), '').split('\n');
  const groups = lines.map((line) => line.split(':'));
  return groups.filter((fields) => fields[3]?.split(',').includes(name)).map((fields) => Number(fields[2]));
}

function lookupUser(key: string | number): User | undefined {
  const [name, , uid, gid] = lookup('passwd', key) ?? [];
  if (name === undefined || uid === undefined || gid === undefined) return undefined;
  const listed = name.startsWith('-') ? undefined : ask('id', ['-G', name])?.split(' ').map(Number);
  const gids = new Set([Number(gid), ...(listed ?? localGroups(name))]);
  return { name, uid: Number(uid), gid: Number(gid), gids: [...gids] };
}

function lookupGroup(key: string | number): number | undefined {
  const gid = lookup('group', key)?.[2];
  return gid === undefined ? undefined : Number(gid);
}

function isUsable(directory: string): boolean {
  return isDirectory(directory) && attempt(() => (accessSync(directory, constants.W_OK | constants.X_OK), true), false);
}

/** Answers every question once. */
function memo<K, V>(answer: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined || known.has(key)) return before ?? answer(key);
    const value = answer(key);
    known.set(key, value);
    return value;
  };
}

/**
 * The machine as it is now; make one for each load.
 * @param cwd where superd was started, which stays the base of relative paths when the daemon changes its directory
 */
export function createConfigSource(cwd: string = process.cwd()): ConfigSource {
  const uid = process.getuid?.() ?? 0;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  const candidates = [env['TMPDIR'], env['TEMP'], env['TMP'], '/tmp', '/var/tmp', '/usr/tmp', cwd];
  const tempdir = candidates.find(
    (directory) => directory !== undefined && directory !== '' && isUsable(path.resolve(cwd, directory)),
  );
  return {
    read,
    list: (directory) => attempt(() => readdirSync(directory), []),
    exists: existsSync,
    isDirectory,
    lookupUser: memo(lookupUser),
    lookupGroup: memo(lookupGroup),
    home: (user) => (user === undefined ? (env['HOME'] ?? lookup('passwd', uid)?.[5]) : lookup('passwd', user)?.[5]),
    parseIni,
    inspectTls,
    env,
    nodename: hostname(),
    cwd,
    uid,
    tempdir: path.resolve(cwd, tempdir ?? cwd),
  };
}
