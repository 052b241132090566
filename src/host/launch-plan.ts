/**
 * What exactly is executed for a program: the file, its words and environment, the step to another user. Whatever can be
 * found out beforehand is found out here, by the brain, so that the keeper only has to do it.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { ProcessConfig, User } from '../config/model.ts';
import type { LaunchPlan } from '../keeper/protocol.ts';
import { type CommandProblem, type FileProbe, type ResolvedCommand, resolveCommand } from '../process/command.ts';
import { childEnvironment, type DaemonEnvironment } from '../process/environment.ts';
import type { SpawnRequest } from '../supervisor/host.ts';
import { errnoOf } from './errno.ts';
import { COOKIE } from './identity.ts';
import { accessProblem } from './permissions.ts';

/** The named pipes of one spawn. */
export type Pipes = Pick<LaunchPlan, 'stdin' | 'stdout' | 'stderr'>;

/** Says on standard error why a program could not be run, and ends as supervisord's child does. */
const EXCUSE = 'printf "%s\\n" "$@" >&2; exit 127';
const NOT_SPAWNED = 'supervisor: child process was not spawned';

/** What cannot even be looked at is missing: a PATH may lead through directories of other users. */
const probe: FileProbe = {
  look(path) {
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) return 'directory';
      if ((stats.mode & 0o111) === 0) return 'not-executable';
    } catch {
      return 'missing';
    }
    try {
      accessSync(path, constants.X_OK);
      return 'executable';
    } catch {
      return 'no-permission';
    }
  },
};

export class Launcher {
  readonly #daemon: DaemonEnvironment;
  readonly #mark: string;

  /** @param mark begins the cookie of every child of this state directory */
  constructor(daemon: DaemonEnvironment, mark: string) {
    this.#daemon = daemon;
    this.#mark = mark;
  }

  resolve({ command, environment }: ProcessConfig): ResolvedCommand | CommandProblem {
    return resolveCommand(command, environment['PATH'] ?? this.#daemon.own['PATH'], probe);
  }

  /** How the program is run; or how it is said that it cannot be. @source spec lifecycle 3.3 */
  plan(request: SpawnRequest, found: ResolvedCommand, pipes: Pipes): LaunchPlan {
    const { config } = request;
    const { directory } = config;
    const user = config.user?.uid === process.getuid?.() ? undefined : config.user;
    const excuse = user === undefined ? undefined : excuseFor(user, found, directory);
    if (excuse !== undefined) return this.excuse(request, excuse, pipes);
    const [word = found.file, ...args] = found.words;
    const common = { ...pipes, env: this.#environment(request), cwd: directory, umask: config.umask };
    if (user === undefined) return { ...common, file: found.file, argv0: word, args };
    const file = setpriv();
    return { ...common, file, argv0: file, args: [...privileges(user), '--', word, ...args] };
  }

  /** The exec failed with this errno: what would supervisord's child have said? */
  execExcuse({ config }: SpawnRequest, found: ResolvedCommand, code: string): string {
    const { directory } = config;
    const lost = directory === undefined ? undefined : directoryProblem(directory);
    return lost === undefined ? `exec ${found.words[0] ?? found.file}: ${code}` : `chdir to ${directory}: ${lost}`;
  }

  /** A child that only says why the program was not run: it has a pid and an exit status 127, as the real thing has. */
  excuse(request: SpawnRequest, excuse: string, pipes: Pipes): LaunchPlan {
    const args = ['-c', EXCUSE, 'superd', `supervisor: couldn't ${excuse}`, NOT_SPAWNED];
    const env = this.#environment(request);
    return { ...pipes, file: '/bin/sh', argv0: '/bin/sh', args, env, cwd: undefined, umask: undefined };
  }

  #environment({ slot, config, serial }: SpawnRequest): Readonly<Record<string, string>> {
    const env: Record<string, string> = {};
    const wanted = { ...childEnvironment(this.#daemon, slot.group, config), [COOKIE]: this.cookieOf(slot, serial) };
    for (const [name, value] of Object.entries(wanted)) if (value !== undefined) env[name] = value;
    return env;
  }

  cookieOf({ group, process: name }: SpawnRequest['slot'], serial: number): string {
    return `${this.#mark}:${serial}:${group}:${name}`;
  }
}

/** An absolute path, as the program's own PATH need not lead there. */
const setpriv = (): string => (existsSync('/bin/setpriv') ? '/bin/setpriv' : '/usr/bin/setpriv');

/** spawn()'s own `uid` would drop the supplementary groups. */
function privileges(user: User): readonly string[] {
  const groups = user.gids.length === 0 ? '--clear-groups' : `--groups=${user.gids.join(',')}`;
  return [`--reuid=${user.uid}`, `--regid=${user.gid}`, groups];
}

/** What would keep another user from running the command, in supervisord's words. */
function excuseFor(user: User, found: ResolvedCommand, directory: string | undefined): string | undefined {
  if (process.getuid?.() !== 0) return `setuid to ${user.uid}: Can't drop privilege as nonroot user`;
  if (directory !== undefined) {
    const problem = directoryProblem(directory) ?? accessProblem(user, directory);
    if (problem !== undefined) return `chdir to ${directory}: ${problem}`;
  }
  const file = found.file.startsWith('/') || directory === undefined ? found.file : `${directory}/${found.file}`;
  const problem = accessProblem(user, file);
  return problem === undefined ? undefined : `exec ${found.words[0] ?? file}: ${problem}`;
}

function directoryProblem(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'ENOTDIR';
  } catch (cause) {
    return errnoOf(cause);
  }
}
