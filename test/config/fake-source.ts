/** A machine in memory for tests of the configuration. It has what a test gives it, and the users root and web. */
import path from 'node:path';
import { type LoadRequest, loadConfig } from '../../src/config/load.ts';
import type { Config, User } from '../../src/config/model.ts';
import type { ConfigFailure } from '../../src/config/problems.ts';
import type { ConfigSource } from '../../src/config/source.ts';
import { fail, ok, type Result } from '../../src/errors.ts';
import { parseIni } from '../../src/host/ini.ts';

const USERS: readonly User[] = [
  { name: 'root', uid: 0, gid: 0, gids: [0] },
  { name: 'web', uid: 33, gid: 34, gids: [34, 50] },
];
const GROUPS: ReadonlyMap<string, number> = new Map([
  ['root', 0],
  ['adm', 4],
]);

export interface FakeMachine {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly directories?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The files of servers are looked into. */
  readonly withFiles?: boolean;
  readonly inspectTls?: ConfigSource['inspectTls'];
}

export function fakeSource(machine: FakeMachine = {}): ConfigSource {
  const files = new Map(Object.entries(machine.files ?? {}));
  const above = [...files.keys()].map((file) => path.dirname(file));
  const directories = new Set(['/', '/tmp', '/etc', ...above, ...(machine.directories ?? [])]);
  return {
    read: (file) => {
      const content = files.get(file);
      if (content !== undefined) return ok(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      return fail(directories.has(file) ? 'unreadable' : 'missing');
    },
    list: (directory) =>
      [...files.keys(), ...directories]
        .filter((file) => file !== '/' && path.dirname(file) === path.resolve(directory))
        .map((file) => path.basename(file)),
    exists: (file) => files.has(file) || directories.has(path.resolve(file)),
    isDirectory: (directory) => directories.has(path.resolve(directory)),
    lookupUser: (key) => USERS.find(({ name, uid }) => (typeof key === 'number' ? uid === key : name === key)),
    lookupGroup: (key) => (typeof key === 'string' ? GROUPS.get(key) : [...GROUPS.values()].find((gid) => gid === key)),
    home: (user) => (user === undefined ? '/root' : user === 'web' ? '/home/web' : undefined),
    parseIni,
    inspectTls: (certificate, key) => machine.inspectTls?.(certificate, key),
    env: machine.env ?? { HOME: '/root' },
    nodename: 'node1',
    cwd: '/etc',
    uid: 0,
    tempdir: '/tmp',
  };
}

const request: LoadRequest = { file: '/etc/s.conf', overrides: new Map() };

/** Loads a text as /etc/s.conf. */
export function loadText(text: string, machine: FakeMachine = {}): Result<Config, ConfigFailure> {
  return loadConfig(fakeSource({ ...machine, files: { '/etc/s.conf': text, ...machine.files } }), {
    ...request,
    withFiles: machine.withFiles ?? false,
  });
}

export function good(text: string, machine: FakeMachine = {}): Config {
  const loaded = loadText(text, machine);
  if (!loaded.ok) throw new Error(loaded.error.summary);
  return loaded.value;
}

export function bad(text: string, machine: FakeMachine = {}): ConfigFailure {
  const loaded = loadText(text, machine);
  if (loaded.ok) throw new Error('it was accepted');
  return loaded.error;
}
