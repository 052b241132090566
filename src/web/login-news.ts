/** What the journal and the main log hear of logins: each that is accepted, and of those that are refused no flood. */
import type { Caller } from '../journal/record.ts';
import { formatLogin } from '../journal/text.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import type { EpochMillis } from '../units.ts';

/** So many refusals are told at once, and then one in this time; the others are counted. */
const BURST = 10;
const ONE_IN = 10_000;
/** A name that somebody makes up is cut. */
const MAX_NAME = 64;

export class LoginNews {
  readonly #ports: Pick<RpcPorts, 'journal' | 'log'>;
  readonly #wall: () => EpochMillis;
  #left = BURST;
  #filled = 0;
  /** Refused since the last one that was told. */
  #untold = 0;

  constructor(ports: Pick<RpcPorts, 'journal' | 'log'>, wall: () => EpochMillis) {
    this.#ports = ports;
    this.#wall = wall;
  }

  /** A session of a browser began or was ended by its user. */
  told(what: 'began' | 'ended', by: Caller): void {
    this.#ports.journal.append({ kind: 'login', what, by });
  }

  /** A name and a password that do not belong together, or too many attempts. */
  refused(by: Extract<Caller, { kind: 'server' }>): void {
    const now = this.#wall();
    const earned = Math.floor(Math.max(0, now - this.#filled) / ONE_IN);
    if (earned > 0) {
      this.#left = Math.min(BURST, this.#left + earned);
      this.#filled = now;
    }
    if (this.#left === 0) {
      this.#untold += 1;
      return;
    }
    this.#left -= 1;
    const more = this.#untold === 0 ? {} : { more: this.#untold };
    this.#untold = 0;
    const cut = { ...by, user: (by.user ?? '').slice(0, MAX_NAME) };
    const entry = { kind: 'login', what: 'refused', by: cut, ...more } as const;
    this.#ports.journal.append(entry);
    this.#ports.log.log('warn', formatLogin(entry).replace(/[\x00-\x1f\x7f-\x9f]/g, '?'));
  }
}
