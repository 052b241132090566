/** crashmail's command line: superlance's options, spelt as getopt takes them, and our own. Pure. */
import { fail, ok, type Result } from '../errors.ts';

/** superlance's exit status for a usage error. @source spec api 9 */
export const EXIT_CRASHMAIL_USAGE = 255;

/** A word that asks for something else than listening. */
type Command = 'queue' | 'flush';

/** What crashmail is to do. */
export type Task =
  | { readonly kind: 'listen' | 'test' | Command }
  /** Writes a sample to this file. */
  | { readonly kind: 'preview'; readonly file: string };

/** The command line; undefined stands for what was not given, and then the section `[crashmail]` counts. */
export interface Options {
  readonly task: Task;
  readonly configuration: string | undefined;
  /** Empty: every program. */
  readonly programs: readonly string[] | undefined;
  readonly fatal: boolean | undefined;
  readonly fatalOnly: boolean;
  /** Further states that deserve a mail. */
  readonly states: readonly string[];
  /** superlance's prefix of the subject. */
  readonly prefix: string | undefined;
  readonly sendmail: string | undefined;
  readonly email: string | undefined;
  readonly smtp: string | undefined;
  readonly smtpFile: string | undefined;
  readonly smtpUser: string | undefined;
  readonly smtpPassword: string | undefined;
  readonly from: string | undefined;
  readonly maildir: string | undefined;
  readonly webhook: string | undefined;
  readonly queue: string | undefined;
  readonly lines: number | undefined;
  /** In milliseconds, as all times here. */
  readonly window: number | undefined;
  readonly batch: number | undefined;
}

export const DEFAULT_SENDMAIL = '/usr/sbin/sendmail -t -i';
export const DEFAULT_LINES = 30;
const MAX_LINES = 500;

export const USAGE: string = `crashmail [options]            as an event listener of superd or supervisord
crashmail [options] --test     send a sample, and say what the server answered
crashmail [options] queue      list what waits to be sent
crashmail [options] flush      send now what waits

In the configuration:

    [eventlistener:crashmail]
    command=crashmail
    events=PROCESS_STATE
    replay=true

    [crashmail]
    to=ops@example.com
    smtp=mail.example.com

Every setting of [crashmail] is in docs/reference/configuration.md. Options are stronger than the section:

-c, --configuration FILE      read [crashmail] and mailto= from this file (superd tells its own)
-p, --program NAME            mail about this program only; "name", "group:name" or "group:*"; may be repeated
-a, --any                     mail about every program (the default; overrides -p)
-o, --optionalheader TEXT     begin every subject with "TEXT: "
-m, --email ADDRESS           mail to this address; several are separated by commas
-s, --sendmail_program CMD    a shell command that reads the mail on its standard input
                              (default "${DEFAULT_SENDMAIL}")
    --fatal                   mail also when a program is given up (FATAL)
    --fatal-only              mail only then, as superlance's fatalmailbatch
    --state NAME              mail also when a program reaches this state, such as STOPPED; may be repeated
    --smtp URL                send to this server: smtp://, smtps://, user:password@, ?options
    --smtp-file FILE          the same, read from a file that only its owner can read
    --from ADDRESS            the sender (default "superd@<host>")
    --maildir DIR             put the mails into this Maildir
    --webhook URL             post each report to this URL, as JSON
    --queue DIR               where reports wait until they are sent
    --lines N                 log lines in a mail, 0 to ${MAX_LINES} (default ${DEFAULT_LINES})
    --window SECONDS          how long further crashes of a program are collected (default 300)
    --interval MINUTES        nothing at once: one mail for all of this time, as superlance's batch mailers
    --preview FILE            write a sample mail to FILE (.eml, or .html for the HTML part)
-h, --help                    print this and exit

superlance's --toEmail, --fromEmail, --subject, --smtpHost, --userName and --password are understood too.
`;

/** superlance's crashmail; abbreviations mean these first. */
const OLD_VALUES = ['program', 'optionalheader', 'sendmail_program', 'email'];
const OLD_FLAGS = ['help', 'any'];
const TAKES_VALUE = [
  ...OLD_VALUES,
  'configuration',
  'state',
  'smtp',
  'smtp-file',
  'from',
  'maildir',
  'webhook',
  'queue',
  'lines',
  'window',
  'interval',
  'preview',
  'toEmail',
  'fromEmail',
  'subject',
  'smtpHost',
  'userName',
  'password',
  'tickEvent',
];
const IS_FLAG = [...OLD_FLAGS, 'fatal', 'fatal-only', 'test'];
const SHORT: Readonly<Record<string, string>> = {
  h: 'help',
  p: 'program',
  a: 'any',
  o: 'optionalheader',
  s: 'sendmail_program',
  m: 'email',
  c: 'configuration',
};

/** One option as written; a flag has the value ''. */
interface Given {
  readonly name: string;
  readonly value: string;
}

/** An abbreviation is taken while it can mean only one option, as getopt does. */
function completeName(typed: string): Result<string, string> {
  const names = [...TAKES_VALUE, ...IS_FLAG];
  if (names.includes(typed)) return ok(typed);
  const meant = (some: readonly string[]): readonly string[] => some.filter((name) => name.startsWith(typed));
  const [old, ...otherOld] = meant([...OLD_VALUES, ...OLD_FLAGS]);
  if (old !== undefined && otherOld.length === 0 && typed !== '') return ok(old);
  const [only, ...others] = meant(names);
  if (only === undefined || typed === '') return fail(`option --${typed} not recognized`);
  return others.length === 0 ? ok(only) : fail(`option --${typed} not a unique prefix`);
}

function readLong(arg: string, next: string | undefined): Result<readonly [Given, number], string> {
  const equals = arg.indexOf('=');
  const name = completeName(equals < 0 ? arg.slice(2) : arg.slice(2, equals));
  if (!name.ok) return name;
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  if (IS_FLAG.includes(name.value)) {
    if (inline !== undefined) return fail(`option --${name.value} must not have an argument`);
    return ok([{ name: name.value, value: '' }, 1]);
  }
  const value = inline ?? next;
  if (value === undefined) return fail(`option --${name.value} requires argument`);
  return ok([{ name: name.value, value }, inline === undefined ? 2 : 1]);
}

function readShort(arg: string, next: string | undefined): Result<readonly [readonly Given[], number], string> {
  const given: Given[] = [];
  for (let at = 1; at < arg.length; at += 1) {
    const letter = arg[at] ?? '';
    const name = Object.hasOwn(SHORT, letter) ? SHORT[letter] : undefined;
    if (name === undefined) return fail(`option -${letter} not recognized`);
    if (IS_FLAG.includes(name)) {
      given.push({ name, value: '' });
      continue;
    }
    const attached = arg.slice(at + 1);
    const value = attached === '' ? next : attached;
    if (value === undefined) return fail(`option -${letter} requires argument`);
    return ok([[...given, { name, value }], attached === '' ? 2 : 1]);
  }
  return ok([given, 1]);
}

interface CommandLine {
  readonly given: readonly Given[];
  readonly command: Command | undefined;
}

const isCommand = (word: string): word is Command => word === 'queue' || word === 'flush';

/** superlance ignores what follows the first word that is no option; a command of ours has its options on both sides. */
function readGiven(args: readonly string[]): Result<CommandLine, string> {
  const given: Given[] = [];
  let command: Command | undefined;
  let at = 0;
  while (at < args.length) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-') || arg === '-' || arg === '--') {
      if (command !== undefined) return fail(`${command} takes no "${arg}"`);
      if (!isCommand(arg)) break;
      command = arg;
      at += 1;
    } else if (arg.startsWith('--')) {
      const read = readLong(arg, args[at + 1]);
      if (!read.ok) return read;
      given.push(read.value[0]);
      at += read.value[1];
    } else {
      const read = readShort(arg, args[at + 1]);
      if (!read.ok) return read;
      given.push(...read.value[0]);
      at += read.value[1];
    }
  }
  return ok({ given, command });
}

/** The same check as nodemailer's, made before the first crash instead of after it. */
export const isSmtpUrl = (url: string): boolean => /^smtps?:\/\/[^/\s]/i.test(url) && URL.canParse(url);

const STATES = ['STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'];
const isDecimal = (value: string): boolean => /^[0-9]{1,6}(\.[0-9]{1,6})?$/.test(value);

function problemOf(options: Options, last: (name: string) => string | undefined): string | undefined {
  const lines = last('lines');
  if (lines !== undefined && (!/^[0-9]{1,4}$/.test(lines) || Number(lines) > MAX_LINES)) {
    return `--lines: cannot read "${lines}" as a number from 0 to ${MAX_LINES}`;
  }
  const time = ['window', 'interval'].find((name) => !isDecimal(last(name) ?? '0'));
  if (time !== undefined) return `--${time}: cannot read "${last(time) ?? ''}" as a number`;
  const state = options.states.find((name) => !STATES.includes(name));
  if (state !== undefined) return `--state: no state ${state}; there are ${STATES.join(', ')}`;
  if (options.smtp !== undefined && options.smtpFile !== undefined) return 'give --smtp or --smtp-file, not both';
  if (options.smtp !== undefined && !isSmtpUrl(options.smtp)) {
    return '--smtp: cannot read the URL: want one such as smtp://mail.example.com:587';
  }
  const { webhook } = options;
  if (webhook !== undefined && !(/^https?:\/\/[^/\s]/i.test(webhook) && URL.canParse(webhook))) {
    return '--webhook: cannot read the URL: want one such as https://example.com/hook';
  }
  return undefined;
}

function taskOf(last: (name: string) => string | undefined, command: Command | undefined): Task {
  const preview = last('preview');
  if (preview !== undefined) return { kind: 'preview', file: preview };
  if (last('test') !== undefined) return { kind: 'test' };
  return { kind: command ?? 'listen' };
}

/** @returns 'help', the options, or what is wrong with them. */
export function parseOptions(args: readonly string[]): Result<Options | 'help', string> {
  const read = readGiven(args);
  if (!read.ok) return read;
  const { given, command } = read.value;
  if (given.some(({ name }) => name === 'help')) return ok('help');
  const all = (name: string): readonly string[] => given.filter((one) => one.name === name).map(({ value }) => value);
  const last = (name: string): string | undefined => all(name).at(-1);
  const number = (name: string, unit: number): number | undefined =>
    last(name) === undefined ? undefined : Math.round(Number(last(name)) * unit);
  const host = last('smtpHost');
  const programs = all('program');
  const options: Options = {
    task: taskOf(last, command),
    configuration: last('configuration'),
    programs: last('any') === undefined ? (programs.length === 0 ? undefined : programs) : [],
    fatal: last('fatal') === undefined ? undefined : true,
    fatalOnly: last('fatal-only') !== undefined,
    states: all('state').map((state) => state.toUpperCase()),
    prefix: last('optionalheader') ?? last('subject'),
    sendmail: last('sendmail_program'),
    email: last('email') ?? last('toEmail'),
    smtp: last('smtp') ?? (host === undefined ? undefined : `smtp://${host}`),
    smtpFile: last('smtp-file'),
    smtpUser: last('userName'),
    smtpPassword: last('password'),
    from: last('from') ?? last('fromEmail'),
    maildir: last('maildir'),
    webhook: last('webhook'),
    queue: last('queue'),
    lines: number('lines', 1),
    window: number('window', 1000),
    batch: number('interval', 60_000),
  };
  const problem = problemOf(options, last);
  return problem === undefined ? ok(options) : fail(problem);
}
