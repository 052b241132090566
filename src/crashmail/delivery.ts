/** Reads the answers of mail servers and of sendmail programs: try again, or never again? Pure. */
import type { Channel, Delivery, Parcel } from './ports.ts';
import { oneLine } from './text.ts';

/** One attempt. A channel that throws is a bug of ours; it must not cost the other reports. */
export async function attemptDelivery(channel: Channel, parcel: Parcel, abort: AbortSignal): Promise<Delivery> {
  try {
    return await channel.deliver(parcel, abort);
  } catch (cause) {
    return { kind: 'later', scope: 'report', reason: oneLine(cause instanceof Error ? cause.message : String(cause)) };
  }
}

/** What is known of a failed SMTP conversation. */
export interface SmtpTrouble {
  /** nodemailer's word for where it failed, such as EAUTH or EENVELOPE. */
  readonly code: string;
  /** The server's three digits; 0 when it said nothing. */
  readonly responseCode: number;
  readonly message: string;
}

/**
 * A 5xx about this mail is for good. A 5xx about the login is not: somebody will correct the password, and the
 * reports must still be there then.
 */
export function judgeSmtp({ code, responseCode, message }: SmtpTrouble): Delivery {
  const reason = oneLine(message);
  const isAboutMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  if (isAboutMail && responseCode >= 500 && responseCode < 600) return { kind: 'refused', reason };
  return { kind: 'later', scope: isAboutMail && responseCode > 0 ? 'report' : 'channel', reason };
}

/** Some recipients were served: those refused for now are owed the mail, those refused for good are named. */
export function judgeRecipients(
  refusals: readonly { readonly address: string; readonly responseCode: number; readonly message: string }[],
  answer: string,
): Delivery {
  const isForNow = ({ responseCode }: { readonly responseCode: number }): boolean => responseCode < 500;
  const owed = refusals.filter(isForNow);
  const [first] = owed;
  if (first !== undefined) {
    return { kind: 'partly', owed: owed.map(({ address }) => address), reason: oneLine(first.message) };
  }
  const missed = refusals.map(({ address, message }) => oneLine(`${address} (${message})`)).join(', ');
  return { kind: 'sent', answer: oneLine(answer), ...(missed === '' ? {} : { missed }) };
}

/** An answer of a web server. What it calls wrong with the request itself stays wrong. */
export function judgeHttp(status: number, reason: string): Delivery {
  const answer = oneLine(`${status} ${reason}`);
  if (status >= 200 && status < 300) return { kind: 'sent', answer };
  const isForGood =
    status >= 400 && status < 500 && ![401, 403, 404, 407, 408, 409, 421, 423, 425, 429].includes(status);
  if (isForGood) return { kind: 'refused', reason: answer };
  return { kind: 'later', scope: 'channel', reason: answer };
}

/** Exit codes of sendmail that no later attempt changes: bad data, no such user, no such host. @source sysexits.h */
const PERMANENT_EXITS: readonly number[] = [65, 67, 68];

/** How the sendmail program ended. */
export type SendmailOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  | { readonly kind: 'not-started'; readonly reason: string };

export function judgeSendmail(outcome: SendmailOutcome): Delivery {
  switch (outcome.kind) {
    case 'exited': {
      if (outcome.code === 0) return { kind: 'sent' };
      const reason = oneLine(`the sendmail program exited with code ${outcome.code}: ${outcome.output.trim()}`);
      if (PERMANENT_EXITS.includes(outcome.code)) return { kind: 'refused', reason };
      return { kind: 'later', scope: 'channel', reason };
    }
    case 'signalled':
      return { kind: 'later', scope: 'channel', reason: `the sendmail program was killed by ${outcome.signal}` };
    case 'timed-out':
      return { kind: 'later', scope: 'channel', reason: 'the sendmail program took too long and was killed' };
    case 'not-started':
      return { kind: 'later', scope: 'channel', reason: oneLine(`cannot run the sendmail program: ${outcome.reason}`) };
  }
}
