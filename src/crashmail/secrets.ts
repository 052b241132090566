/** Keeps passwords and tokens out of mails: the secrets of an environment, and what looks like one anywhere. Pure. */

/** Names of variables whose values nobody should read in a mail. */
const SECRET_NAME = /pass|pwd|secret|token|key|credential|auth|private|dsn|cookie|salt/i;
/** Shorter values would also mask words that say nothing. */
const SHORTEST = 6;
const LONGEST = 4096;
/** Secrets of one program. */
const MAX_SECRETS = 100;
const MASK = '********';

/** Every repetition has a bound, so that hostile lines cost no time. */
const IN_URL = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}:)[^\s/@]{1,400}@/gi;
const ASSIGNED =
  /(\b[\w-]{0,40}?(?:password|passwd|pwd|secret|token|api[_-]?key|private[_-]?key)["']?\s{0,4}[=:]\s{0,4})("[^"\n]{0,400}"|'[^'\n]{0,400}'|[^\s,;&"']{1,400})/gi;
const BEARER = /(\b(?:bearer|basic)\s{1,4})[A-Za-z0-9+/=._~-]{8,1000}/gi;

/** The values to hide of an environment, longest first, so that one that contains another goes first. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const values = Object.entries(environment).flatMap(([name, value = '']) =>
    SECRET_NAME.test(name) && value.length >= SHORTEST && value.length <= LONGEST && !isHarmless(value) ? [value] : [],
  );
  return [...new Set(values)].sort((a, b) => b.length - a.length).slice(0, MAX_SECRETS);
}

/** Paths and plain words for on and off are no secrets, whatever their variable is called. */
const isHarmless = (value: string): boolean => /^(?:\/[\w./-]*|true|false|enabled|disabled|unix:\/\/\S*)$/i.test(value);

/** @param secrets as `secretsOf` gives them */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) masked = masked.replaceAll(secret, MASK);
  return masked.replace(IN_URL, `$1${MASK}@`).replace(ASSIGNED, `$1${MASK}`).replace(BEARER, `$1${MASK}`);
}

/** An environment as it stands in /proc. */
export function parseEnviron(content: string): Readonly<Record<string, string>> {
  const pairs = content.split('\0').map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, Math.max(0, equals)), entry.slice(equals + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}
