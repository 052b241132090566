/** The value of `environment=`: `KEY=value,KEY2="other value"`, read by a small shell-like lexer. */
import { fail, ok, type Result } from '../errors.ts';

/** Characters that make up a word; Latin-1 letters count. Blanks and line ends separate; any other is a token by itself. */
const WORD = /[A-Za-z0-9_/.+\-():\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]/;
const BLANK = /[ \t\r\n]/;

interface Lexer {
  readonly text: string;
  at: number;
}

/** A quoted piece; the lexer stands on its opening quote. */
function readQuoted(lexer: Lexer): Result<string, string> {
  const quote = lexer.text.charAt(lexer.at);
  let piece = '';
  for (lexer.at += 1; lexer.at < lexer.text.length; lexer.at += 1) {
    const char = lexer.text.charAt(lexer.at);
    if (char === quote) {
      lexer.at += 1;
      return ok(piece);
    }
    if (char === '\\' && quote === '"') {
      lexer.at += 1;
      const next = lexer.text.charAt(lexer.at);
      if (next === '') return fail('No escaped character');
      piece += next === '"' || next === '\\' ? next : `\\${next}`;
    } else piece += char;
  }
  return fail('No closing quotation');
}

/** A run of words, escapes and quoted pieces that touch each other. */
function readGlued(lexer: Lexer): Result<string, string> {
  let token = '';
  while (lexer.at < lexer.text.length) {
    const char = lexer.text.charAt(lexer.at);
    if (char === '"' || char === "'") {
      const piece = readQuoted(lexer);
      if (!piece.ok) return piece;
      token += piece.value;
    } else if (char === '\\') {
      if (lexer.at + 1 >= lexer.text.length) return fail('No escaped character');
      token += lexer.text.charAt(lexer.at + 1);
      lexer.at += 2;
    } else if (WORD.test(char)) {
      token += char;
      lexer.at += 1;
    } else break;
  }
  return ok(token);
}

function skipBlanks(lexer: Lexer): void {
  for (; lexer.at < lexer.text.length; lexer.at += 1) {
    const char = lexer.text.charAt(lexer.at);
    if (char === '#') {
      const end = lexer.text.indexOf('\n', lexer.at);
      lexer.at = end < 0 ? lexer.text.length - 1 : end;
    } else if (!BLANK.test(char)) return;
  }
}

function tokenize(text: string): Result<readonly string[], string> {
  const lexer: Lexer = { text, at: 0 };
  const tokens: string[] = [];
  for (;;) {
    skipBlanks(lexer);
    if (lexer.at >= text.length) return ok(tokens);
    const start = lexer.at;
    const token = readGlued(lexer);
    if (!token.ok) return token;
    const alone = lexer.at === start ? String.fromCodePoint(text.codePointAt(start) ?? 0) : undefined;
    lexer.at += alone?.length ?? 0;
    tokens.push(alone ?? token.value);
  }
}

/** Variables in their order, and the names of those whose value ends at something else than a comma. */
export interface Environment {
  readonly variables: ReadonlyMap<string, string>;
  readonly cut: readonly string[];
}

/**
 * Reads `environment=`. The token after each value is not checked; one that is not a comma cuts the value short.
 * @source spec lifecycle 1.8
 */
export function parseEnvironment(text: string): Result<Environment, string> {
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  const variables = new Map<string, string>();
  const cut: string[] = [];
  for (let i = 0; i < tokens.value.length; i += 4) {
    const [key, equals, value, separator] = tokens.value.slice(i, i + 4);
    if (key === undefined || equals !== '=' || value === undefined) {
      return fail(`Unexpected end of key/value pairs in value '${text}'`);
    }
    variables.set(key, value);
    if (separator !== undefined && separator !== ',') cut.push(key);
  }
  return ok({ variables, cut });
}
