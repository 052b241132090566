/** A mail that one channel refuses for good is reported by the others. Pure. */
import type { Notice } from './letter.ts';
import type { OutboxRecord } from './outbox.ts';
import { outlineOf } from './outline.ts';
import { oneLine } from './text.ts';

/** @returns undefined when nobody else can be told, or when it was such a report itself */
export function refusalNotice(
  { letter }: OutboxRecord,
  refusal: { readonly channel: string; readonly reason: string; readonly channels: readonly string[] },
): { readonly notice: Notice; readonly channels: readonly string[] } | undefined {
  const { channel, reason } = refusal;
  const channels = refusal.channels.filter((name) => name !== channel);
  if (channels.length === 0 || letter.channels.length > 0) return undefined;
  const notice = {
    title: `crashmail: a mail was refused by ${channel}`,
    lines: [
      `Subject: ${oneLine(outlineOf(letter).subject)}`,
      `To: ${oneLine(letter.to) || 'nobody'}`,
      `Reason: ${oneLine(reason)}`,
      `The mail is kept as ${letter.id} in the folder "failed" of the outbox.`,
    ],
  };
  return { notice, channels };
}
