/** The reference page of superctl, rendered from the tables of commands and options. */
import { CTL_OPTIONS } from '../config/ctl.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${cell(text)}\``;

function renderCommand(command: Command): string {
  const forms = command.usage.map(
    ([form, meaning]) => `| ${code(`${command.name} ${form}`.trimEnd())} | ${cell(meaning)} |\n`,
  );
  const flags = command.flags.map(({ name, short, help }) => {
    const spelling = short === undefined ? `--${name}` : `-${short}, --${name}`;
    return `| ${code(spelling)} | ${cell(help)} |\n`;
  });
  const notes = command.notes.map((note) => `\n${note}\n`).join('');
  const json = command.json === undefined ? '' : `\n\`--json\` prints ${command.json}.\n`;
  return `### ${command.name}\n\n| form | meaning |\n|---|---|\n${forms.join('')}${flags.join('')}${notes}${json}\n`;
}

const EXIT_CODES = `| code | meaning |
|---|---|
| 0 | done; also "already started" and "not running" of start and stop |
| 1 | an error |
| 2 | wrong arguments; \`check\` found errors |
| 3 | \`status\`: a process that was shown is not running |
| 4 | the connection was refused; \`status\`: no such process, or no server |
| 5 | the server speaks another version of the API |
| 7 | a process did not start or is not running; the socket does not exist |
`;

/** Renders the page as markdown. */
export function renderCliReference(): string {
  const options = CTL_OPTIONS.map(({ short = '', long, takes, doc }) => {
    const spellings = [...Array.from(short, (letter) => `-${letter}`), `--${long}`].join(', ');
    return `| ${code(takes === undefined ? spellings : `${spellings} ${takes}`)} | ${cell(doc)} |\n`;
  });
  const byName = (a: Command, b: Command): number => (a.name < b.name ? -1 : 1);
  const commands = (own: boolean): string =>
    COMMANDS.filter((command) => command.own === own)
      .toSorted(byName)
      .map(renderCommand)
      .join('');
  return [
    '# superctl\n\n',
    '`superctl [options] [command [arguments]]`\n\n',
    'Options stand before the command. Without a command a shell starts that shows the status and then runs what is typed.\n\n',
    `## Options\n\n| option | meaning |\n|---|---|\n${options.join('')}\n`,
    `## Names\n\nA process is \`name\` or \`group:name\`, a group \`group:*\`. A bare name that no process has stands for the group of that name.\n\n`,
    `## Commands of supervisorctl\n\n${commands(false)}`,
    `## Commands of superctl only\n\n${commands(true)}`,
    `## Exit codes\n\nThe code is that of the last failure. The shell always exits with 0.\n\n${EXIT_CODES}`,
  ].join('');
}
