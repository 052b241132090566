/** What the command line and the section `[crashmail]` say together; an option is stronger than its key. Pure. */
import type { CrashmailConfig, MailSeverity } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { Policy } from './flood.ts';
import type { Interest } from './incident.ts';
import type { Letterhead } from './mail.ts';
import { DEFAULT_LINES, DEFAULT_SENDMAIL, type Options } from './options.ts';
import { MAX_EVENTS_IN_LETTER } from './outbox.ts';

/** Ways to send; undefined: not that way. */
export interface Ways {
  readonly smtp:
    | {
        /** A URL, or the file that has it. */
        readonly at: { readonly url: string } | { readonly file: string };
        readonly user: string | undefined;
        readonly password: string | undefined;
        readonly passwordFile: string | undefined;
        readonly tls: 'auto' | 'require' | 'off';
      }
    | undefined;
  readonly sendmail: string | undefined;
  readonly maildir: string | undefined;
  readonly webhook: { readonly url: string; readonly tokenFile: string | undefined } | undefined;
}

export interface Setup {
  /** Recipients where nobody in particular is named. */
  readonly to: readonly string[];
  readonly letterhead: Letterhead;
  readonly ways: Ways;
  readonly interest: Interest;
  readonly policy: Policy;
  readonly severity: MailSeverity;
  readonly recovered: number;
  readonly lines: number;
  readonly queue: string | undefined;
}

const MINUTE = 60_000;
const DEFAULTS = { window: 5 * MINUTE, windowMax: 360 * MINUTE, burst: 20, recovered: 5 * MINUTE } as const;

function smtpOf(options: Options, section: CrashmailConfig | undefined): Ways['smtp'] {
  const own = { user: options.smtpUser, password: options.smtpPassword, passwordFile: undefined, tls: 'auto' } as const;
  if (options.smtp !== undefined) return { ...own, at: { url: options.smtp } };
  if (options.smtpFile !== undefined) return { ...own, at: { file: options.smtpFile } };
  if (section?.smtp === undefined) return undefined;
  const { smtp, smtpUser, smtpPasswordFile, smtpTls } = section;
  return { at: { url: smtp }, user: smtpUser, password: undefined, passwordFile: smtpPasswordFile, tls: smtpTls };
}

/** A way of sending that is named on the command line replaces all those of the section. */
function waysOf(options: Options, section: CrashmailConfig | undefined, hasRecipients: boolean): Ways {
  const { sendmail, maildir, webhook } = options;
  const isNamed = [options.smtp, options.smtpFile, sendmail, maildir, webhook].some((way) => way !== undefined);
  const from = isNamed ? undefined : section;
  const smtp = smtpOf(options, from);
  const chosen: Ways = {
    smtp,
    sendmail: sendmail ?? from?.sendmail,
    maildir: maildir ?? from?.maildir,
    webhook:
      webhook !== undefined
        ? { url: webhook, tokenFile: section?.webhookTokenFile }
        : from?.webhook === undefined
          ? undefined
          : { url: from.webhook, tokenFile: from.webhookTokenFile },
  };
  const isNone = Object.values(chosen).every((way) => way === undefined);
  return isNone && hasRecipients ? { ...chosen, sendmail: DEFAULT_SENDMAIL } : chosen;
}

const splitAddresses = (text: string): readonly string[] =>
  text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');

/** @param section undefined: there is none */
export function setupOf(
  options: Options,
  section: CrashmailConfig | undefined,
  hasMailto: boolean,
): Result<Setup, string> {
  const to = options.email === undefined ? (section?.to ?? []) : splitAddresses(options.email);
  const ways = waysOf(options, section, to.length > 0 || hasMailto);
  if (ways.smtp !== undefined && to.length === 0) return fail('SMTP needs a recipient: give -m, or to= in [crashmail]');
  const fatal = options.fatalOnly || (options.fatal ?? section?.fatal ?? false);
  const window = options.window ?? section?.window ?? DEFAULTS.window;
  return ok({
    to,
    letterhead: { from: options.from ?? section?.from ?? '', prefix: options.prefix ?? section?.prefix ?? '' },
    ways,
    interest: {
      programs: options.programs ?? section?.programs ?? [],
      crashes: !options.fatalOnly,
      fatal,
      states: options.states,
    },
    policy: {
      window,
      windowMax: Math.max(window, section?.windowMax ?? DEFAULTS.windowMax),
      burst: section?.burst ?? DEFAULTS.burst,
      batch: options.batch ?? section?.batch ?? 0,
      quietHours: section?.quietHours,
      quietSeverity: section?.quietSeverity ?? 'critical',
      maxEvents: MAX_EVENTS_IN_LETTER,
    },
    severity: section?.severity ?? 'info',
    recovered: section?.recovered ?? DEFAULTS.recovered,
    lines: options.lines ?? section?.lines ?? DEFAULT_LINES,
    queue: options.queue ?? section?.queue,
  });
}
