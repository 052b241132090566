/** The page about configuration files: every section and key, from the table in `src/config/schema.ts`. */
import { type Key, NAME_SETS, type NameSet } from '../../src/config/key.ts';
import { ownKeys, SECTION_KINDS, type SectionKind } from '../../src/config/schema.ts';

const INTRODUCTION = `# Configuration reference

<!-- Generated from src/config/schema.ts by scripts/docs.ts: change the table, not this page. -->

superd reads the configuration files of supervisord. \`superd --check\` checks one and prints everything that is wrong
with it, each with its file and line; \`--json\` prints the same for programs.

## The format

- \`[section]\` headers and \`key=value\` lines; \`key: value\` means the same. Keys may be written in any case.
- A line that starts with \`;\` or \`#\` is a comment. So is what follows a blank and \`;\` or \`#\` in a line,
  **even inside quotes**.
- A line that is indented more than its key continues the value. In \`command\` a backslash at the very end of a line
  continues it too, as in a shell.
- The same section twice is one section; of the same key twice the last one counts, also across included files.
- Keys in \`[DEFAULT]\` are defaults for every section.
- A key or section that looks like a slip of the keyboard gives a warning. Sections of other programs are left alone.

## Expansion

\`%(name)s\` is replaced by the value of a name, \`%(process_num)02d\` formats a number, \`%%\` is a percent sign.
Every environment variable \`X\` of superd is a name \`ENV_X\`; which other names there are is said for each key:

`;

const HOW: Readonly<Record<NameSet, string>> = {
  none: 'no further names',
  here: 'here',
  host: 'here, host',
  socket: 'here, program',
  program: 'program',
  process: 'process',
};

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function renderNames(): string {
  const rows = Object.entries(HOW)
    .filter(([set]) => set !== 'none')
    .map(
      ([set, label]) => `| ${label} | ${list(Object.entries(NAME_SETS).find(([name]) => name === set)?.[1] ?? [])} |`,
    );
  return `| Names | are |\n|---|---|\n${rows.join('\n')}\n\n`;
}

const TYPES = `## Types

| Type | Written as |
|---|---|
| boolean | \`true\`, \`yes\`, \`on\`, \`1\`; \`false\`, \`no\`, \`off\`, \`0\`; in any case |
| integer, seconds | \`10\`, \`1_000\` |
| bytes | \`1024\`, \`10KB\`, \`50MB\`, \`1GB\` |
| octal number | \`022\`, \`0o22\` |
| signal | \`TERM\`, \`SIGTERM\` or \`15\` |
| environment | \`KEY=value,KEY2="other value"\`; quotes around anything but letters, digits and \`_/.+-():\` |
| path | \`~\` is the home directory |

`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function initialText({ initial, initially }: Key<unknown>): string {
  if (initially !== undefined) return initially;
  if (initial === undefined) return 'none';
  return initial === '' ? 'empty' : `\`${initial}\``;
}

function since({ since: version }: Key<unknown>): string {
  if (version === undefined) return '';
  return version === 'superd' ? ' **Only in superd**; supervisord ignores it.' : ` Since supervisord ${version}.`;
}

function renderKey(row: Key<unknown>): string {
  const columns = [`\`${row.name}\``, row.type.label, initialText(row), HOW[row.names], `${row.doc}${since(row)}`];
  return `| ${columns.map(cell).join(' | ')} |`;
}

function renderSection(kind: SectionKind): string {
  const header = kind.form === 'named' ? `${kind.kind}:x` : kind.kind;
  const keys = ownKeys(kind);
  const inherits =
    keys.length < kind.keys.length ? '\n\nEvery key of `[program:x]` that is not listed here works here too.' : '';
  const head = '| Key | Type | Default | Names | Meaning |\n|---|---|---|---|---|\n';
  const table = keys.length === 0 ? '' : `\n\n${head}${[...keys].sort(byName).map(renderKey).join('\n')}`;
  return `### [${header}]\n\n${kind.doc}${inherits}${table}\n`;
}

const byName = (a: Key<unknown>, b: Key<unknown>): number => (a.name < b.name ? -1 : 1);

export const renderConfiguration = (): string =>
  `${INTRODUCTION}${renderNames()}${TYPES}## Sections\n\n${SECTION_KINDS.map(renderSection).join('\n')}`;
