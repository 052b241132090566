/**
 * Who may pass at a server: the user that its section names, and those of its users file. Passwords are checked one at a
 * time, slower with every failure, and as slowly for a name that nobody has.
 */

import type { ServerConfig } from '../config/model.ts';
import { formatHash, type ScryptHash, type WebUser } from '../config/users.ts';
import type { Role } from '../rpc/roles.ts';
import type { Millis } from '../units.ts';
import { type Credentials, equalInConstantTime, isThatUser, type Sha1 } from './auth.ts';
import { Throttle } from './throttle.ts';

export interface AccountPorts {
  readonly sha1: Sha1;
  /** Hexadecimal. */
  readonly sha256: (text: string) => string;
  /** The key that scrypt makes of a password. */
  readonly scrypt: (password: string, hash: ScryptHash) => Promise<string>;
  /** A hash that no password gives, as costly as those of new users. */
  readonly emptyHash: () => ScryptHash;
  readonly random: () => string;
  /** The users of a file as it is now, by name. */
  readonly users: (file: string) => ReadonlyMap<string, WebUser>;
  /** Monotonic. */
  readonly now: () => Millis;
  readonly pause: (time: Millis) => Promise<void>;
}

/** Somebody who may pass. */
export interface Account {
  readonly name: string;
  readonly role: Role;
  /** Changes with the password. */
  readonly print: string;
}

export type Verdict = Account | 'refused' | 'busy';

/** Passwords that wait to be hashed. */
const MAX_WAITING = 64;
/** Passwords that were right and need not be hashed again, as hashes. */
const MAX_KNOWN = 256;

export class Accounts {
  readonly #ports: AccountPorts;
  readonly #throttle: Throttle;
  /** Attempts on their way; who asks the same meanwhile gets the same answer. */
  readonly #pending = new Map<string, Promise<Verdict>>();
  readonly #known = new Set<string>();
  /** Nobody else knows it, so a hash that was read in memory cannot be guessed at elsewhere. */
  #pepper: string | undefined;
  /** Of nobody. */
  #empty: ScryptHash | undefined;
  #hashing: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(ports: AccountPorts) {
    this.#ports = ports;
    this.#throttle = new Throttle(ports.now);
  }

  /** The accounts of a name at a server as things are now: the section's own first. */
  find({ username, password, users }: ServerConfig, name: string): readonly Account[] {
    const user = users === undefined ? undefined : this.#ports.users(users).get(name);
    const isNamed = users !== undefined && username === name && password !== undefined;
    return [
      ...(isNamed ? [{ name, role: 'admin', print: this.#ports.sha256(`section ${password}`) } as const] : []),
      ...(user === undefined ? [] : [{ name, role: user.role, print: this.#printOf(user) }]),
    ];
  }

  /** Whether somebody may pass. It takes longer with every failure of the sender. */
  async check(server: ServerConfig, given: Credentials, address: string | undefined): Promise<Verdict> {
    const key = JSON.stringify([server.section, address, given.username, given.password]);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const verdict = this.#attempt(server, given, address).finally(() => this.#pending.delete(key));
    this.#pending.set(key, verdict);
    return verdict;
  }

  async #attempt(server: ServerConfig, given: Credentials, address: string | undefined): Promise<Verdict> {
    const wait = this.#throttle.enter(address, given.username);
    if (wait === undefined) return 'busy';
    if (wait > 0) await this.#ports.pause(wait);
    const verdict = await this.#judge(server, given);
    if (typeof verdict === 'object') this.#throttle.succeeded(address, given.username);
    return verdict;
  }

  async #judge(server: ServerConfig, given: Credentials): Promise<Verdict> {
    const { username, password, users } = server;
    const isNamed =
      username !== undefined && password !== undefined && isThatUser(given, { username, password }, this.#ports.sha1);
    // Without a users file nothing asks for its print.
    if (isNamed) return this.find(server, given.username)[0] ?? { name: given.username, role: 'admin', print: '' };
    if (users === undefined) return 'refused';
    return this.#judgeUser(this.#ports.users(users).get(given.username), given.password);
  }

  async #judgeUser(user: WebUser | undefined, password: string): Promise<Verdict> {
    this.#pepper ??= this.#ports.random();
    this.#empty ??= this.#ports.emptyHash();
    const memo = this.#ports.sha256(
      JSON.stringify([this.#pepper, user === undefined ? '' : formatHash(user.hash), password]),
    );
    const account = user === undefined ? undefined : { name: user.name, role: user.role, print: this.#printOf(user) };
    if (account !== undefined && this.#known.has(memo)) return account;
    if (this.#waiting >= MAX_WAITING) return 'busy';
    const hash = user?.hash ?? this.#empty;
    const isRight = equalInConstantTime(await this.#hash(password, hash), hash.key);
    if (account === undefined || !isRight) return 'refused';
    this.#remember(memo);
    return account;
  }

  /** One after the other: many logins at once take one thread, and the memory of one. */
  #hash(password: string, hash: ScryptHash): Promise<string> {
    this.#waiting += 1;
    const hashed = this.#hashing
      .then(() => this.#ports.scrypt(password, hash))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#hashing = hashed.catch(() => undefined);
    return hashed;
  }

  #remember(memo: string): void {
    this.#known.add(memo);
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  #printOf({ hash }: WebUser): string {
    return this.#ports.sha256(`user ${formatHash(hash)}`);
  }
}
