/** What may stand at the end of a line that is being typed. */
import { need, type RpcClient } from '../rpc/client.ts';
import { type Command, EXIT, type Session } from './command.ts';
import { ALL, nameOf } from './targets.ts';

/** The names that a server has. */
export interface Names {
  readonly processes: readonly string[];
  readonly groups: readonly string[];
}

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)];

/** Asks the server for names; groups include those that an update would add. */
export async function namesOf(rpc: RpcClient): Promise<Names> {
  const [rows, available] = await Promise.all([need(rpc.allProcessInfo()), need(rpc.allConfigInfo())]);
  const groups = unique(rows.map((row) => row.group));
  const whole = groups.filter((group) => !rows.some((row) => row.name === group)).map((group) => `${group}:*`);
  return {
    processes: unique([...rows.map(nameOf), ...whole]),
    groups: unique([...groups, ...available.map((row) => row.group)]),
  };
}

function argumentsOf(commands: readonly Command[], command: Command, names: Names): readonly string[] {
  switch (command.completes) {
    case 'processes':
      return [...names.processes, ...(command.name === 'fg' || command.name === 'tail' ? [] : [ALL])];
    case 'groups':
      return names.groups;
    case 'actions':
      return commands.map(({ name }) => name);
    case 'files':
    case 'nothing':
      return [];
  }
}

/** Whether completing this line takes the names of the server. */
export function wantsNames(commands: readonly Command[], line: string): boolean {
  const [name, ...rest] = line.trimStart().split(/\s+/);
  const command = commands.find((each) => each.name === name);
  return rest.length > 0 && (command?.completes === 'processes' || command?.completes === 'groups');
}

/** The words that may replace the last one of `line`. */
export function complete(commands: readonly Command[], line: string, names: Names): readonly string[] {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? '';
  const command = commands.find(({ name }) => name === words[0]);
  if (words.length === 1) return commands.map(({ name }) => name).filter((name) => name.startsWith(last));
  if (command === undefined) return [];
  const flags = last.startsWith('-') ? command.flags.map(({ name }) => `--${name}`) : [];
  return [...flags, ...argumentsOf(commands, command, names)].filter((word) => word.startsWith(last)).sort();
}

/**
 * Completes words as a shell passes them. Bash cuts words at colons and wants only what follows the last one.
 * @param words the line so far, beginning with the name of the program
 */
export function completeWords(commands: readonly Command[], words: readonly string[], names: Names): readonly string[] {
  const line = words.slice(1).join(' ').replaceAll(/ ?: ?/g, ':');
  const last = line.split(' ').at(-1) ?? '';
  const isCut = words.includes(':');
  const cut = isCut ? last.lastIndexOf(':') + 1 : 0;
  return complete(commands, line, names).map((word) => word.slice(cut));
}

/** completion: prints the script that makes the user's shell call us. */
export async function printCompletion(session: Session): Promise<number> {
  session.out(await session.completionScript());
  return EXIT.OK;
}
