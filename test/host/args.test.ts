import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { completionScript, parseFlags, renderCommandHelp, renderHelp } from '../../src/host/args.ts';

function command(name: string): Command {
  const found = COMMANDS.find((each) => each.name === name);
  assert.ok(found !== undefined);
  return found;
}

suite('parseFlags()', () => {
  test('finds the flags anywhere and keeps names as they are typed', async () => {
    const parsed = await parseFlags(command('status'), ['007', '--json', 'a.b:*', '-v', 'no-x']);
    assert.deepEqual(parsed, {
      ok: true,
      value: { rest: '007 a.b:* no-x', args: ['007', 'a.b:*', 'no-x'], flags: new Set(['verbose', 'json']) },
    });
  });

  test('refuses flags that the command does not have', async () => {
    for (const word of ['-x', '--nope', '--no-json', '--__proto__.x', '--version', '--help-me']) {
      assert.equal((await parseFlags(command('status'), [word])).ok, false, word);
    }
  });
});

test('renderHelp() and renderCommandHelp() tell of every command and option', async () => {
  const help = await renderHelp(COMMANDS);
  for (const { name } of COMMANDS) assert.ok(help.includes(`superctl ${name}`));
  assert.match(help, /-c, --configuration/);
  for (const each of COMMANDS) assert.match(await renderCommandHelp(each), new RegExp(`superctl ${each.name}`));
  assert.match(await renderCommandHelp(command('status')), /--json/);
});

test('completionScript() calls superctl back', async () => {
  assert.match(await completionScript(), /superctl --get-yargs-completions/);
});
