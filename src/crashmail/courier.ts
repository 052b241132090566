/**
 * What crashmail and its courier say to each other, a line of JSON each. The courier is a process that makes mails and
 * carries them: what that needs would otherwise stay in the memory of a listener that mostly waits.
 */
import type { Letter } from './letter.ts';
import type { Letterhead } from './mail.ts';
import type { Delivery } from './ports.ts';
import type { Ways } from './setup.ts';

/** Grows with every change of these messages: the courier's file may be newer than the crashmail that runs. */
export const COURIER_VERSION = 1;

/** How to write and to send; paths are absolute. */
export interface CourierOrders {
  readonly ways: Ways;
  readonly letterhead: Letterhead;
  /** Send nothing, and write the mail to this file. */
  readonly preview?: string;
}

export type ToCourier =
  /** The first message. */
  | { readonly op: 'hello'; readonly version: number; readonly orders: CourierOrders }
  | {
      readonly op: 'deliver';
      readonly task: number;
      readonly channel: string;
      readonly letter: Letter;
      /** Left out for all. */
      readonly owed?: readonly string[];
    }
  | { readonly op: 'abort'; readonly task: number };

export type FromCourier =
  /** It has understood its orders. */
  { readonly op: 'ready' } | { readonly op: 'done'; readonly task: number; readonly delivery: Delivery };

/** Exit status of a courier that does not understand its crashmail. */
export const EXIT_OTHER_VERSION = 3;

/** The channels that these orders give, in their order. */
export function channelNames({ ways, preview }: CourierOrders): readonly string[] {
  if (preview !== undefined) return ['preview'];
  const { smtp, maildir, sendmail, webhook } = ways;
  const names = Object.entries({ smtp, maildir, sendmail, webhook }).flatMap(([name, way]) =>
    way === undefined ? [] : [name],
  );
  return names.length > 0 ? names : ['stderr'];
}
