/** Runs one line of input: finds the command, checks its arguments and the server, and turns failures into exit codes. */
import { ok, type Result } from '../errors.ts';
import { CallError } from '../rpc/client.ts';
import { type Command, EXIT, type Invocation, type Session } from './command.ts';
import { describeProblem, giveHint, isForbidden, isLoginWanted, LOGIN_WANTED, upcheck } from './failures.ts';
import { describeCommand } from './help.ts';

/** What a line asks for. */
export type Line =
  | { readonly kind: 'empty' }
  | { readonly kind: 'command'; readonly command: Command; readonly rest: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** The end of input, which may also be typed. */
const END_OF_INPUT = 'EOF';

/**
 * The command is the leading letters, digits and underscores; `?` stands for help.
 * @source supervisorctl's behaviour: `start;` is `start` with the argument `;`
 */
export function parseLine(commands: readonly Command[], line: string): Line {
  const text = line.trim();
  if (text === '') return { kind: 'empty' };
  const spelled = text === END_OF_INPUT ? 'exit' : text.replace(/^\?/, 'help ');
  const name = /^\w*/.exec(spelled)?.[0] ?? '';
  const command = commands.find((each) => each.name === name);
  return command === undefined
    ? { kind: 'unknown', text }
    : { kind: 'command', command, rest: spelled.slice(name.length).trim() };
}

/** Commands without flags of their own see their words untouched, and never pay for a parser. */
async function invocationOf(session: Session, command: Command, rest: string): Promise<Result<Invocation, string>> {
  const args = rest.split(/\s+/).filter((word) => word !== '');
  if (command.flags.length > 0 && args.some((word) => word.startsWith('-'))) return session.parseFlags(command, args);
  return ok({ rest, args, flags: new Set() });
}

function refuse(session: Session, command: Command, message: string): number {
  session.out(`${message}\n${describeCommand(command)}`);
  return command.arity.exit;
}

async function attempt(session: Session, command: Command, invocation: Invocation): Promise<number> {
  const { least, most, tooFew, tooMany } = command.arity;
  const count = invocation.args.length;
  // A command without arguments refuses them before it asks the server, the others after. @source spec api 5.3 [run]
  if (most === 0 && count > 0) return refuse(session, command, tooMany);
  const trouble = command.upcheck ? await upcheck(session) : undefined;
  if (trouble !== undefined) {
    session.out(`${trouble.line}\n`);
    return command.exitWhenDown ?? trouble.exit;
  }
  if (count < least) return refuse(session, command, tooFew);
  if (count > most) return refuse(session, command, tooMany);
  return command.run(session, invocation);
}

/** Asks for a name and a password. @returns whether both were given */
async function login(session: Session): Promise<boolean> {
  session.out(`${LOGIN_WANTED}\n`);
  const username = await session.ask('Username:');
  const password = username === undefined ? undefined : await session.askSecret('Password:');
  if (username === undefined || password === undefined) return false;
  session.authenticate(username, password);
  return true;
}

function giveUp(session: Session, error: CallError): number {
  session.out(`${describeProblem(error.problem, session.server.url)}\n`);
  giveHint(session, error.problem);
  return isForbidden(error.problem) ? EXIT.INSUFFICIENT_PRIVILEGES : EXIT.GENERIC;
}

/** Runs a command; asks a person, once, for the credentials that the server wants. */
export async function runCommand(session: Session, command: Command, rest: string): Promise<number> {
  const invocation = await invocationOf(session, command, rest);
  if (!invocation.ok) {
    session.err(`Error: ${invocation.error}\n`);
    return EXIT.INVALID_ARGUMENTS;
  }
  try {
    return await attempt(session, command, invocation.value);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (!session.interactive || !isLoginWanted(error.problem)) return giveUp(session, error);
    if (!(await login(session))) return EXIT.GENERIC;
  }
  try {
    return await attempt(session, command, invocation.value);
  } catch (error) {
    if (error instanceof CallError) return giveUp(session, error);
    throw error;
  }
}

/** Runs a line as it was typed. */
export async function runLine(session: Session, commands: readonly Command[], line: string): Promise<number> {
  const parsed = parseLine(commands, line);
  switch (parsed.kind) {
    case 'empty':
      return EXIT.OK;
    case 'command':
      return runCommand(session, parsed.command, parsed.rest);
    case 'unknown':
      session.out(`*** Unknown syntax: ${parsed.text}\n`);
      return EXIT.GENERIC;
  }
}
