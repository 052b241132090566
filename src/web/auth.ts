/** Basic authentication with the one user that a server section names. Comparisons take the same time for any input. */

export interface Credentials {
  readonly username: string;
  /** Plain text, or `{SHA}` and 40 hexadecimal digits. */
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

/** Decodes base64 strictly, and its bytes as UTF-8. */
function decode(encoded: string): string | undefined {
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return undefined;
  return Buffer.from(encoded, 'base64').toString();
}

/**
 * Judges an Authorization header: may pass, may not, or makes no sense.
 * @source spec api 1.6
 */
export function authenticate(
  header: string | undefined,
  expected: Credentials,
  sha1: Sha1,
): 'granted' | 'refused' | 'malformed' {
  const encoded = /^basic +(\S+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return 'refused';
  const text = decode(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) return 'malformed';
  const isUser = equalInConstantTime(text.slice(0, colon), expected.username);
  const mayPass = isPassword(text.slice(colon + 1), expected.password, sha1);
  return isUser && mayPass ? 'granted' : 'refused';
}
