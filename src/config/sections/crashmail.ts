/**
 * `[crashmail]`: whom the listener `crashmail` mails, by which way, how often. The daemon checks the section and does
 * nothing with it; crashmail reads it from the same files.
 */
import { fail, ok } from '../../errors.ts';
import { type Millis, millis } from '../../units.ts';
import { blame, type Context, type Key, key, read, readMaybe } from '../key.ts';
import type { CrashmailConfig, MailSeverity, QuietHours } from '../model.ts';
import { anyPath, boolean, parseInteger, type Type, text, trimmed } from '../values.ts';

const FACTORS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const LONGEST_SECONDS = 366 * 86_400;

/** `90`, `90s`, `5m`, `5min`, `2h`, `1d`. */
const span: Type<Millis> = {
  label: 'seconds, or `5min`, `2h`, `1d`',
  zero: millis(0),
  parse: (value) => {
    const [, digits = '', unit = ''] = /^(\d{1,9})\s*(s|m|min|h|d)?$/.exec(value.trim().toLowerCase()) ?? [];
    const seconds = Number(digits) * (FACTORS[unit] ?? 1);
    if (digits === '' || seconds > LONGEST_SECONDS) return fail(`cannot read "${value}" as a time such as 300 or 5min`);
    return ok(millis(seconds * 1000));
  },
};

/** Enough to refuse what cannot be an address, and what could smuggle something into a mail. */
const ADDRESS = /^[^\s<>,;"'()[\]\\:@]+@[^\s<>,;"'()[\]\\:@]+$|^[A-Za-z0-9._-]+$/;
const NAMED = /^[^\r\n<>,;]*<([^<>\s]+)>$/;

/** Addresses, separated by commas. */
export const addresses: Type<readonly string[]> = {
  label: 'addresses (`a@x.org,b@x.org`)',
  zero: [],
  parse: (value) => {
    const found = value
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== '');
    const wrong = found.find((address) => !ADDRESS.test(NAMED.exec(address)?.[1] ?? address));
    return wrong === undefined ? ok(found) : fail(`cannot read "${wrong}" as a mail address`);
  },
};

const smtpUrl: Type<string> = {
  label: '`smtp://host:port` or `smtps://host:port`',
  zero: '',
  parse: (value) => {
    const url = value.trim();
    const full = url.includes('://') ? url : `smtp://${url}`;
    if (/^smtps?:\/\/[^/\s]+/i.test(full) && URL.canParse(full)) return ok(full);
    return fail(`cannot read "${value}" as a mail server: want one such as smtp://mail.example.com:587`);
  },
};

const webUrl: Type<string> = {
  label: '`https://host/path`',
  zero: '',
  parse: (value) =>
    /^https?:\/\/[^/\s]+/i.test(value.trim()) && URL.canParse(value.trim())
      ? ok(value.trim())
      : fail(`cannot read "${value}" as a URL: want one such as https://example.com/hook`),
};

const severity: Type<MailSeverity> = {
  label: '`info`, `warning` or `critical`',
  zero: 'info',
  parse: (value) => {
    const word = value.trim().toLowerCase();
    if (word === 'info' || word === 'warning' || word === 'critical') return ok(word);
    return fail(`cannot read "${value}" as a severity: want info, warning or critical`);
  },
};

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const minutesOf = (clock: string): number | undefined => {
  const [, hours, minutes] = CLOCK.exec(clock.trim()) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
};

const quietHours: Type<QuietHours | undefined> = {
  label: '`22:00-07:00`',
  zero: undefined,
  parse: (value) => {
    const [first = '', last = '', ...more] = value.split('-');
    const [from, until] = [minutesOf(first), minutesOf(last)];
    if (from === undefined || until === undefined || more.length > 0) {
      return fail(`cannot read "${value}" as hours: want such as 22:00-07:00`);
    }
    return ok({ from, until });
  },
};

const between = (least: number, most: number): Type<number> => ({
  label: `integer from ${least} to ${most}`,
  zero: least,
  parse: (value) => {
    const number = parseInteger(value);
    if (!number.ok || number.value < least || number.value > most) {
      return fail(`cannot read "${value}" as an integer from ${least} to ${most}`);
    }
    return number;
  },
});

const common = { names: 'here', since: 'superd' } as const;

const KEYS = {
  to: key('to', addresses, { ...common, doc: 'Who gets the mails; `mailto` of a program or group is stronger.' }),
  from: key('from', trimmed, { ...common, initially: '`superd@<host>`', doc: 'The sender.' }),
  prefix: key('prefix', trimmed, { ...common, initial: '', doc: 'Begins each subject, followed by a colon.' }),
  smtp: key('smtp', smtpUrl, {
    ...common,
    doc: 'The mail server. `smtps` is TLS from the start; `smtp` takes STARTTLS when it is offered.',
  }),
  smtp_user: key('smtp_user', text, { ...common, doc: 'The user name for the mail server.' }),
  smtp_password_file: key('smtp_password_file', anyPath, {
    ...common,
    doc: 'The file with the password; only its owner, who must be root or the user of crashmail, may be able to read it.',
  }),
  smtp_tls: key('smtp_tls', tlsType(), {
    ...common,
    initial: 'auto',
    doc: 'Whether STARTTLS is used when offered, insisted on, or never used.',
  }),
  sendmail: key('sendmail', trimmed, {
    ...common,
    doc: 'A shell command that reads a mail on its standard input. Used when no other way is named.',
    initially: '`/usr/sbin/sendmail -t -i`',
  }),
  maildir: key('maildir', anyPath, { ...common, doc: 'A Maildir to put the mails into.' }),
  webhook: key('webhook', webUrl, { ...common, doc: 'A URL that gets each report as JSON by POST.' }),
  webhook_token_file: key('webhook_token_file', anyPath, {
    ...common,
    doc: 'The file with the token that is sent as `Authorization: Bearer`; protected like `smtp_password_file`.',
  }),
  queue: key('queue', anyPath, {
    ...common,
    initially: '`crashmail` in `statedir`',
    doc: 'The directory in which reports wait.',
  }),
  programs: key('programs', listType(), {
    ...common,
    initially: 'all',
    doc: 'Only these: `name`, `group:name` or `group:*`.',
  }),
  fatal: key('fatal', boolean, { ...common, initial: 'true', doc: 'Mail also when a program is given up (FATAL).' }),
  severity: key('severity', severity, {
    ...common,
    initial: 'info',
    doc: '`critical`: only what stays down; `warning`: also what was started again; `info`: also `recovered`.',
  }),
  lines: key('lines', between(0, 500), { ...common, initial: '30', doc: 'Log lines in a mail, of each stream.' }),
  window: key('window', span, {
    ...common,
    initial: '5min',
    doc: 'After a mail about a program, its further crashes are collected for this long into one mail. The time doubles while it goes on.',
  }),
  window_max: key('window_max', span, { ...common, initial: '6h', doc: 'The longest such time.' }),
  burst: key('burst', between(1, 1000), {
    ...common,
    initial: '20',
    doc: 'Mails at once to the same recipients; beyond, one comes every 30 s, with all that happened.',
  }),
  recovered: key('recovered', span, {
    ...common,
    initial: '5min',
    doc: 'A program that crashed more than once or was given up has recovered when it has run for this long; `0` says nothing.',
  }),
  batch: key('batch', span, {
    ...common,
    initial: '0',
    doc: 'Nothing at once: everything of this time goes into one mail.',
  }),
  quiet_hours: key('quiet_hours', quietHours, {
    ...common,
    doc: 'In these hours of the local time only what is as severe as `quiet_severity` is mailed, the rest at their end.',
  }),
  quiet_severity: key('quiet_severity', severity, {
    ...common,
    initial: 'critical',
    doc: 'What is mailed in quiet hours too.',
  }),
};

function tlsType(): Type<'auto' | 'require' | 'off'> {
  return {
    label: '`auto`, `require` or `off`',
    zero: 'auto',
    parse: (value) => {
      const word = value.trim().toLowerCase();
      if (word === 'auto' || word === 'require' || word === 'off') return ok(word);
      return fail(`cannot read "${value}": want auto, require or off`);
    },
  };
}

function listType(): Type<readonly string[]> {
  return {
    label: 'list (`a,b`)',
    zero: [],
    parse: (value) =>
      ok(
        value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
  };
}

export const CRASHMAIL_KEYS: readonly Key<unknown>[] = Object.values(KEYS);

/** In `[program:x]` and `[group:x]`. */
export const MAILTO: Key<readonly string[]> = key('mailto', addresses, {
  ...common,
  initially: '`to` of `[crashmail]`',
  doc: 'Who gets the crash mails about this. A program is stronger than its group.',
});

export function readCrashmail(context: Context): CrashmailConfig {
  const smtp = readMaybe(context, KEYS.smtp);
  const to = readMaybe(context, KEYS.to) ?? [];
  const user = readMaybe(context, KEYS.smtp_user);
  if (smtp === undefined && user !== undefined) blame(context, 'smtp_user', 'there is no smtp to log in to');
  return {
    to,
    from: readMaybe(context, KEYS.from) ?? '',
    prefix: read(context, KEYS.prefix),
    smtp,
    smtpUser: user,
    smtpPasswordFile: readMaybe(context, KEYS.smtp_password_file),
    smtpTls: read(context, KEYS.smtp_tls),
    sendmail: readMaybe(context, KEYS.sendmail),
    maildir: readMaybe(context, KEYS.maildir),
    webhook: readMaybe(context, KEYS.webhook),
    webhookTokenFile: readMaybe(context, KEYS.webhook_token_file),
    queue: readMaybe(context, KEYS.queue),
    programs: readMaybe(context, KEYS.programs) ?? [],
    fatal: read(context, KEYS.fatal),
    severity: read(context, KEYS.severity),
    lines: read(context, KEYS.lines),
    window: read(context, KEYS.window),
    windowMax: read(context, KEYS.window_max),
    burst: read(context, KEYS.burst),
    recovered: read(context, KEYS.recovered),
    batch: read(context, KEYS.batch),
    quietHours: readMaybe(context, KEYS.quiet_hours),
    quietSeverity: read(context, KEYS.quiet_severity),
    place: context.section.place,
  };
}
