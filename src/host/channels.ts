/** The ways to send that are set up, as channels. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { isSmtpUrl } from '../crashmail/options.ts';
import type { Channel } from '../crashmail/ports.ts';
import type { Ways } from '../crashmail/setup.ts';
import { type FoundServer, smtpChannel } from './mail.ts';
import { maildirChannel } from './maildir.ts';
import { sendmailChannel } from './sendmail.ts';
import { readSecret } from './small-file.ts';
import { webhookChannel } from './webhook.ts';

type Smtp = Exclude<Ways['smtp'], undefined>;

function urlOf({ at }: Smtp): { readonly url: string } | { readonly problem: string } {
  if ('url' in at) return at;
  const secret = readSecret(at.file);
  if ('problem' in secret) return secret;
  return isSmtpUrl(secret.text) ? { url: secret.text } : { problem: `cannot read an SMTP URL in ${at.file}` };
}

/** What stands in files is read for each mail, so that correcting the file is enough. */
function serverOf(smtp: Smtp): FoundServer {
  const found = urlOf(smtp);
  if ('problem' in found) return found;
  const { user, tls, passwordFile } = smtp;
  if (user === undefined) return { ...found, tls };
  const secret = passwordFile === undefined ? { text: smtp.password ?? '' } : readSecret(passwordFile);
  return 'problem' in secret ? secret : { ...found, tls, login: { user, pass: secret.text } };
}

/** What a sendmail program gets: our own environment without the key to the supervisor. */
const sendmailEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name === 'SUPERVISOR_PASSWORD' ? [] : [[name, value]],
    ),
  );

/** Without an address and without any way to send, a report still goes where it can be found. */
const standardError = (say: (line: string) => void): Channel => ({
  name: 'stderr',
  async deliver({ mail }) {
    say(`no address is given, so nothing is mailed:\n${mail.subject}\n\n${mail.text}`);
    return { kind: 'sent' };
  },
});

/** Every way that is named; each gets each mail. */
export function channelsOf(
  { smtp, sendmail, maildir, webhook }: Ways,
  say: (line: string) => void,
): readonly Channel[] {
  const channels: Channel[] = [];
  if (smtp !== undefined) {
    const first = serverOf(smtp);
    if ('problem' in first) say(first.problem);
    channels.push(smtpChannel(() => serverOf(smtp)));
  }
  if (maildir !== undefined) channels.push(maildirChannel(resolve(maildir), hostname()));
  if (sendmail !== undefined) channels.push(sendmailChannel(sendmail, sendmailEnvironment()));
  if (webhook !== undefined) {
    const { url, tokenFile } = webhook;
    channels.push(webhookChannel(url, () => (tokenFile === undefined ? undefined : readSecret(tokenFile))));
  }
  return channels.length > 0 ? channels : [standardError(say)];
}
