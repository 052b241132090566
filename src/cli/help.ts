/** Help as text: the list of commands in supervisorctl's layout, and the lines about one command. */
import type { Command } from './command.ts';

const WIDTH = 79;
const TAB = 8;

/**
 * Lays words out in columns, downwards first, in as few rows as fit into `width`.
 * @source the layout of supervisorctl's `help`, spec api 5.1
 */
export function columnize(words: readonly string[], width: number = WIDTH): readonly string[] {
  for (let rows = 1; rows <= words.length; rows++) {
    const columns = Math.ceil(words.length / rows);
    const widths = Array.from({ length: columns }, (_, column) =>
      Math.max(...words.slice(column * rows, (column + 1) * rows).map((word) => word.length)),
    );
    const total = widths.reduce((sum, each) => sum + each + 2, -2);
    if (total > width && rows < words.length) continue;
    return Array.from({ length: rows }, (_, row) =>
      widths.flatMap((each, column) => words[column * rows + row]?.padEnd(each) ?? []).join('  '),
    );
  }
  return [];
}

function block(title: string, names: readonly string[]): string {
  const header = `${title} (type help <topic>):`;
  return `${header}\n${'='.repeat(header.length)}\n${columnize(names).join('\n')}\n\n`;
}

/** Both lists of commands: supervisorctl's, then our own. */
export function listCommands(commands: readonly Command[]): string {
  const names = (own: boolean): readonly string[] =>
    commands
      .filter((command) => command.own === own && command.name !== 'help')
      .map(({ name }) => name)
      .sort();
  return `\n${block('default commands', names(false))}${block('superd commands', names(true))}`;
}

const usageOf = (command: Command, form: string): string => `${command.name} ${form}`.trimEnd();

/** Usage, tabs to a common column, and what it does. */
export function describeCommand(command: Command): string {
  const width = Math.max(...command.usage.map(([form]) => usageOf(command, form).length));
  const column = Math.floor(width / TAB) + 1;
  const lines = command.usage.map(([form, meaning]) => {
    const usage = usageOf(command, form);
    return `${usage}${'\t'.repeat(column - Math.floor(usage.length / TAB))}${meaning}`;
  });
  return [...lines, ...command.notes].map((line) => `${line}\n`).join('');
}
