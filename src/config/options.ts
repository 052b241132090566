/** superd's command line: what it says about `[supervisord]`, and where the configuration is found. */
import { fail, ok, type Result } from '../errors.ts';
import { repr } from '../repr.ts';
import { formatOptions, type Given, getopt, type Option } from './getopt.ts';
import { supervisordKey } from './sections/supervisord.ts';
import type { ConfigSource } from './source.ts';

const flag = (short: string | undefined, long: string, doc: string): Option => ({ short, long, takes: undefined, doc });
const value = (short: string | undefined, long: string, takes: string, doc: string): Option => ({
  short,
  long,
  takes,
  doc,
});

/** @source spec lifecycle 3.1; the last two are superd's own */
export const OPTIONS: readonly Option[] = [
  value('c', 'configuration', 'FILE', 'the configuration file (else the usual places are searched)'),
  flag('n', 'nodaemon', 'stay in the foreground'),
  flag('s', 'silent', 'do not copy the main log to stdout'),
  flag('h?', 'help', 'print this and exit'),
  flag('v', 'version', 'print the version and exit'),
  value('u', 'user', 'USER', 'become this user, by name or uid'),
  value('m', 'umask', 'UMASK', 'the umask of the daemon (default 022)'),
  value('d', 'directory', 'DIR', 'the directory that the daemon changes to'),
  value('l', 'logfile', 'FILE', 'the main log'),
  value('y', 'logfile_maxbytes', 'BYTES', 'the size at which the main log is rotated'),
  value('z', 'logfile_backups', 'NUM', 'how many rotated main logs to keep'),
  value('e', 'loglevel', 'LEVEL', 'critical, error, warn, info, debug, trace or blather'),
  value('j', 'pidfile', 'FILE', 'the pid file'),
  value('i', 'identifier', 'NAME', 'the name of this superd'),
  value('q', 'childlogdir', 'DIR', 'where AUTO logs are made'),
  flag('k', 'nocleanup', 'keep AUTO logs of earlier runs'),
  value('a', 'minfds', 'NUM', 'how many file descriptors must be available'),
  flag('t', 'strip_ansi', 'remove ANSI sequences from the logs of programs'),
  value(undefined, 'minprocs', 'NUM', 'how many processes must be available'),
  value(undefined, 'profile_options', 'LIST', 'accepted and ignored'),
  { ...flag(undefined, 'check', 'check the configuration and exit: 0 when it is good, 2 when not'), full: true },
  { ...flag(undefined, 'json', 'with --check: print the problems as JSON'), full: true },
];

export const USAGE: string = `Usage: superd [options]\n\n${formatOptions(OPTIONS)}\n`;

/** A command line, read. */
export type SuperdOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run' | 'check';
      /** As given with -c. */
      readonly file: string | undefined;
      /** Texts for `[supervisord]`, by key; checked. */
      readonly overrides: ReadonlyMap<string, string>;
      readonly json: boolean;
    };

/** The type error of an option's value, if it has one. supervisord looks up the user much later. */
function checkValue({ option, as, value: text }: Given, source: ConfigSource): string | undefined {
  const row = option.long === 'user' ? undefined : supervisordKey(option.long);
  if (row === undefined || text === undefined) return undefined;
  const result = row.type.parse(text, source);
  return result.ok ? undefined : `invalid value for ${as} ${repr(text)}: ${result.error}`;
}

/**
 * Reads the command line, without the program's name. Help and version act at once, in the order of the options.
 * @returns supervisord's text when it is wrong
 * @source spec lifecycle 3.1
 */
export function parseOptions(argv: readonly string[], source: ConfigSource): Result<SuperdOptions, string> {
  const line = getopt(OPTIONS, argv);
  if (!line.ok) return line;
  const seen = new Map<string, string>();
  for (const given of line.value.given) {
    const { long } = given.option;
    if (long === 'help' || long === 'version') return ok({ kind: long });
    if (seen.has(long)) return fail(`conflicting command line option ${repr(given.as)}`);
    const problem = checkValue(given, source);
    if (problem !== undefined) return fail(problem);
    seen.set(long, given.value ?? 'true');
  }
  const { rest } = line.value;
  if (rest.length > 0) return fail(`positional arguments are not supported: [${rest.map(repr).join(', ')}]`);
  const overrides = new Map([...seen].filter(([long]) => supervisordKey(long) !== undefined));
  const kind = seen.has('check') ? 'check' : 'run';
  return ok({ kind, file: seen.get('configuration'), overrides, json: seen.has('json') });
}

/** What root should know when the configuration was searched. @source spec lifecycle 1.9 */
export const ROOT_SEARCH_WARNING =
  'superd is running as root and searches for its configuration in the usual places, the current directory among them; name one with -c';
