/** scrypt in a thread of libuv, so that nothing else waits for it. node:crypto is loaded when first used. */
import { memoryOf, type ScryptHash } from '../config/users.ts';
import { HostError } from '../errors.ts';

/** 16 MB and about a tenth of a second, in the terms of OWASP's list as strong as N=2^17 with 128 MB. */
const PARAMETERS = { cost: 2 ** 14, blockSize: 8, parallel: 5 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** The key that a password gives, in base64url, as long as the one in the hash. @throws HostError */
export function scryptKey(password: string, hash: ScryptHash): Promise<string> {
  const { cost: N, blockSize: r, parallel: p, salt, key } = hash;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const length = Buffer.from(key, 'base64url').length;
  // One spelling of a password that keyboards write in several.
  const typed = password.normalize('NFC');
  process
    .getBuiltinModule('node:crypto')
    .scrypt(
      typed,
      Buffer.from(salt, 'base64url'),
      length,
      { N, r, p, maxmem: 2 * memoryOf(hash) },
      (error, derived) => {
        if (error === null) resolve(derived.toString('base64url'));
        else reject(new HostError('hash', 'a password', 'EUNKNOWN', error));
      },
    );
  return promise;
}

/** A hash that no password gives: to take as long for a user that does not exist. */
export const emptyHash = (): ScryptHash => {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  return {
    ...PARAMETERS,
    salt: randomBytes(SALT_BYTES).toString('base64url'),
    key: randomBytes(KEY_BYTES).toString('base64url'),
  };
};

/** Hashes a new password with a new salt. @throws HostError */
export async function hashPassword(password: string): Promise<ScryptHash> {
  const empty = emptyHash();
  return { ...empty, key: await scryptKey(password, empty) };
}
