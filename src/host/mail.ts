/** Mails to bytes and to SMTP servers. The only importer of nodemailer, which is loaded with the first mail. */
import type * as nodemailer from 'nodemailer';
import { judgeRecipients, judgeSmtp, type SmtpTrouble } from '../crashmail/delivery.ts';
import type { Mail } from '../crashmail/mail.ts';
import type { Carrier, Delivery } from '../crashmail/ports.ts';
import type { FoundServer, SmtpServer } from './smtp-server.ts';

/** Named limits of one SMTP conversation, in milliseconds; a value in the URL cannot raise them. */
const CONNECT_MS = 10_000;
const GREETING_MS = 15_000;
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
    ...(mail.thread === '' ? {} : { inReplyTo: mail.thread, references: mail.thread }),
    headers: { ...mail.headers },
    text: mail.text,
    html: mail.html,
    attachments: mail.pictures.map(({ cid, filename, png }) => ({
      cid,
      filename,
      content: Buffer.from(png),
      contentType: 'image/png',
      contentDisposition: 'inline' as const,
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  }) as const;

/** With the first mail, or a moment before. */
export const loadMailer = (): Promise<typeof nodemailer> => import('nodemailer');

/** The whole message with LF line ends, as sendmail programs and Maildirs want it. */
export async function buildMessage(mail: Mail): Promise<Uint8Array> {
  const { createTransport } = await loadMailer();
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

/** Recipients that were refused while others were taken. */
function refusalsIn(info: {
  readonly rejectedErrors?: readonly unknown[] | undefined;
}): Parameters<typeof judgeRecipients>[0] {
  return (info.rejectedErrors ?? []).map((error) => {
    const { responseCode, message } = troubleOf(error);
    const recipient =
      typeof error === 'object' && error !== null && 'recipient' in error ? textOf(error.recipient) : '';
    return { address: recipient, responseCode, message };
  });
}

/** The addresses that are owed the mail, when others have it already. */
const envelopeOf = (mail: Mail, owed: readonly string[] | undefined): object =>
  owed === undefined ? {} : { envelope: { from: mail.from, to: [...owed] } };

async function sendBySmtp(
  server: SmtpServer,
  { mail, owed }: Parameters<Carrier['carry']>[0],
  abort: AbortSignal,
): Promise<Delivery> {
  const { createTransport } = await loadMailer();
  const { url, login, tls } = server;
  const transport = createTransport({
    url,
    ...(login === undefined ? {} : { auth: login }),
    ...(tls === 'require' ? { requireTLS: true } : tls === 'off' ? { ignoreTLS: true } : {}),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: DNS_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const signal = AbortSignal.any([abort, AbortSignal.timeout(WHOLE_MS)]);
  try {
    const message = { ...messageOf(mail), ...envelopeOf(mail, owed), signal };
    const info = await transport.sendMail(message);
    return judgeRecipients(refusalsIn(info), info.response);
  } catch (cause) {
    return judgeSmtp(troubleOf(cause));
  } finally {
    transport.close();
  }
}

/** @param server is asked before each mail */
export function smtpCarrier(server: () => FoundServer): Carrier {
  return {
    name: 'smtp',
    async carry(load, abort): Promise<Delivery> {
      const found = server();
      if ('problem' in found) return { kind: 'later', scope: 'channel', reason: found.problem };
      return sendBySmtp(found, load, abort);
    },
  };
}
