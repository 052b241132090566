import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FileProbe, resolveCommand, splitWords } from '../../src/process/command.ts';

/** A file system of so many paths; whatever is not named is missing. */
const files = (looks: Readonly<Record<string, ReturnType<FileProbe['look']>>>): FileProbe => ({
  look: (path) => looks[path] ?? 'missing',
});

describe('splitWords()', () => {
  for (const [command, words] of [
    ['a b  c', ['a', 'b', 'c']],
    ["sh -c 'a b; c'", ['sh', '-c', 'a b; c']],
    ['a "b \\"c\\" \\\\ \\n"', ['a', 'b "c" \\ \\n']],
    ['a\\ b', ['a b']],
    ["a''", ['a']],
    ["''", ['']],
    ['a#b', ['a#b']],
    ['a\nb', ['a', 'b']],
    ['a \\\n  b', ['a', 'b']],
    ['a*b $HOME ~', ['a*b', '$HOME', '~']],
    ['   ', []],
  ] as const) {
    test(`splitWords() reads ${JSON.stringify(command)} as a shell would`, () => {
      assert.deepEqual(splitWords(command), words);
    });
  }

  test('splitWords() names what is missing', () => {
    assert.equal(splitWords("a 'b"), 'No closing quotation');
    assert.equal(splitWords('a "b'), 'No closing quotation');
    assert.equal(splitWords('a \\'), 'No escaped character');
  });
});

describe('resolveCommand()', () => {
  const probe = files({
    '/bin/cat': 'executable',
    '/opt/cat': 'directory',
    './run': 'executable',
    '/x/secret': 'no-permission',
    '/x/text': 'not-executable',
  });
  for (const [command, path, text] of [
    ["cat 'x", '/bin', `can't parse command "cat 'x": No closing quotation`],
    ['', '/bin', 'command is empty'],
    ['nope', '/bin', "can't find command 'nope'"],
    ['/no/pe', '/bin', "can't find command '/no/pe'"],
    ['cat', '/opt:/bin', "command at '/opt/cat' is a directory"],
    ['/x/text', '/bin', "command at '/x/text' is not executable"],
    ['/x/secret', '/bin', "no permission to run command '/x/secret'"],
  ] as const) {
    test(`resolveCommand() says ${text}`, () => {
      const found = resolveCommand(command, path, probe);
      assert.ok('kind' in found);
      assert.equal(found.text, text);
    });
  }

  test('resolveCommand() searches PATH, and keeps the word as argv[0]', () => {
    assert.deepEqual(resolveCommand('cat x', '/nope:/bin', probe), { file: '/bin/cat', words: ['cat', 'x'] });
    assert.deepEqual(resolveCommand('cat', undefined, probe), { file: '/bin/cat', words: ['cat'] });
  });

  test('resolveCommand() leaves a word with a slash alone', () => {
    assert.deepEqual(resolveCommand('./run', '/bin', probe), { file: './run', words: ['./run'] });
  });
});
