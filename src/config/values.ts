/**
 * The data types of configuration values: how a text becomes a value, and supervisord's words when it does not. A type
 * knows no section and no default. @source spec lifecycle 1.7
 */
import path from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { parseSignal } from '../process/signal.ts';
import { repr } from '../repr.ts';
import { type Bytes, bytes, type Millis, type Signal, seconds, signal } from '../units.ts';
import { type Environment, parseEnvironment } from './environment.ts';
import type { FcgiSocket, LogLevel, LogTarget, User } from './model.ts';
import type { ConfigSource } from './source.ts';
import { trim } from './text.ts';

/** One data type. */
export interface Type<T> {
  /** What the reference calls it. */
  readonly label: string;
  /** Stands in for a value that could not be read, so that reading goes on to the next problem. */
  readonly zero: T;
  readonly parse: (text: string, source: ConfigSource) => Result<T, string>;
}

const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const OCTAL = /^([+-]?)(?:0[oO]_?)?([0-7]+(?:_[0-7]+)*)$/;

export function parseInteger(text: string): Result<number, string> {
  const digits = trim(text);
  if (!INTEGER.test(digits)) return fail(`invalid literal for int() with base 10: ${repr(text)}`);
  const value = Number(digits.replaceAll('_', ''));
  const limit = Number.MAX_SAFE_INTEGER;
  return ok(Math.max(-limit, Math.min(value, limit)) + 0);
}

const map = <A, B>(result: Result<A, string>, convert: (value: A) => B): Result<B, string> =>
  result.ok ? ok(convert(result.value)) : result;

/** Any text, as it is. */
export const text: Type<string> = { label: 'text', zero: '', parse: (value) => ok(value) };

/** A text whose surrounding blanks do not count. */
export const trimmed: Type<string> = { label: 'text', zero: '', parse: (value) => ok(trim(value)) };

export const integer: Type<number> = { label: 'integer', zero: 0, parse: parseInteger };

/** Whole seconds. */
export const duration: Type<Millis> = {
  label: 'seconds',
  zero: seconds(0),
  parse: (value) => map(parseInteger(value), seconds),
};

const TRUE: readonly string[] = ['yes', 'true', 'on', '1'];
const FALSE: readonly string[] = ['no', 'false', 'off', '0'];

export const boolean: Type<boolean> = {
  label: 'boolean',
  zero: false,
  parse: (value) => {
    const word = value.toLowerCase();
    if (TRUE.includes(word)) return ok(true);
    return FALSE.includes(word) ? ok(false) : fail(`not a valid boolean value: ${repr(value)}`);
  },
};

export const autorestart: Type<'always' | 'unexpected' | 'never'> = {
  label: '`true`, `false` or `unexpected`',
  zero: 'unexpected',
  parse: (value) => {
    const word = value.toLowerCase();
    if (word === 'unexpected') return ok('unexpected');
    if (TRUE.includes(word)) return ok('always');
    return FALSE.includes(word) ? ok('never') : fail(`invalid 'autorestart' value ${repr(word)}`);
  },
};

const SUFFIXES: readonly (readonly [string, number])[] = [
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
];

export const byteSize: Type<Bytes> = {
  label: 'bytes (`KB`, `MB`, `GB`)',
  // Not 0, which means something else to every key of this type.
  zero: bytes(1),
  parse: (value) => {
    const lower = value.toLowerCase();
    const [suffix, factor] = SUFFIXES.find(([word]) => lower.endsWith(word)) ?? ['', 1];
    return map(parseInteger(lower.slice(0, lower.length - suffix.length)), (number) => bytes(number * factor));
  },
};

function parseOctal(value: string): number | undefined {
  const [, sign, digits] = OCTAL.exec(trim(value)) ?? [];
  return digits === undefined ? undefined : Number.parseInt(sign + digits.replaceAll('_', ''), 8);
}

/** An octal mode; `wrong` words the refusal. */
export function octal(wrong?: string): Type<number> {
  return {
    label: 'octal number',
    zero: 0,
    parse: (value) => {
      const number = parseOctal(value);
      if (number !== undefined) return ok(number);
      return fail(wrong === undefined ? `${value} can not be converted to an octal type` : `${wrong} ${value}`);
    },
  };
}

export const signalType: Type<Signal> = { label: 'signal', zero: signal(0), parse: parseSignal };

export const stringList: Type<readonly string[]> = {
  label: 'list (`a,b`)',
  zero: [],
  parse: (value) => ok(value === '' ? [] : value.split(',').map(trim)),
};

export const exitCodes: Type<readonly number[]> = {
  label: 'list of integers from 0 to 255',
  zero: [],
  parse: (value) => {
    const wrong = fail(`not a valid list of exit codes: ${repr(value)}`);
    const codes: number[] = [];
    for (const item of value === '' ? [] : value.split(',')) {
      const code = parseInteger(item);
      if (!code.ok || code.value < 0 || code.value > 255) return wrong;
      codes.push(code.value);
    }
    return ok(codes);
  },
};

/** A user as seen while nobody is meant. */
const NOBODY: User = { name: '', uid: 0, gid: 0, gids: [] };

export const userType: Type<User> = {
  label: 'user name or uid',
  zero: NOBODY,
  parse: (value, source) => {
    const uid = parseInteger(value);
    const found = source.lookupUser(uid.ok ? uid.value : value);
    if (found !== undefined) return ok(found);
    return fail(uid.ok ? `Invalid user id ${value}` : `Invalid user name ${value}`);
  },
};

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** `user`, `user:group` or numbers; -1 leaves the group alone. `wrong` words the refusal. */
export function owner(wrong: string): Type<Owner> {
  return {
    label: '`user` or `user:group`',
    zero: { uid: 0, gid: 0 },
    parse: (value, source) => {
      const colon = value.indexOf(':');
      const user = userType.parse(colon < 0 ? value : value.slice(0, colon), source);
      if (!user.ok) return fail(`${wrong} ${value}`);
      if (colon < 0) return ok({ uid: user.value.uid, gid: -1 });
      const group = value.slice(colon + 1);
      const number = parseInteger(group);
      const gid = source.lookupGroup(number.ok ? number.value : group);
      return gid === undefined ? fail(`${wrong} ${value}`) : ok({ uid: user.value.uid, gid });
    },
  };
}

/** `~` and `~user` at the start; left alone when there is no such user. */
export function expandHome(value: string, source: ConfigSource): string {
  const [, name, rest] = /^~([^/]*)(.*)$/s.exec(value) ?? [];
  if (name === undefined || rest === undefined) return value;
  const home = source.home(name === '' ? undefined : name);
  return home === undefined ? value : home.replace(/\/+$/, '') + rest || '/';
}

function parseFile(value: string, source: ConfigSource): Result<string, string> {
  const file = expandHome(value, source);
  const slash = file.lastIndexOf('/');
  const directory = slash > 0 ? file.slice(0, slash) : file.slice(0, slash + 1);
  if (directory === '' || source.isDirectory(path.resolve(source.cwd, directory))) return ok(file);
  return fail(`The directory named as part of the path ${value} does not exist`);
}

/** A file whose directory exists, made absolute. */
export const filePath: Type<string> = {
  label: 'path',
  zero: '',
  parse: (value, source) => map(parseFile(value, source), (file) => path.resolve(source.cwd, file)),
};

/** Like `filePath`, but for the word `syslog`. */
export const mainLogPath: Type<string> = {
  label: 'path, or `syslog`',
  zero: '',
  parse: (value, source) => (value === 'syslog' ? ok(value) : filePath.parse(value, source)),
};

/** A path that is made absolute, whatever is there. */
export const anyPath: Type<string> = {
  label: 'path',
  zero: '',
  parse: (value, source) => ok(path.resolve(source.cwd, expandHome(trim(value), source))),
};

export const existingDirectory: Type<string> = {
  label: 'existing directory',
  zero: '',
  parse: (value, source) => {
    const directory = expandHome(value, source);
    const found = directory !== '' && source.isDirectory(path.resolve(source.cwd, directory));
    const full = path.isAbsolute(directory) ? directory : path.resolve(source.cwd, directory);
    return found ? ok(full) : fail(`${value} is not an existing directory`);
  },
};

/** What a program's log key says; `syslog` is the old way to say `…_syslog=true`. */
export type LogFile = LogTarget | { readonly kind: 'syslog' };

export const logFile: Type<LogFile> = {
  label: 'path, `AUTO` or `NONE`',
  zero: { kind: 'none' },
  parse: (value, source) => {
    const word = value.toLowerCase();
    if (word === '') return ok({ kind: 'none', isEmpty: true });
    if (word === 'none' || word === 'off') return ok({ kind: 'none' });
    if (word === 'auto' || word === 'syslog') return ok({ kind: word });
    // spec lifecycle 1.6: supervisord expands twice, so files say `%%%%` for one percent sign.
    return map(parseFile(value.replaceAll('%%', '%'), source), (file) => ({ kind: 'file', path: file }));
  },
};

const LEVELS: readonly LogLevel[] = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'blather'];

export const logLevel: Type<LogLevel> = {
  label: LEVELS.map((level) => `\`${level}\``).join(', '),
  zero: 'info',
  parse: (value) => {
    const level = LEVELS.find((name) => name === value.toLowerCase());
    return level === undefined ? fail(`bad logging level name ${repr(value)}`) : ok(level);
  },
};

export const environment: Type<Environment> = {
  label: '`KEY=value,KEY2="other value"`',
  zero: { variables: new Map(), cut: [] },
  parse: parseEnvironment,
};

export const serverUrl: Type<string> = {
  label: 'URL, or `AUTO`',
  zero: '',
  parse: (value) => ok(trim(value).toLowerCase() === 'auto' ? 'auto' : value),
};

/** A name of a process, group or program. */
export const name: Type<string> = {
  label: 'name',
  zero: '',
  parse: (value) => {
    const plain = trim(value);
    const bad = [' ', ':', '/'].find((char) => plain.includes(char));
    return bad === undefined ? ok(plain) : fail(`Invalid name: ${repr(plain)} because of character: ${repr(bad)}`);
  },
};

function inRange(port: number): Result<number, string> {
  if (port < 1) return fail(`${port} is below lower bound (1)`);
  return port > 65_535 ? fail(`${port} is above upper bound (65535)`) : ok(port);
}

export interface Address {
  /** '' means all interfaces. */
  readonly host: string;
  readonly port: number;
}

/** `port`, `host:port`, `*:port`, `[::1]:port`. */
export const inetAddress: Type<Address> = {
  label: '`host:port` or `port`',
  zero: { host: '', port: 0 },
  parse: (value) => {
    const colon = value.lastIndexOf(':');
    const digits = value.slice(colon + 1);
    if (colon >= 0 && digits === '') return fail("no port number specified in ''");
    const number = parseInteger(digits);
    const port = number.ok ? inRange(number.value) : number;
    if (colon < 0 && !port.ok) return fail(`not a valid port number: ${repr(value)} `);
    const host = value
      .slice(0, Math.max(colon, 0))
      .toLowerCase()
      .replace(/^\[(.*)\]$/, '$1');
    return map(port, (checked) => ({ host: host === '*' ? '' : host, port: checked }));
  },
};

/** Where an fcgi-program listens. The odd texts are supervisord's. @source spec lifecycle 2.5 */
export type FcgiAddress =
  | { readonly kind: 'unix'; readonly path: string; readonly url: string }
  | (Address & { readonly kind: 'tcp'; readonly url: FcgiSocket['url'] });

export const fcgiAddress: Type<FcgiAddress> = {
  label: '`unix:///path` or `tcp://host:port`',
  zero: { kind: 'unix', path: '/', url: '' },
  parse: (value) => {
    if (value.startsWith('unix://')) {
      const file = value.slice('unix://'.length);
      if (!file.startsWith('/')) return fail(`('Unix socket path %s is not an absolute path', ${repr(file)})`);
      return ok({ kind: 'unix', path: path.normalize(file), url: `unix://${path.normalize(file)}` });
    }
    const [, host, digits] = /^tcp:\/\/([^\s:]+):(\d+)$/.exec(value) ?? [];
    if (host === undefined) return fail(`('Bad socket format %s', ${repr(value)})`);
    return map(inRange(Number(digits)), (port) => ({ kind: 'tcp', host, port, url: `tcp://${host}:${port}` }));
  },
};
