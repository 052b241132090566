import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commentCut, type Logical, readLines } from '../../src/config/dialect.ts';
import { hasOpenQuote } from '../../src/config/quoting.ts';

/** `section/key=value` of everything read. */
function read(text: string): readonly string[] {
  let section = '';
  return readLines('f', text).entries.map((entry) => {
    if (entry.kind === 'section') {
      section = entry.name;
      return `[${section}]`;
    }
    return `${entry.key}=${entry.value}`;
  });
}

const optionsOf = (text: string): readonly (readonly [string, string, number])[] =>
  readLines('f', text)
    .entries.filter((entry): entry is Extract<Logical, { kind: 'option' }> => entry.kind === 'option')
    .map(({ key, value, line }) => [key, value, line]);

/** Values of the table in spec lifecycle 1.2. */
const VALUES: readonly (readonly [string, string])[] = [
  ['a=b;c', 'b;c'],
  ['a=b ;c', 'b'],
  ['a=b #c', 'b'],
  ['a=b\t;c', 'b'],
  ['a=;b', ';b'],
  ['a= ;b', ''],
  ["a=sh -c 'x ; y'", "sh -c 'x"],
  ['a=b;c ;d #e', 'b;c ;d'],
  ['a=b ;c #d', 'b'],
  ['a:b=c', 'b=c'],
  ['a=b:c', 'b:c'],
  ['a = = b', '= b'],
  ['A\u00a0=\u00a0b\u00a0', 'b'],
  ['a=', ''],
  ['a="b"', '"b"'],
  ['a=1\n b\n  c', '1\nb\nc'],
  ['a=\n b\n c', '\nb\nc'],
  ['a=1\n\n 2\n\n', '1\n\n2'],
  ['a=1\n; no\n 2', '1\n2'],
  ['a=1\n ;no\n 2', '1\n2'],
  ['a=1\n [b]\n x=1', '1\n[b]\nx=1'],
  ['a=1 \\\n 2', '1 \\\n2'],
];

test('readLines() cuts comments, joins lines and trims as supervisord does', () => {
  for (const [text, value] of VALUES) assert.deepEqual(optionsOf(`[s]\n${text}`), [['a', value, 2]], text);
});

test('readLines() knows headers by the last bracket', () => {
  const names = ['[a]b]c', '[a] text', '[a] ; text', '[ a ]', '[DEFAULT]'].map((text) => read(text)[0]);
  assert.deepEqual(names, ['[a]b]', '[a]', '[a]', '[ a ]', '[DEFAULT]']);
});

test('readLines() takes \\n, \\r\\n and \\r as ends of lines', () => {
  assert.deepEqual(optionsOf('[s]\ra=1\r\nb=2\nc=3'), [
    ['a', '1', 2],
    ['b', '2', 3],
    ['c', '3', 4],
  ]);
});

test('readLines() lets the first key set the level of indentation', () => {
  assert.deepEqual(optionsOf('[s]\n  a=1\n  b=2\n   c=3'), [
    ['a', '1', 2],
    ['b', '2\nc=3', 3],
  ]);
});

test('readLines() reports lines before any header in the words of supervisord', () => {
  const { error, bad } = readLines('o.conf', 'x=1\n[a]\n');
  assert.equal(error, "File contains no section headers.\nfile: 'o.conf', line: 1\n'x=1\\n'");
  assert.deepEqual(bad, [{ line: 1, text: "'x=1\\n'" }]);
});

test('readLines() reports all bad lines at once, and reads on', () => {
  const { error } = readLines("it's", '[a]\nb\n=c\n[]\nd=1');
  const lines = "\n\t[line  2]: 'b\\n'\n\t[line  3]: '=c\\n'\n\t[line  4]: '[]\\n'";
  assert.equal(error, `Source contains parsing errors: "it's"${lines}`);
  assert.deepEqual(read('[a]\nb\nd=1'), ['[a]', 'd=1']);
});

/** superd's own: the shell's backslash at the end of a line, in `command` alone. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['command=uwsgi --a \\\n--b', ['command=uwsgi --a --b']],
  ['command=uwsgi --a \\\n    --b \\\n    --c', ['command=uwsgi --a     --b     --c']],
  ['command=foo\\\nbar', ['command=foobar']],
  ['command=foo\\\n  bar', ['command=foo  bar']],
  ['command=a \\\n# --off\n ; --off too\n--b', ['command=a --b']],
  ['command=a \\\n--b ; gone\nx=1', ['command=a --b', 'x=1']],
  ['command=a \\ ; gone\nx=1', ['command=a \\', 'x=1']],
  ['command=a \\ \nx=1', ['command=a \\', 'x=1']],
  ['command=a \\\\\nx=1', ['command=a \\\\', 'x=1']],
  ['command=a \\\n\nx=1', ['command=a \\', 'x=1']],
  ['command=a \\\n[t]\nx=1', ['command=a \\', '[t]', 'x=1']],
  ['command=a \\\n[ -f x ]', ['command=a \\', '[ -f x ]']],
  ['command=a \\', ['command=a \\']],
  ["command=sh -c 'a \\\nb'", ["command=sh -c 'a \\\nb'"]],
  ['command=sh -c "a \\\nb"', ['command=sh -c "a b"']],
  ['command=a\n b \\\nc', ['command=a\nb c']],
  ['other=a \\\nx=1', ['other=a \\', 'x=1']],
];

test('readLines() joins lines of a command that end in a backslash, as a shell does', () => {
  for (const [text, want] of COMMANDS) assert.deepEqual(read(`[s]\n${text}`).slice(1), want, text);
});

test('commentCut() is undefined or a place that starts with a mark', () => {
  const line = fc
    .array(fc.constantFrom(';', '#', ' ', '\t', 'a', '='), { maxLength: 20 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(line, (text) => {
      const cut = commentCut(text);
      return cut === undefined || cut === 0 || (/[;#]/.test(text.charAt(cut)) && /\s/.test(text.charAt(cut - 1)));
    }),
  );
});

test('readLines() ends for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const { entries } = readLines('f', `[a]\n${text}`);
      return entries.every((entry) => entry.line >= 1);
    }),
  );
});

test('hasOpenQuote() follows quotes and backslashes', () => {
  const open = ["'", '"', "'a\\'b'", '"\\"'];
  const closed = ['', "''", '"a\\"b"', "\\'", `"'"`];
  assert.deepEqual([...open, ...closed].map(hasOpenQuote), [...open.map(() => true), ...closed.map(() => false)]);
});
