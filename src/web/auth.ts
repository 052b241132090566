/** Names and passwords as HTTP brings them, and their comparison, which takes the same time for any input. */

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The lower-case hexadecimal SHA-1 of a text in UTF-8. */
export type Sha1 = (text: string) => string;

const SHA_PREFIX = '{SHA}';

/** Whether two texts are equal; takes as long as the longer one, wherever they differ. */
export function equalInConstantTime(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  let difference = a.length ^ b.length;
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  }
  return difference === 0;
}

function isPassword(given: string, expected: string, sha1: Sha1): boolean {
  if (!expected.startsWith(SHA_PREFIX)) return equalInConstantTime(given, expected);
  return equalInConstantTime(sha1(given), expected.slice(SHA_PREFIX.length).toLowerCase());
}

/**
 * Whether somebody is the one user that a server section names.
 * @param expected its password is plain text, or `{SHA}` and 40 hexadecimal digits
 */
export function isThatUser(given: Credentials, expected: Credentials, sha1: Sha1): boolean {
  const isUser = equalInConstantTime(given.username, expected.username);
  const mayPass = isPassword(given.password, expected.password, sha1);
  return isUser && mayPass;
}

/** Decodes base64 strictly, and its bytes as UTF-8. */
function decode(encoded: string): string | undefined {
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return undefined;
  return Buffer.from(encoded, 'base64').toString();
}

/**
 * Reads an Authorization header: who says to come, nobody, or it makes no sense.
 * @source spec api 1.6
 */
export function readBasic(header: string | undefined): Credentials | 'none' | 'malformed' {
  const encoded = /^basic +(\S+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return 'none';
  const text = decode(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) return 'malformed';
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
