import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expand, MAX_ENV_NAMES_SHOWN, MAX_FIELD_WIDTH, type Names } from '../../src/config/expand.ts';

const NAMES: Names = new Map<string, string | number>([
  ['s', 'text'],
  ['c', 'é'],
  ['n', 3],
  ['big', 255],
  ['a(b)', 'nested'],
  ['percent', '%(s)s'],
]);

const GOOD: readonly (readonly [string, string])[] = [
  ['', ''],
  ['100%%', '100%'],
  ['%(s)s%(s)s', 'texttext'],
  ['%(n)s', '3'],
  ['%(n)02d', '03'],
  ['%(n)03d', '003'],
  ['%(n)+d|%(n) d|%(n)-4d|', '+3| 3|3   |'],
  ['%(n).3d', '003'],
  ['%(n)ld%(n)hi%(n)Lu', '333'],
  ['%(big)x %(big)X %(big)#x %(big)o %(big)#o', 'ff FF 0xff 377 0o377'],
  ['%(big)#06x', '0x00ff'],
  ['%(n)f %(n).1f %(n)e %(n)g %(big).2E', '3.000000 3.0 3.000000e+00 3 2.55E+02'],
  ['%(big).2g', '2.6e+02'],
  ['%(n)c', '\u0003'],
  ['%(c)c', 'é'],
  ['%(c)a%(c)r', "'\\xe9''é'"],
  ['%(s)6s|%(s)-6s|%(s).2s|%(s)06s', '  text|text  |te|  text'],
  ['%(a(b))s', 'nested'],
  ['%(percent)s', '%(s)s'],
  ['%(s)%', '%'],
];

/** Details of spec lifecycle 1.5, and more that were read off the real program. */
const BAD: readonly (readonly [string, string])[] = [
  ['%', 'incomplete format'],
  ['a%', 'incomplete format'],
  ['%(s)', 'incomplete format'],
  ['%(s', 'incomplete format key'],
  ['%(s)y', "unsupported format character 'y' (0x79) at index 4"],
  ['😀%(s)y', "unsupported format character 'y' (0x79) at index 5"],
  ['%(n)5.2é', "unsupported format character '?' (0xe9) at index 7"],
  ['%y', "unsupported format character 'y' (0x79) at index 1"],
  ['%d', '%d format: a real number is required, not dict'],
  ['%(s)d', '%d format: a real number is required, not str'],
  ['%(s)i', '%i format: a real number is required, not str'],
  ['% x', '%x format: an integer is required, not dict'],
  ['%(s)x', '%x format: an integer is required, not str'],
  ['%(s)e', 'must be real number, not str'],
  ['%(s)c', '%c requires int or char'],
  ['%c', '%c requires int or char'],
  ['%(s)*d', '* wants int'],
  ['%(n)*d', 'not enough arguments for format string'],
  ['date +%s', 'not enough arguments for format string'],
  ['%r', 'not enough arguments for format string'],
  ['%(s)99999999999999999999s', 'width too big'],
];

test('expand() formats as Python does', () => {
  for (const [text, want] of GOOD) assert.deepEqual(expand(text, NAMES, 'w'), { ok: true, value: want }, text);
});

test('expand() names what is wrong in the words of supervisord', () => {
  for (const [text, detail] of BAD) {
    const result = expand(text, NAMES, 'program:x.command');
    const message = `Format string '${text}' for 'program:x.command' is badly formatted: ${detail}`;
    assert.deepEqual(result, { ok: false, error: { message, unknown: undefined } }, text);
  }
});

test('expand() lists the names there are, sorted by code point', () => {
  const names = new Map([
    ['here', '/'],
    ['ENV_B', ''],
    ['ENV_A', ''],
  ]);
  const result = expand("%(it's)s", names, 'environment');
  const message = `Format string "%(it's)s" for 'environment' contains names ("it's") which cannot be expanded. Available names: ENV_A, ENV_B, here`;
  assert.deepEqual(result, { ok: false, error: { message, unknown: "it's" } });
});

test('expand() does not list a long environment', () => {
  const many = Array.from({ length: MAX_ENV_NAMES_SHOWN + 1 }, (_, i): [string, string] => [`ENV_${i}`, '']);
  const result = expand('%(x)s', new Map([...many, ['here', '/']]), 'w');
  assert.match(result.ok ? '' : result.error.message, /Available names: ENV_\*, here$/);
});

test('expand() keeps every text without percent signs, and never makes a huge one', () => {
  const parts = fc.constantFrom('%', '(', ')', 's', 'n', 'd', '0', '9', '.', '-', '*', '%(n)', '%(s)', '%%', 'x');
  const text = fc.array(parts, { maxLength: 15 }).map((list) => list.join(''));
  fc.assert(
    fc.property(text, (value) => {
      const result = expand(value, NAMES, 'w');
      if (!result.ok) return result.error.message.length < 1000;
      return value.includes('%') ? result.value.length < 16 * MAX_FIELD_WIDTH : result.value === value;
    }),
    { numRuns: 3000 },
  );
});
