/** crashmail's command line: superlance's options, spelt as getopt takes them, and our own. Pure. */
import { fail, ok, type Result } from '../errors.ts';

/** superlance's exit status for a usage error. @source spec api 9 */
export const EXIT_CRASHMAIL_USAGE = 255;

export interface Options {
  /** Empty: every program. */
  readonly programs: readonly string[];
  readonly fatal: boolean;
  /** superlance's prefix of the subject; '' for none. */
  readonly prefix: string;
  /** undefined: not given. */
  readonly sendmail: string | undefined;
  readonly email: string;
  readonly smtp: string | undefined;
  readonly smtpFile: string | undefined;
  readonly from: string;
  readonly maildir: string | undefined;
  readonly queue: string | undefined;
  readonly lines: number;
}

export const DEFAULT_SENDMAIL = '/usr/sbin/sendmail -t -i';
const DEFAULT_LINES = 30;
const MAX_LINES = 500;

export const USAGE: string = `crashmail [-p program]... [-a] [-o prefix] [-m address] [-s sendmail_program]
          [--fatal] [--smtp URL | --smtp-file FILE] [--from address] [--maildir DIR]
          [--queue DIR] [--lines N]

An event listener for superd and supervisord: mails when a program exits unexpectedly. In the configuration:

    [eventlistener:crashmail]
    command=crashmail -m ops@example.com
    events=PROCESS_STATE

-p, --program NAME            mail about this program only; "name", "group:name" or "group:*"; may be repeated
-a, --any                     mail about every program (the default; overrides -p)
-o, --optionalheader TEXT     begin every subject with "TEXT: "
-m, --email ADDRESS           mail to this address; several are separated by commas
-s, --sendmail_program CMD    a shell command that reads the mail on its standard input
                              (default "${DEFAULT_SENDMAIL}")
    --fatal                   mail also when a program is given up (FATAL)
    --smtp URL                send to this server: smtp://, smtps://, user:password@, ?options
    --smtp-file FILE          the same, read from a file that only its owner can read
    --from ADDRESS            the sender (default "superd@<host>")
    --maildir DIR             put the mails into this Maildir
    --queue DIR               where reports wait until they are sent
    --lines N                 log lines in a mail, 0 to ${MAX_LINES} (default ${DEFAULT_LINES})
-h, --help                    print this and exit
`;

const TAKES_VALUE = [
  'program',
  'optionalheader',
  'sendmail_program',
  'email',
  'smtp',
  'smtp-file',
  'from',
  'maildir',
  'queue',
  'lines',
];
const IS_FLAG = ['help', 'any', 'fatal'];
const SHORT: Readonly<Record<string, string>> = {
  h: 'help',
  p: 'program',
  a: 'any',
  o: 'optionalheader',
  s: 'sendmail_program',
  m: 'email',
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
  const [only, ...others] = names.filter((name) => name.startsWith(typed));
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

/** Reads up to the first word that is no option; superlance ignores the rest, and so do we. */
function readGiven(args: readonly string[]): Result<readonly Given[], string> {
  const given: Given[] = [];
  for (let at = 0; at < args.length; ) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-') || arg === '-' || arg === '--') break;
    if (arg.startsWith('--')) {
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
  return ok(given);
}

/** The same check as nodemailer's, made before the first crash instead of after it. */
export const isSmtpUrl = (url: string): boolean => /^smtps?:\/\/[^/\s]/i.test(url) && URL.canParse(url);

function problemOf(options: Options, lines: string | undefined): string | undefined {
  if (lines !== undefined && (!/^[0-9]{1,4}$/.test(lines) || Number(lines) > MAX_LINES)) {
    return `--lines: cannot read "${lines}" as a number from 0 to ${MAX_LINES}`;
  }
  if (options.smtp !== undefined && options.smtpFile !== undefined) return 'give --smtp or --smtp-file, not both';
  if (options.smtp !== undefined && !isSmtpUrl(options.smtp)) {
    return '--smtp: cannot read the URL: want one such as smtp://mail.example.com:587';
  }
  const isSmtp = options.smtp !== undefined || options.smtpFile !== undefined;
  if (isSmtp && options.email.trim() === '') return 'SMTP needs a recipient: give -m';
  return undefined;
}

/** @returns 'help', the options, or what is wrong with them. */
export function parseOptions(args: readonly string[]): Result<Options | 'help', string> {
  const read = readGiven(args);
  if (!read.ok) return read;
  const given = read.value;
  if (given.some(({ name }) => name === 'help')) return ok('help');
  const all = (name: string): readonly string[] => given.filter((one) => one.name === name).map(({ value }) => value);
  const last = (name: string): string | undefined => all(name).at(-1);
  const isGiven = (name: string): boolean => last(name) !== undefined;
  const lines = last('lines');
  const options: Options = {
    programs: isGiven('any') ? [] : all('program'),
    fatal: isGiven('fatal'),
    prefix: last('optionalheader') ?? '',
    sendmail: last('sendmail_program'),
    email: last('email') ?? '',
    smtp: last('smtp'),
    smtpFile: last('smtp-file'),
    from: last('from') ?? '',
    maildir: last('maildir'),
    queue: last('queue'),
    lines: lines === undefined ? DEFAULT_LINES : Number(lines),
  };
  const problem = problemOf(options, lines);
  return problem === undefined ? ok(options) : fail(problem);
}
