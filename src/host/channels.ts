/** The ways to send that are set up, as channels that make a mail of each letter and carry it themselves. */
import { hostname } from 'node:os';
import { drawCourse } from '../crashmail/chart.ts';
import type { CourierOrders } from '../crashmail/courier.ts';
import { digest } from '../crashmail/digest.ts';
import type { Letter } from '../crashmail/letter.ts';
import type { Letterhead, Mail } from '../crashmail/mail.ts';
import type { Carrier, Channel } from '../crashmail/ports.ts';
import { renderMail } from '../crashmail/render.ts';
import { smtpCarrier } from './mail.ts';
import { maildirCarrier } from './maildir.ts';
import { encodePng } from './png.ts';
import { previewCarrier } from './preview.ts';
import { sendmailCarrier } from './sendmail.ts';
import { readSecret } from './small-file.ts';
import { serverOf } from './smtp-server.ts';
import { webhookCarrier } from './webhook.ts';

/** What a sendmail program gets: our own environment without the key to the supervisor. */
const sendmailEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name === 'SUPERVISOR_PASSWORD' ? [] : [[name, value]],
    ),
  );

/** Without an address and without any way to send, a report still goes where it can be found. */
const standardError = (say: (line: string) => void): Carrier => ({
  name: 'stderr',
  async carry({ mail }) {
    say(`no address is given, so nothing is mailed:\n${mail.subject}\n\n${mail.text}`);
    return { kind: 'sent' };
  },
});

function carriersOf({ ways, preview }: CourierOrders, say: (line: string) => void): readonly Carrier[] {
  if (preview !== undefined) return [previewCarrier(preview)];
  const { smtp, sendmail, maildir, webhook } = ways;
  const carriers: Carrier[] = [];
  if (smtp !== undefined) carriers.push(smtpCarrier(() => serverOf(smtp)));
  if (maildir !== undefined) carriers.push(maildirCarrier(maildir, hostname()));
  if (sendmail !== undefined) carriers.push(sendmailCarrier(sendmail, sendmailEnvironment()));
  if (webhook !== undefined) {
    const { url, tokenFile } = webhook;
    carriers.push(webhookCarrier(url, () => (tokenFile === undefined ? undefined : readSecret(tokenFile))));
  }
  return carriers.length > 0 ? carriers : [standardError(say)];
}

const compose = (letter: Letter, letterhead: Letterhead): Mail =>
  renderMail(letter, { letterhead, draw: (course) => encodePng(drawCourse(course)), digest });

/** Every way that is named; each gets each mail. */
export const channelsOf = (orders: CourierOrders, say: (line: string) => void): readonly Channel[] =>
  carriersOf(orders, say).map((carrier) => ({
    name: carrier.name,
    deliver: (parcel, abort) => carrier.carry({ ...parcel, mail: compose(parcel.letter, orders.letterhead) }, abort),
  }));
