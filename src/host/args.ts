/**
 * yargs: superctl's help, the flags of its commands, and the completion script. It costs some 45 ms to load, so it is
 * loaded when one of these is wanted and not before.
 */
import type { Argv } from 'yargs';
import type { Command, Flag, Invocation } from '../cli/command.ts';
import { CTL_OPTIONS } from '../config/ctl.ts';
import { fail, ok, type Result } from '../errors.ts';

const PROGRAM = 'superctl';

/** Wide enough for a line of help. */
const MAX_WIDTH = 100;

/** A parser with every convenience that superctl does not want switched off. */
async function parser(words: readonly string[]): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs([...words])
    .scriptName(PROGRAM)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': false,
    })
    .locale('en')
    .version(false)
    .wrap(MAX_WIDTH)
    .exitProcess(false)
    .showHelpOnFail(false);
}

function withFlags(argv: Argv, flags: readonly Flag[]): Argv {
  return flags.reduce((built, { name, short, help, takes }) => {
    const alias = short === undefined ? {} : { alias: short };
    const type = takes === undefined ? 'boolean' : 'string';
    return built.option(name, {
      type,
      describe: help,
      ...alias,
      ...(takes === undefined ? {} : { requiresArg: true }),
    });
  }, argv);
}

/** Splits the words of a command into its flags and its arguments. */
export async function parseFlags(command: Command, words: readonly string[]): Promise<Result<Invocation, string>> {
  let problem: string | undefined;
  const argv = withFlags(await parser(words), command.flags)
    .help(false)
    .strictOptions()
    .fail((message, error) => {
      problem = message ?? error?.message ?? 'cannot read the arguments';
    });
  const parsed = await argv.parseAsync();
  if (problem !== undefined) return fail(problem.toLowerCase());
  const args = parsed._.map(String);
  const flags = new Set(command.flags.map(({ name }) => name).filter((name) => parsed[name] === true));
  const values = new Map(
    command.flags.flatMap(({ name }): readonly (readonly [Flag['name'], string])[] => {
      const value = parsed[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  return ok({ rest: args.join(' '), args, flags, ...(values.size > 0 ? { values } : {}) });
}

/** The help of the whole program: usage, options, commands. */
export async function renderHelp(commands: readonly Command[]): Promise<string> {
  const base = (await parser([]))
    .usage(`${PROGRAM} [options] [command [arguments]]\n\nControls programs that are run by superd or supervisord.`)
    .help(false)
    .epilogue('Options stand before the command. Without a command a shell starts.');
  const withOptions = CTL_OPTIONS.reduce((built, { short = '', long, takes, doc }) => {
    const type = takes === undefined ? 'boolean' : 'string';
    return built.option(long, { type, alias: short.split(''), describe: doc });
  }, base);
  const withCommands = commands.reduce(
    (built, { name, usage }) => built.command(name, usage[0]?.[1] ?? ''),
    withOptions,
  );
  return `${await withCommands.getHelp()}\n`;
}

/** The help of one command. */
export async function renderCommandHelp(command: Command): Promise<string> {
  const forms = command.usage.map(([form]) => `${PROGRAM} ${command.name} ${form}`.trimEnd());
  const meanings = command.usage.map(([form, meaning]) => [`$0 ${command.name} ${form}`.trimEnd(), meaning] as const);
  const base = (await parser([])).usage(forms.join('\n')).help(false);
  const explained = meanings.reduce((built, [form, meaning]) => built.example(form, meaning), base);
  return `${await withFlags(explained, command.flags).epilogue(command.notes.join('\n')).getHelp()}\n`;
}

/** A script for bash or zsh that calls superctl back with `--get-yargs-completions`. */
export async function completionScript(): Promise<string> {
  const argv = (await parser([])).help(false).completion('completion', false, () => []);
  let script = '';
  await argv.parse(['completion'], (_error: unknown, _argv: unknown, output: string) => {
    script = output;
  });
  return `${script}\n`;
}
