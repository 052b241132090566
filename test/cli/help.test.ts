import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { COMMANDS } from '../../src/cli/commands.ts';
import { complete, completeWords, wantsNames } from '../../src/cli/complete.ts';
import { columnize } from '../../src/cli/help.ts';
import { renderCliReference } from '../../src/cli/reference.ts';
import { fail, ok } from '../../src/errors.ts';
import { play } from './fake-session.ts';

suite('columnize()', () => {
  const word = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', 'c') });

  test('keeps every word, downwards first, within the width', () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const rows = columnize(words, 40);
        const cells = rows.flatMap((row) => row.split(/ +/).filter((cell) => cell !== ''));
        assert.deepEqual(cells.toSorted(), words.toSorted());
        assert.equal(
          rows.every((row) => row.length <= 40),
          true,
        );
        assert.deepEqual(
          rows.map((row) => row.split(/ +/)[0]),
          words.slice(0, rows.length),
        );
      }),
    );
  });
});

suite('help', () => {
  test('lists the commands as supervisorctl does, and then our own', async () => {
    const session = await play({ server: {} }, 'help');
    assert.ok(
      session.stdout.startsWith(`
default commands (type help <topic>):
=====================================
add    exit      open  reload  restart   start   tail   
avail  fg        pid   remove  shutdown  status  update 
clear  maintail  quit  reread  signal    stop    version

superd commands (type help <topic>):
====================================
`),
    );
  });

  test('every command explains itself as usage, tabs and text', async () => {
    for (const { name } of COMMANDS) {
      const session = await play({ server: {} }, `help ${name}`);
      assert.match(session.stdout, new RegExp(`^${name}[^\\t]*\\t+\\S`));
    }
    assert.equal((await play({ server: {} }, 'help a b')).stdout, '*** No help on a b\n');
  });

  test('the reference tells of every command and flag', () => {
    const page = renderCliReference();
    for (const { name, flags } of COMMANDS) {
      assert.ok(page.includes(`### ${name}\n`));
      for (const flag of flags) assert.ok(page.includes(`--${flag.name}`));
    }
  });
});

suite('complete()', () => {
  const names = { processes: ['cat', 'grp:a', 'grp:*'], groups: ['cat', 'grp'] };
  const after = (line: string): readonly string[] => complete(COMMANDS, line, names);

  test('offers commands, names, groups and flags', () => {
    assert.deepEqual(after('sta'), ['status', 'stats', 'start']);
    assert.deepEqual(after('start '), ['all', 'cat', 'grp:*', 'grp:a']);
    assert.deepEqual(after('start cat gr'), ['grp:*', 'grp:a']);
    assert.deepEqual(after('update c'), ['cat']);
    assert.deepEqual(after('help relo'), ['reload']);
    assert.deepEqual(after('status --j'), ['--json']);
    assert.deepEqual(after('nonsense x'), []);
    assert.equal(wantsNames(COMMANDS, 'start x'), true);
    assert.equal(wantsNames(COMMANDS, 'version '), false);
  });

  test('answers bash, which cuts words at colons', () => {
    assert.deepEqual(completeWords(COMMANDS, ['superctl', 'start', 'grp', ':', 'a'], names), ['a']);
    assert.deepEqual(completeWords(COMMANDS, ['superctl', 'start', 'grp:'], names), ['grp:*', 'grp:a']);
  });
});

suite('check', () => {
  const error = {
    severity: 'error',
    place: { file: 'x.conf', line: 3 },
    section: 'program:a',
    key: 'startsecs',
    value: 'ten',
    message: 'bad',
    hint: undefined,
  } as const;

  test('prints every problem and exits with 0 or 2', async () => {
    const bad = await play({ server: {}, check: ok({ file: 'x.conf', problems: [error] }) }, 'check x.conf');
    assert.equal(bad.stdout, 'x.conf:3: [program:a] startsecs: bad\nx.conf: 1 error\n');
    assert.equal(bad.exit, 2);
    const warned = { ...error, severity: 'warning' } as const;
    const fine = await play({ server: {}, check: ok({ file: 'x.conf', problems: [warned] }) }, 'check');
    assert.ok(fine.stdout.endsWith('x.conf: ok, 1 warning\n'));
    assert.equal(fine.exit, 0);
    const none = await play({ server: {}, check: fail('Error: none found') }, 'check');
    assert.deepEqual([none.stderr, none.exit], ['Error: none found\n', 2]);
  });
});
