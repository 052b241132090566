/** Which mail server to speak to, and as whom: what the settings and the files that they name say at this moment. */
import { isSmtpUrl } from '../crashmail/options.ts';
import type { Ways } from '../crashmail/setup.ts';
import { readSecret } from './small-file.ts';

/** A server, and how to speak to it. */
export interface SmtpServer {
  /** `smtp://` or `smtps://`, with nodemailer's options behind `?`. */
  readonly url: string;
  /** Beside what the URL says. */
  readonly login?: { readonly user: string; readonly pass: string };
  readonly tls?: 'auto' | 'require' | 'off';
}

/** The server, or why there is none now. */
export type FoundServer = SmtpServer | { readonly problem: string };

type Smtp = Exclude<Ways['smtp'], undefined>;

function urlOf({ at }: Smtp): { readonly url: string } | { readonly problem: string } {
  if ('url' in at) return at;
  const secret = readSecret(at.file);
  if ('problem' in secret) return secret;
  return isSmtpUrl(secret.text) ? { url: secret.text } : { problem: `cannot read an SMTP URL in ${at.file}` };
}

/** What stands in files is read for each mail, so that correcting the file is enough. */
export function serverOf(smtp: Smtp): FoundServer {
  const found = urlOf(smtp);
  if ('problem' in found) return found;
  const { user, tls, passwordFile } = smtp;
  if (user === undefined) return { ...found, tls };
  const secret = passwordFile === undefined ? { text: smtp.password ?? '' } : readSecret(passwordFile);
  return 'problem' in secret ? secret : { ...found, tls, login: { user, pass: secret.text } };
}
