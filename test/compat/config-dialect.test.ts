/** Our reading of generated files against supervisord's own parser. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeLines, readLines } from '../../src/config/dialect.ts';
import { parseIni } from '../../src/host/ini.ts';

const PYTHON = '/usr/bin/python3';
const FILES = 3000;

/** Reads a JSON list of texts; answers, for each, the sections with their keys, or the error. */
const REFERENCE = `
import io, json, sys
from supervisor.options import UnhosedConfigParser
def read(text):
    parser = UnhosedConfigParser()
    try:
        parser.read_file(io.StringIO(text, newline=None), 'f')
    except Exception as error:
        return str(error)
    sections = [[name, list(parser._sections[name].items())] for name in parser._sections]
    return sections + [['DEFAULT', list(parser._defaults.items())]]
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const PIECES = [
  ...Array.from('ab=:;#[] \t\n"\'%\\.'),
  '\n',
  '\n',
  '\n[a]\n',
  '\n[b.c]\n',
  '\n[DEFAULT]\n',
  '\nkey=',
  '\nKey = ',
  '\n  ',
  ' ;',
  ' #',
  '\r\n',
  '\r',
  '__proto__',
  'constructor',
  'true',
  '\u00a0',
  '\u0085',
  '\u001c',
  '\u2028',
  '\ufeff',
  'é😀',
];
const file = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 40 })
  .map((parts) => `${parts.includes('\ufeff') ? '' : '[a]\n'}${parts.join('')}`);

/** In the shape of the reference's answer. */
function readOurs(text: string): unknown {
  const { entries, error } = readLines('f', text);
  if (error !== undefined) return error;
  const sections = mergeLines(
    entries.map((entry) => ({ entry, file: 'f', here: '/' })),
    parseIni,
  );
  const lists = Array.from(sections, ([name, { keys }]) => [
    name,
    Array.from(keys, ([key, { value }]) => [key, value]),
  ]);
  const defaults = lists.filter(([name]) => name === 'DEFAULT');
  return [...lists.filter(([name]) => name !== 'DEFAULT'), ...(defaults.length === 0 ? [['DEFAULT', []]] : defaults)];
}

const installed = spawnSync(PYTHON, ['-c', 'import supervisor.options']).status === 0;
const skip = installed || process.env['CI'] === 'true' ? false : 'the package supervisor is not installed';

test('readLines() reads what supervisord reads, and complains in the same words', { skip }, () => {
  const texts = fc.sample(file, { numRuns: FILES, seed: Number(process.env['SEED'] ?? 20260101) });
  const run = spawnSync(PYTHON, ['-c', REFERENCE], { input: JSON.stringify(texts), maxBuffer: 2 ** 28 });
  assert.equal(run.status, 0, run.stderr.toString());
  const answers: unknown = JSON.parse(run.stdout.toString());
  assert.ok(Array.isArray(answers));
  for (const [index, text] of texts.entries()) assert.deepEqual(readOurs(text), answers[index], JSON.stringify(text));
});
