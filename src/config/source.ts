/**
 * The machine as a configuration sees it: files, directories, users, environment. The adapter is `host/config-source.ts`;
 * one source serves one load, so that what it looked up cannot change under the load's feet.
 */
import type { Result } from '../errors.ts';
import type { User } from './model.ts';
import type { TlsFinding } from './server-files.ts';

/** Sections and keys as `ini` reads them; nothing in them is inherited, coerced or split. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface ConfigSource {
  read(path: string): Result<Uint8Array, 'missing' | 'unreadable'>;
  /** The names in a directory, dot files included, in any order; empty if it cannot be read. */
  list(directory: string): readonly string[];
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** By name or by uid. */
  lookupUser(key: string | number): User | undefined;
  /** The gid of a group, by name or by gid. */
  lookupGroup(key: string | number): number | undefined;
  /** The home directory of a user, by name; undefined names the user that superd runs as. */
  home(user: string | undefined): string | undefined;
  /** Reads INI text; `dialect.ts` gives it only what the library reads exactly. */
  readonly parseIni: (text: string) => IniSections;
  /** What is wrong with a certificate and its private key, both in PEM. */
  inspectTls(certificate: Uint8Array, key: Uint8Array): TlsFinding | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `uname -n`. */
  readonly nodename: string;
  /** Where superd was started; relative paths count from here. */
  readonly cwd: string;
  readonly uid: number;
  /** The first usable of $TMPDIR, $TEMP, $TMP, /tmp, /var/tmp, /usr/tmp, cwd. */
  readonly tempdir: string;
}
