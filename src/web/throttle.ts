/**
 * How long an attempt to log in has to wait: nothing at first, then longer with every failure, by sender and user name.
 * Attempts on their way count as failures until they succeed, so that many at once gain nothing. Pure but for its table.
 */
import { type Millis, millis } from '../units.ts';

/** Failures without a wait: of one user name from one sender, and of one sender whatever the names. */
const FREE = { user: 3, sender: 20 } as const;
const FIRST_WAIT = 250;
/** The longest time between two attempts: of one name, and of all that come from one place, which may be many people. */
const LONGEST_WAIT = { user: 5000, sender: 2000 } as const;
/** Whoever would wait longer is refused unheard: so many attempts are on their way already. */
const MAX_QUEUE = 20_000;
/** Failures are forgotten after this time without another. */
const MEMORY = 15 * 60_000;
/** Senders and users that are remembered; the one that failed longest ago goes first. */
const MAX_ENTRIES = 4096;

interface Entry {
  failures: number;
  /** When the next attempt may be made. */
  next: number;
  seen: number;
}

/** Who one sender is: an IPv4 address, the network of an IPv6 address, or anybody on a unix socket. */
export function senderOf(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  // Whoever has one address of a /64 has them all.
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function waitAfter(failures: number, by: keyof typeof FREE): number {
  const paid = failures - FREE[by];
  return paid <= 0 ? 0 : Math.min(LONGEST_WAIT[by], FIRST_WAIT * 2 ** Math.min(16, paid - 1));
}

export class Throttle {
  readonly #now: () => Millis;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => Millis) {
    this.#now = now;
  }

  /** Counts an attempt. @returns how long it has to wait; undefined: it is not to be made at all */
  enter(address: string | undefined, user: string): Millis | undefined {
    const now = this.#now();
    const sender = senderOf(address);
    const asked = [
      { entry: this.#entry(keyOf(sender, user), now), by: 'user' },
      { entry: this.#entry(keyOf(sender), now), by: 'sender' },
    ] as const;
    const start = Math.max(now, ...asked.map(({ entry }) => entry.next));
    if (start - now > MAX_QUEUE) return undefined;
    for (const { entry, by } of asked) {
      entry.failures += 1;
      entry.seen = now;
      const wait = waitAfter(entry.failures, by);
      if (wait > 0) entry.next = start + wait;
    }
    return millis(start - now);
  }

  /** The attempt was none: whoever made it may go on as before. */
  succeeded(address: string | undefined, user: string): void {
    const sender = senderOf(address);
    this.#entries.delete(keyOf(sender, user));
    const entry = this.#entries.get(keyOf(sender));
    if (entry !== undefined) entry.failures = Math.max(0, entry.failures - 1);
  }

  /** How much is remembered. */
  get size(): number {
    return this.#entries.size;
  }

  #entry(key: string, now: number): Entry {
    const known = this.#entries.get(key);
    const entry = known !== undefined && now - known.seen < MEMORY ? known : { failures: 0, next: 0, seen: now };
    // Behind all others: the first of a Map is the oldest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(oldest);
    }
    return entry;
  }
}

const keyOf = (sender: string, user?: string): string => JSON.stringify(user === undefined ? [sender] : [sender, user]);
