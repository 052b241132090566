/**
 * From `command=` to words and an executable file. Pure but for the questions it asks through `FileProbe`.
 * The texts are supervisord's, byte by byte: users and tools match on them.
 */
import { repr } from '../repr.ts';

/** What a command needs to know of the file system. */
export interface FileProbe {
  /** How a file looks to superd's own user. */
  look(path: string): 'missing' | 'directory' | 'not-executable' | 'no-permission' | 'executable';
}

/** A command ready to run. `words[0]` is argv[0] as written; `file` is what is executed. */
export interface ResolvedCommand {
  readonly file: string;
  readonly words: readonly string[];
}

/** Why a command cannot run. The kinds are the two faults of startProcess. */
export interface CommandProblem {
  readonly kind: 'no-file' | 'not-executable';
  readonly text: string;
}

const DEFAULT_PATH = '/bin:/usr/bin:/usr/local/bin';
const BLANK = /[ \t\r\n]/;

/**
 * Splits as a POSIX shell does: quotes and backslashes, but no variables, globs, comments or operators.
 * A backslash before a newline joins the lines, as in a shell.
 * @returns the words, or the reason as supervisord words it
 * @source spec lifecycle 1.9
 */
export function splitWords(command: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < command.length) {
    const char = command.charAt(at);
    if (BLANK.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (char === "'") {
      const end = command.indexOf("'", at + 1);
      if (end < 0) return 'No closing quotation';
      word = (word ?? '') + command.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      const quoted = doubleQuoted(command, at + 1);
      if (quoted === undefined) return 'No closing quotation';
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 >= command.length) return 'No escaped character';
      if (command.charAt(at + 1) !== '\n') word = (word ?? '') + command.charAt(at + 1);
      at += 2;
    } else {
      word = (word ?? '') + char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Within double quotes a backslash escapes only `"` and itself. */
function doubleQuoted(command: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  for (let at = start; at < command.length; at += 1) {
    const char = command.charAt(at);
    const next = command.charAt(at + 1);
    if (char === '"') return { text, end: at + 1 };
    if (char === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at += 1;
    } else {
      text += char;
    }
  }
  return undefined;
}

/** The first place in `path` where the file exists, even if it is a directory or not executable. @source spec lifecycle 1.9 */
function search(name: string, path: string, probe: FileProbe): string | undefined {
  return path
    .split(':')
    .map((folder) => (folder === '' ? name : `${folder}/${name}`))
    .find((candidate) => probe.look(candidate) !== 'missing');
}

/**
 * Finds what a command would execute.
 * @param path the PATH of the program's merged environment, else superd's own
 */
export function resolveCommand(
  command: string,
  path: string | undefined,
  probe: FileProbe,
): ResolvedCommand | CommandProblem {
  const words = splitWords(command);
  if (typeof words === 'string') {
    return { kind: 'not-executable', text: `can't parse command ${repr(command)}: ${words}` };
  }
  const [word] = words;
  if (word === undefined) return { kind: 'not-executable', text: 'command is empty' };
  const file = word.includes('/') ? word : search(word, path ?? DEFAULT_PATH, probe);
  if (file === undefined) return { kind: 'no-file', text: `can't find command ${repr(word)}` };
  switch (probe.look(file)) {
    case 'missing':
      return { kind: 'no-file', text: `can't find command ${repr(word)}` };
    case 'directory':
      return { kind: 'not-executable', text: `command at ${repr(file)} is a directory` };
    case 'not-executable':
      return { kind: 'not-executable', text: `command at ${repr(file)} is not executable` };
    case 'no-permission':
      return { kind: 'not-executable', text: `no permission to run command ${repr(file)}` };
    case 'executable':
      return { file, words };
  }
}
