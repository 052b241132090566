/** superctl's command line and its section `[supervisorctl]`; includes are not followed. @source spec api 5.1 */
import path from 'node:path';
import { type ConfigProblem, fail, ok, type Result } from '../errors.ts';
import { repr } from '../repr.ts';
import { mergeLines, readLines } from './dialect.ts';
import { formatOptions, getopt, type Option } from './getopt.ts';
import type { Context } from './key.ts';
import type { CtlConfig } from './model.ts';
import { type ConfigFailure, failureOf, Report } from './problems.ts';
import { searchPaths } from './search.ts';
import { directoryOf } from './sections/include.ts';
import { readCtl } from './sections/supervisorctl.ts';
import type { ConfigSource } from './source.ts';
import { decodeText } from './text.ts';

export const CTL_OPTIONS: readonly Option[] = [
  {
    short: 'c',
    long: 'configuration',
    takes: 'FILE',
    doc: 'the configuration file (else the usual places are searched)',
  },
  { short: 'h?', long: 'help', takes: undefined, doc: 'print this and exit' },
  { short: 'i', long: 'interactive', takes: undefined, doc: 'start the interactive mode' },
  { short: 's', long: 'serverurl', takes: 'URL', doc: 'where superd listens' },
  { short: 'u', long: 'username', takes: 'USER', doc: 'the user name for the server' },
  { short: 'p', long: 'password', takes: 'PASS', doc: 'the password for the server' },
  {
    short: undefined,
    full: true,
    long: 'cacert',
    takes: 'FILE',
    doc: 'certificates in PEM that an https server is checked against',
  },
  {
    short: undefined,
    full: true,
    long: 'insecure',
    takes: undefined,
    doc: 'do not check who answers at an https server',
  },
  { short: 'r', long: 'history_file', takes: 'FILE', doc: 'the file that keeps the lines typed' },
];

export const CTL_USAGE: string = `Usage: superctl [options] [action [arguments]]\n\n${formatOptions(CTL_OPTIONS)}\n`;

/** A command line of superctl, read. */
export type CtlOptions =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'run';
      readonly file: string | undefined;
      readonly interactive: boolean;
      /** Texts for `[supervisorctl]`, by key; checked. */
      readonly overrides: ReadonlyMap<string, string>;
      /** The action and its arguments. */
      readonly action: readonly string[];
    };

/** Has a scheme, and something after it. @source spec lifecycle 1.7 */
const isUrl = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:(?!\/\/(?:[?#]|$))[^?#]/.test(text);

/** @returns supervisorctl's text when it is wrong */
export function parseCtlOptions(argv: readonly string[]): Result<CtlOptions, string> {
  const line = getopt(CTL_OPTIONS, argv);
  if (!line.ok) return line;
  const seen = new Map<string, string>();
  for (const { option, as, value } of line.value.given) {
    if (option.long === 'help') return ok({ kind: 'help' });
    if (seen.has(option.long)) return fail(`conflicting command line option ${repr(as)}`);
    if (option.long === 'serverurl' && !isUrl(value ?? '')) {
      return fail(`invalid value for ${as} ${repr(value ?? '')}: value ${repr(value ?? '')} is not a URL`);
    }
    seen.set(option.long, value ?? 'true');
  }
  const overrides = new Map([...seen].filter(([long]) => long !== 'configuration' && long !== 'interactive'));
  const { rest } = line.value;
  return ok({
    kind: 'run',
    file: seen.get('configuration'),
    interactive: seen.has('interactive'),
    overrides,
    action: rest,
  });
}

/** `[supervisorctl]` of a file, or undefined in place of a section when no file is found: then defaults do. */
function readSection(source: ConfigSource, file: string, report: Report): Result<Context, string> {
  const bytes = source.read(path.resolve(source.cwd, file));
  if (!bytes.ok) return fail(`could not ${bytes.error === 'missing' ? 'find' : 'read'} config file ${file}`);
  const text = decodeText(bytes.value);
  if (!text.ok) return text;
  const { entries, error } = readLines(file, text.value);
  if (error !== undefined) return fail(error);
  const here = directoryOf(file, source.cwd);
  const sections = mergeLines(
    entries.map((entry) => ({ entry, file, here })),
    source.parseIni,
  );
  const section = sections.get('supervisorctl');
  if (section === undefined) return fail('.ini file does not include supervisorctl section');
  const defaults = sections.get('DEFAULT')?.keys ?? new Map();
  return ok({ ...emptyContext(source, report), section, defaults });
}

function emptyContext(source: ConfigSource, report: Report): Context {
  return {
    section: { name: 'supervisorctl', place: { file: '', line: undefined }, keys: new Map() },
    defaults: new Map(),
    source,
    report,
    names: new Map(Object.entries(source.env).map(([name, value]) => [`ENV_${name}`, value])),
    hasInclude: false,
    suffix: '',
    overrides: new Map(),
  };
}

/** What superctl could not use in a file, as warnings: superd can use it. */
export function checkCtl(source: ConfigSource, file: string): readonly ConfigProblem[] {
  const report = new Report();
  const context = readSection(source, file, report);
  if (context.ok) readCtl(context.value);
  return report.sorted.map((problem) => ({ ...problem, severity: 'warning' }));
}

/** What to load for superctl. */
export interface CtlRequest {
  readonly argv0: string;
  readonly file: string | undefined;
  readonly overrides: ReadonlyMap<string, string>;
}

/** Loads what superctl needs. Without -c and without a file at the usual places the defaults do. */
export function loadCtlConfig(source: ConfigSource, request: CtlRequest): Result<CtlConfig, ConfigFailure> {
  const report = new Report();
  const usual = searchPaths(request.argv0, source.cwd);
  const file = request.file ?? usual.find((candidate) => source.exists(path.resolve(source.cwd, candidate)));
  const context = file === undefined ? ok(emptyContext(source, report)) : readSection(source, file, report);
  if (!context.ok) return fail(failureOf(context.error));
  const config = readCtl({ ...context.value, overrides: request.overrides });
  return report.hasErrors ? fail(report.failure) : ok(config);
}
