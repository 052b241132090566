import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText, type Logical, mergeLines, type Placed } from '../../src/config/dialect.ts';
import { parseIni } from '../../src/host/ini.ts';

const NASTY = [
  ...Array.from(';#=:[]"\'%\\ \t\n.{}_ab0\u2028\u2029\x85é😀'),
  '__proto__',
  'constructor',
  'true',
  'null',
  '[]',
  '\\.',
];
const text = fc.array(fc.constantFrom(...NASTY), { maxLength: 8 }).map((parts) => parts.join(''));
const logical: fc.Arbitrary<Logical> = fc.oneof(
  fc.record({ kind: fc.constant('section' as const), name: text, line: fc.nat() }),
  fc.record({
    kind: fc.constant('option' as const),
    key: text,
    value: text,
    line: fc.nat(),
    cutLine: fc.constant(undefined),
  }),
);
const placed = (entry: Logical): Placed => ({ entry, file: 'f', here: '/' });

/** The merge, said in five lines. */
function merge(lines: readonly Logical[]): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of lines) {
    if (line.kind === 'option') current.set(line.key, line.value);
    else sections.set(line.name, (current = sections.get(line.name) ?? new Map<string, string>()));
  }
  return sections;
}

test('parseIni() loses and changes nothing of the canonical text', () => {
  fc.assert(
    fc.property(fc.array(logical, { maxLength: 12 }), (lines) => {
      const all: readonly Logical[] = [{ kind: 'section', name: 'first', line: 0 }, ...lines];
      const read = mergeLines(all.map(placed), parseIni);
      const plain = new Map(
        Array.from(read, ([name, { keys }]) => [name, new Map(Array.from(keys, ([key, { value }]) => [key, value]))]),
      );
      assert.deepEqual(plain, merge(all));
      assert.deepEqual([...plain.keys()], [...merge(all).keys()]);
    }),
    { numRuns: 4000 },
  );
});

test('parseIni() refuses values outside a section', () => {
  assert.throws(() => parseIni('a="1"'), /not in a section/);
});

test('canonicalText() is plain INI', () => {
  const lines: readonly Logical[] = [
    { kind: 'section', name: 'program:web.api', line: 1 },
    { kind: 'option', key: 'command', value: 'sh -c "a;b"', line: 2, cutLine: undefined },
  ];
  assert.equal(canonicalText(lines.map(placed)), '[_program%3Aweb%2Eapi]\n_command="1:sh -c \\"a;b\\""');
});
