/** passwd: sets, changes and removes the users of a users file. The password is asked for, or read from standard input. */
import { isUserName, isUserRole, parseUsers, replaceUser, USER_ROLES, type UserRole } from '../config/users.ts';
import { type Command, EXIT, type Flag, type Invocation, type Session } from './command.ts';
import { ANY, ROW } from './rows.ts';

/** Shorter ones are guessed soon, however they are kept. */
const SHORT = 8;

/** The password, typed twice by a person, or one line of standard input. @returns undefined when there is none to take */
async function askPassword(session: Session, name: string): Promise<string | undefined> {
  const password = await session.askSecret(`New password for ${name}: `);
  if (!session.atTerminal) session.out('\n');
  if (password === undefined || password === '') {
    session.err('Error: no password was given\n');
    return undefined;
  }
  if (session.atTerminal && (await session.askSecret('The same once more: ')) !== password) {
    session.err('Error: the two are not the same\n');
    return undefined;
  }
  if (password.length < SHORT) session.err(`warning: a password of less than ${SHORT} characters is guessed soon\n`);
  return password;
}

function refuse(session: Session, message: string): number {
  session.err(`Error: ${message}\n`);
  return EXIT.INVALID_ARGUMENTS;
}

/** A new user may look; whoever wants more says so. A known one keeps the role. */
async function setUser(
  session: Session,
  { file, text, name }: { readonly file: string; readonly text: string; readonly name: string },
  wanted: UserRole | undefined,
): Promise<number> {
  const known = parseUsers(text).users.get(name);
  const role = wanted ?? known?.role ?? 'viewer';
  const password = await askPassword(session, name);
  if (password === undefined) return EXIT.GENERIC;
  const hash = await session.hashPassword(password);
  const written = session.writeUsers(file, replaceUser(text, name, { name, role, hash }));
  if (!written.ok) return refuse(session, written.error);
  session.out(`${name}: ${known === undefined ? 'added' : 'changed'}, role ${role}\n`);
  return EXIT.OK;
}

async function passwd(session: Session, { args, flags, values }: Invocation): Promise<number> {
  const [file = '', name = ''] = args;
  const role = values?.get('role');
  if (!isUserName(name)) {
    return refuse(session, 'a name has 1 to 64 characters, no blanks and no colons, and does not begin with #');
  }
  if (role !== undefined && !isUserRole(role)) {
    return refuse(session, `there is no role ${role}; there are ${USER_ROLES.join(', ')}`);
  }
  const text = session.readUsers(file);
  if (!text.ok) return refuse(session, text.error);
  // What cannot be read is kept as it is; but it lets nobody in, and somebody should know.
  for (const { line, message } of parseUsers(text.value).problems) session.err(`${file}:${line}: ${message}\n`);
  if (!flags.has('delete')) return setUser(session, { file, text: text.value, name }, role);
  if (!parseUsers(text.value).users.has(name)) {
    session.err(`Error: ${file} has no user ${name}\n`);
    return EXIT.GENERIC;
  }
  const written = session.writeUsers(file, replaceUser(text.value, name, undefined));
  if (!written.ok) return refuse(session, written.error);
  session.out(`${name}: removed\n`);
  return EXIT.OK;
}

const FLAGS: readonly Flag[] = [
  {
    name: 'role',
    short: undefined,
    takes: 'ROLE',
    help: `what the user may do: ${USER_ROLES.join(', ')} (a new user is a viewer, a known one keeps the role)`,
  },
  { name: 'delete', short: undefined, help: 'remove the user' },
];

export const PASSWD: Command = {
  ...ROW,
  name: 'passwd',
  usage: [
    ['<file> <user>', 'Set the password of a user in a users file, and the role'],
    ['--delete <file> <user>', 'Remove a user'],
  ],
  notes: ['The password is asked for, or read from standard input. superd sees the change at once.'],
  arity: {
    ...ANY,
    least: 2,
    most: 2,
    tooFew: 'Error: passwd requires a file and a user',
    tooMany: 'Error: passwd takes a file and a user',
    exit: EXIT.INVALID_ARGUMENTS,
  },
  upcheck: false,
  own: true,
  flags: FLAGS,
  completes: 'files',
  offline: true,
  run: passwd,
};
