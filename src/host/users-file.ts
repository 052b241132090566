/** A file of users: read again whenever it has changed, which costs one look at it; and written by `superctl passwd`. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { parseUsers, type WebUser } from '../config/users.ts';
import { fail, ok, type Result } from '../errors.ts';
import { errnoOf } from './errno.ts';

/** Thousands of users. */
const MAX_BYTES = 1024 * 1024;
const NOBODY: ReadonlyMap<string, WebUser> = new Map();
const OTHERS_MAY_READ = 0o004;

type Tell = (level: 'warn' | 'error' | 'critical', text: string) => void;

const print = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => `${ino} ${size} ${mtimeMs} ${ctimeMs}`;

export class UsersFile {
  readonly #path: string;
  readonly #tell: Tell;
  /** What the file looked like when it was read, or why it could not be. */
  #seen = '';
  #users = NOBODY;

  constructor(path: string, tell: Tell) {
    this.#path = path;
    this.#tell = tell;
  }

  /** By name, as the file is now; nobody while it cannot be read. What is wrong with it is told once. */
  get users(): ReadonlyMap<string, WebUser> {
    let now: string;
    try {
      const stats = statSync(this.#path);
      now = print(stats);
      if (now !== this.#seen) this.#users = this.#read(stats);
    } catch (cause) {
      now = errnoOf(cause);
      this.#users = NOBODY;
      if (now !== this.#seen) this.#tell('critical', `cannot read ${this.#path}: ${now}; none of its users gets in`);
    }
    this.#seen = now;
    return this.#users;
  }

  /** @throws what the system says */
  #read({ mode, size }: Stats): ReadonlyMap<string, WebUser> {
    if (size > MAX_BYTES) throw Object.assign(new Error('too large'), { code: 'EFBIG' });
    const { users, problems } = parseUsers(readFileSync(this.#path, 'utf8'));
    for (const { line, message } of problems) this.#tell('error', `${this.#path}:${line}: ${message}`);
    if ((mode & OTHERS_MAY_READ) !== 0) {
      this.#tell('warn', `${this.#path}: everybody may read the hashes of passwords; run: chmod o-r ${this.#path}`);
    }
    return users;
  }
}

/** The whole text; '' where there is no file yet. */
export function readUsersText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (cause) {
    const code = errnoOf(cause);
    return code === 'ENOENT' ? ok('') : fail(`cannot read ${path}: ${code}`);
  }
}

/** Replaces the file whole; a new one is for its owner alone, an old one keeps its owner and its mode. */
export function writeUsersText(given: string, text: string): Result<void, string> {
  const path = existsSync(given) ? realpathSync(given) : given;
  const temporary = `${path}.${process.pid}.new`;
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      const data = Buffer.from(text);
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (before !== undefined) {
      if (before.uid !== process.geteuid?.() || before.gid !== process.getegid?.())
        chownSync(temporary, before.uid, before.gid);
      chmodSync(temporary, before.mode & 0o777);
    }
    renameSync(temporary, path);
    return ok(undefined);
  } catch (cause) {
    rmSync(temporary, { force: true });
    return fail(`cannot write ${path}: ${errnoOf(cause)}`);
  }
}
