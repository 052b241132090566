/** Who may pass at the servers of a run: users, sessions, and what is told of logins, put together from their adapters. */
import { join } from 'node:path';
import type { WebUser } from '../config/users.ts';
import { monotonic } from '../host/monotonic.ts';
import { pause } from '../host/pause.ts';
import { emptyHash, scryptKey } from '../host/scrypt.ts';
import { randomSecret, sha1, sha256 } from '../host/secrets.ts';
import { SessionFile } from '../host/session-file.ts';
import { UsersFile } from '../host/users-file.ts';
import type { RpcPorts } from '../rpc/ports.ts';
import { epochMillis } from '../units.ts';
import { Accounts } from '../web/accounts.ts';
import { LoginNews } from '../web/login-news.ts';
import type { SitePorts } from '../web/ports.ts';
import { Sessions } from '../web/sessions.ts';

/** @param statedir where the sessions are kept */
export function openAccess(
  { log, journal }: Pick<RpcPorts, 'log' | 'journal'>,
  statedir: string,
): Pick<SitePorts, 'accounts' | 'sessions' | 'news'> {
  const files = new Map<string, UsersFile>();
  const usersOf = (path: string): ReadonlyMap<string, WebUser> => {
    const file = files.get(path) ?? new UsersFile(path, (level, text) => log.log(level, text));
    files.set(path, file);
    return file.users;
  };
  const wall = (): ReturnType<typeof epochMillis> => epochMillis(Date.now());
  const store = new SessionFile(join(statedir, 'sessions.json'), (text) => log.log('error', text));
  return {
    accounts: new Accounts({
      sha1,
      sha256,
      scrypt: scryptKey,
      emptyHash,
      random: randomSecret,
      users: usersOf,
      now: monotonic,
      pause: (time) => pause(time, new AbortController().signal),
    }),
    sessions: new Sessions({ store, wall, sha256, random: randomSecret }),
    news: new LoginNews({ log, journal }, wall),
  };
}
