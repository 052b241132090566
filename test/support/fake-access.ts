/** Users, sessions and logins in memory: scrypt costs nothing, and a pause passes when the test lets it. */
import type { ScryptHash, WebUser } from '../../src/config/users.ts';
import { sha1, sha256 } from '../../src/host/secrets.ts';
import type { RpcPorts } from '../../src/rpc/ports.ts';
import type { Role } from '../../src/rpc/roles.ts';
import { type EpochMillis, epochMillis, type Millis, millis } from '../../src/units.ts';
import { Accounts } from '../../src/web/accounts.ts';
import { LoginNews } from '../../src/web/login-news.ts';
import type { SitePorts } from '../../src/web/ports.ts';
import { type Session, Sessions } from '../../src/web/sessions.ts';

/** The users of every file. */
export const USERS_FILE = '/etc/superd.users';

const keyFor = (password: string, salt: string): string => sha256(`${salt} ${password}`).slice(0, 43);

export function webUser(name: string, role: Role, password: string, salt: string = 'a'.repeat(22)): WebUser {
  return { name, role, hash: { cost: 2, blockSize: 1, parallel: 1, salt, key: keyFor(password, salt) } };
}

export class FakeAccess {
  readonly users: Map<string, WebUser> = new Map();
  /** Passwords that were hashed. */
  readonly hashed: string[] = [];
  /** How long attempts had to wait, in milliseconds. */
  readonly pauses: number[] = [];
  /** Attempts that wait; undefined: nobody has to. */
  held: (() => void)[] | undefined;
  stored: readonly Session[] = [];
  time = 1_795_340_000_000;
  #serial = 0;

  put(...users: readonly WebUser[]): void {
    for (const user of users) this.users.set(user.name, user);
  }

  random = (): string => {
    this.#serial += 1;
    return sha256(`random ${this.#serial}`).slice(0, 43);
  };

  now = (): Millis => millis(this.time);
  wall = (): EpochMillis => epochMillis(this.time);

  pause = (time: Millis): Promise<void> => {
    this.pauses.push(time);
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.held === undefined) {
      this.time += time;
      resolve();
    } else this.held.push(resolve);
    return promise;
  };

  scrypt = async (password: string, { salt }: ScryptHash): Promise<string> => {
    this.hashed.push(password);
    return keyFor(password, salt);
  };

  accounts(): Accounts {
    const { random, now, pause, scrypt } = this;
    const emptyHash = (): ScryptHash => webUser('', 'viewer', '', 'b'.repeat(22)).hash;
    return new Accounts({ sha1, sha256, scrypt, emptyHash, random, users: () => this.users, now, pause });
  }

  sessions(): Sessions {
    const store = {
      load: (): readonly Session[] => this.stored,
      save: (sessions: readonly Session[]): void => {
        this.stored = sessions;
      },
    };
    return new Sessions({ store, wall: this.wall, sha256, random: this.random });
  }

  site(ports: Pick<RpcPorts, 'log' | 'journal'>): Pick<SitePorts, 'accounts' | 'sessions' | 'news'> {
    return { accounts: this.accounts(), sessions: this.sessions(), news: new LoginNews(ports, this.wall) };
  }
}
