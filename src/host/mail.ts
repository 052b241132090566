/** Mails to bytes and to SMTP servers. The only importer of nodemailer, which is loaded with the first mail. */
import { judgeSmtp, type SmtpTrouble } from '../crashmail/delivery.ts';
import type { Channel, Delivery } from '../crashmail/ports.ts';
import type { Mail } from '../crashmail/render.ts';

/** Named limits of one SMTP conversation, in milliseconds; a value in the URL cannot raise them. */
const CONNECT_MS = 20_000;
const GREETING_MS = 20_000;
const SILENCE_MS = 30_000;
const DNS_MS = 10_000;
const WHOLE_MS = 90_000;

/** A mail in nodemailer's words. Nothing in it may name a file or a URL to read. */
const messageOf = (mail: Mail) =>
  ({
    from: mail.from,
    ...(mail.to === '' ? {} : { to: mail.to }),
    subject: mail.subject,
    date: new Date(mail.date),
    messageId: mail.messageId,
    headers: { ...mail.headers },
    text: mail.text,
    disableFileAccess: true,
    disableUrlAccess: true,
  }) as const;

/** The whole message with LF line ends, as sendmail programs and Maildirs want it. */
export async function buildMessage(mail: Mail): Promise<Uint8Array> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  const { message } = await transport.sendMail(messageOf(mail));
  if (!Buffer.isBuffer(message)) throw new Error('nodemailer gave a stream where a buffer was asked for');
  return message;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function troubleOf(cause: unknown): SmtpTrouble {
  if (!(cause instanceof Error)) return { code: '', responseCode: 0, message: String(cause) };
  const code = 'code' in cause ? textOf(cause.code) : '';
  const responseCode = 'responseCode' in cause && typeof cause.responseCode === 'number' ? cause.responseCode : 0;
  return { code, responseCode, message: cause.message === '' ? code : cause.message };
}

async function sendBySmtp(url: string, mail: Mail, abort: AbortSignal): Promise<Delivery> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    url,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: DNS_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const signal = AbortSignal.any([abort, AbortSignal.timeout(WHOLE_MS)]);
  try {
    const message = { ...messageOf(mail), signal };
    const { rejected } = await transport.sendMail(message);
    return rejected.length === 0 ? { kind: 'sent' } : { kind: 'sent', missed: rejected.join(', ') };
  } catch (cause) {
    return judgeSmtp(troubleOf(cause));
  } finally {
    transport.close();
  }
}

/** The server's URL, or why there is none now. */
export type SmtpUrl = { readonly url: string } | { readonly problem: string };

/** @param url is asked before each mail */
export function smtpChannel(url: () => SmtpUrl): Channel {
  return {
    name: 'smtp',
    async deliver(mail, abort): Promise<Delivery> {
      const found = url();
      if ('problem' in found) return { kind: 'later', scope: 'channel', reason: found.problem };
      return sendBySmtp(found.url, mail, abort);
    },
  };
}
