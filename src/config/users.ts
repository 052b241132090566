/**
 * The file that `users=` names: one user a line, `name:role:scrypt$N$r$p$salt$key`, blank lines and comments from `#`.
 * Text to users and back; it hashes nothing and reads no file.
 */
import { fail, ok, type Result } from '../errors.ts';
import { didYouMean } from './nearest.ts';

/** From the least to the most. */
export const USER_ROLES = ['viewer', 'operator', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** What scrypt made of a password, and how; salt and key in base64url. */
export interface ScryptHash {
  /** N, a power of two: each step doubles the time and the memory. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
  readonly salt: string;
  readonly key: string;
}

export interface WebUser {
  readonly name: string;
  readonly role: UserRole;
  readonly hash: ScryptHash;
}

/** A line that is no user. */
export interface UserProblem {
  readonly line: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface UsersText {
  readonly users: ReadonlyMap<string, WebUser>;
  readonly problems: readonly UserProblem[];
}

/** Bounds of what a line may ask for, so that a login cannot take all the memory of superd. */
const MOST = { cost: 2 ** 20, blockSize: 32, parallel: 16, bytes: 256 * 1024 * 1024 } as const;
/** scrypt takes 128 bytes for each of N times r. */
const BLOCK_BYTES = 128;
const MAX_NAME = 64;

/** No colon, which ends it; no `#`, which begins a comment; nothing that does not show. */
const NAME = /^[^\s:#\p{C}][^\s:\p{C}]*$/u;
const HASH = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{16,128})\$([\w-]{43,128})$/;

export const isUserName = (name: string): boolean => name.length <= MAX_NAME && NAME.test(name);
export const isUserRole = (role: string): role is UserRole => USER_ROLES.some((known) => known === role);

/** The memory that scrypt needs for it, in bytes. */
export const memoryOf = ({ cost, blockSize, parallel }: ScryptHash): number =>
  BLOCK_BYTES * blockSize * (cost + parallel + 2);

function parseHash(text: string): ScryptHash | undefined {
  const [, cost, blockSize, parallel, salt = '', key = ''] = HASH.exec(text) ?? [];
  const hash = { cost: Number(cost), blockSize: Number(blockSize), parallel: Number(parallel), salt, key };
  const isPower = hash.cost >= 2 && (hash.cost & (hash.cost - 1)) === 0 && hash.cost <= MOST.cost;
  const isSane = hash.blockSize >= 1 && hash.blockSize <= MOST.blockSize && hash.parallel >= 1;
  return isPower && isSane && hash.parallel <= MOST.parallel && memoryOf(hash) <= MOST.bytes ? hash : undefined;
}

function parseUser(text: string): Result<WebUser, Omit<UserProblem, 'line'>> {
  const [name = '', role, hashed, ...more] = text.split(':');
  if (role === undefined || hashed === undefined || more.length > 0) {
    return fail({
      message: 'cannot read a user: want name:role:hash',
      hint: 'superctl passwd FILE USER makes such a line',
    });
  }
  if (!isUserName(name))
    return fail({ message: 'cannot read a user: the name is empty, too long or has odd characters' });
  if (!isUserRole(role)) {
    const hint = didYouMean(role, USER_ROLES) ?? `there are ${USER_ROLES.join(', ')}`;
    return fail({ message: `cannot read user ${name}: there is no role ${JSON.stringify(role)}`, hint });
  }
  const hash = parseHash(hashed);
  // Never the text itself: somebody may have written a password there.
  if (hash !== undefined) return ok({ name, role, hash });
  return fail({
    message: `cannot read user ${name}: no hash of scrypt follows the role`,
    hint: 'superctl passwd FILE USER makes one',
  });
}

/** Reads the whole file; a line that is wrong is reported and is no user. */
export function parseUsers(text: string): UsersText {
  const users = new Map<string, WebUser>();
  const problems: UserProblem[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const user = parseUser(line);
    const at = { line: index + 1 };
    if (!user.ok) problems.push({ ...at, ...user.error });
    else if (users.has(user.value.name))
      problems.push({ ...at, message: `user ${user.value.name} stands here twice; the first line counts` });
    else users.set(user.value.name, user.value);
  }
  return { users, problems };
}

/** The part of a line behind the role; it changes whenever the password is set, even to the same. */
export const formatHash = ({ cost, blockSize, parallel, salt, key }: ScryptHash): string =>
  `scrypt$${cost}$${blockSize}$${parallel}$${salt}$${key}`;

export const formatUser = ({ name, role, hash }: WebUser): string => `${name}:${role}:${formatHash(hash)}`;

/** The text with one user set, or removed where `user` is undefined; comments and the other lines stay as they are. */
export function replaceUser(text: string, name: string, user: WebUser | undefined): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const isTheirs = (line: string): boolean => line.trim().startsWith(`${name}:`);
  const at = lines.findIndex(isTheirs);
  const others = lines.filter((line, index) => index === at || !isTheirs(line));
  const place = at < 0 ? others.length : at;
  const changed = others.toSpliced(place, at < 0 ? 0 : 1, ...(user === undefined ? [] : [formatUser(user)]));
  return changed.length === 0 ? '' : `${changed.join('\n')}\n`;
}
