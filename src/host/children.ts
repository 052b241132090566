/**
 * Spawns, signals and reaps the children. Each gets a session and process group of its own, its named pipes, its user,
 * umask and directory. Answers go out as events; what a child wrote is read before its end is reported.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { ProcessConfig, User } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import { type CommandProblem, type FileProbe, type ResolvedCommand, resolveCommand } from '../process/command.ts';
import { childEnvironment, type DaemonEnvironment } from '../process/environment.ts';
import type { ExitStatus } from '../process/state.ts';
import { repr } from '../repr.ts';
import type { ChildEvent, Children, Slot, SpawnRequest } from '../supervisor/host.ts';
import { millis, type Pid, pid, type Signal } from '../units.ts';
import { errnoOf } from './errno.ts';
import { accessProblem } from './permissions.ts';

/** The three descriptors of a child. */
export interface Stdio {
  readonly fds: readonly [stdin: number, stdout: number, stderr: number];
  /** After the spawn: closes those that are for this child alone. */
  close(): void;
}

/** What the children need of whoever holds the pipes. */
export interface ChildStdio {
  /** Opens the listening socket of an fcgi-program, even before the command is looked up. The error is a spawn error. */
  prepare(request: SpawnRequest): Result<void, string>;
  /** Opens the descriptors of one spawn. The error is a spawn error as supervisord words it. */
  stdio(request: SpawnRequest): Result<Stdio, string>;
  /** The child is gone: reads what is left in its pipes and ends the streams. */
  drain(slot: Slot): void;
  /** The end of a child has been reported: it needs its listening socket no more. */
  release(slot: Slot): void;
  /** Writes to the standard input of a slot. */
  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'>;
}

/** So many spawns per turn of the event loop, about 5 ms: pipes and requests are served in between. */
const SPAWNS_PER_TURN = 5;

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

const keyOf = ({ group, process }: Slot): string => `${group}:${process}`;

export class LocalChildren implements Children {
  readonly #pipes: ChildStdio;
  readonly #daemon: DaemonEnvironment;
  readonly #report: (event: ChildEvent) => void;
  readonly #live = new Map<string, ChildProcess>();
  readonly #pids = new Set<number>();
  #queue: SpawnRequest[] = [];

  constructor(pipes: ChildStdio, daemon: DaemonEnvironment, report: (event: ChildEvent) => void) {
    this.#pipes = pipes;
    this.#daemon = daemon;
    this.#report = report;
  }

  check(config: ProcessConfig): CommandProblem | undefined {
    const found = this.#resolve(config);
    return 'kind' in found ? found : undefined;
  }

  spawn(request: SpawnRequest): void {
    this.#queue.push(request);
    if (this.#queue.length === 1) setImmediate(() => this.#spawnSome());
  }

  signal(target: Pid, number: Signal, whom: 'process' | 'group'): Result<void, string> {
    if (!this.#pids.has(target)) return fail('ESRCH');
    try {
      process.kill(whom === 'group' ? -target : target, number);
      return ok(undefined);
    } catch (cause) {
      return fail(errnoOf(cause));
    }
  }

  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'> {
    const child = this.#live.get(keyOf(slot));
    return child === undefined ? fail('closed') : this.#pipes.write(slot, data);
  }

  #resolve({ command, environment }: ProcessConfig): ResolvedCommand | CommandProblem {
    return resolveCommand(command, environment['PATH'] ?? this.#daemon.own['PATH'], probe);
  }

  #spawnSome(): void {
    for (const request of this.#queue.splice(0, SPAWNS_PER_TURN)) this.#spawnOne(request);
    if (this.#queue.length > 0) setImmediate(() => this.#spawnSome());
  }

  #spawnOne(request: SpawnRequest): void {
    const prepared = this.#pipes.prepare(request);
    if (!prepared.ok) return this.#failed(request, prepared.error);
    const found = this.#resolve(request.config);
    if ('kind' in found) return this.#failed(request, found.text);
    const stdio = this.#pipes.stdio(request);
    if (!stdio.ok) return this.#failed(request, stdio.error);
    let refused: string | undefined;
    try {
      this.#launch(request, found, stdio.value);
    } catch (cause) {
      // Node throws some errors of the child's exec and chdir (ENOTDIR, E2BIG), and emits the others.
      refused = errnoOf(cause);
    } finally {
      stdio.value.close();
    }
    if (refused !== undefined) this.#execFailed(request, found, refused);
  }

  /** spec lifecycle 3.3: what the child itself would find out, and how it would say so. */
  #launch(request: SpawnRequest, found: ResolvedCommand, stdio: Stdio): void {
    const { config } = request;
    const { directory } = config;
    const user = config.user?.uid === process.getuid?.() ? undefined : config.user;
    const excuse = user === undefined ? undefined : excuseFor(user, found, directory);
    const child = excuse === undefined ? this.#exec(request, found, stdio, user) : this.#excuse(request, excuse, stdio);
    if (child.pid !== undefined) return this.#spawned(request, child, child.pid);
    child.once('error', (cause) => this.#execFailed(request, found, errnoOf(cause)));
  }

  #exec({ slot, config }: SpawnRequest, found: ResolvedCommand, stdio: Stdio, user: User | undefined): ChildProcess {
    const env = childEnvironment(this.#daemon, slot.group, config);
    const [word = found.file, ...args] = found.words;
    const options = { env, detached: true, stdio: [...stdio.fds], cwd: config.directory };
    return withUmask(config.umask, () =>
      user === undefined
        ? spawn(found.file, args, { ...options, argv0: word })
        : spawn(setpriv(), [...privileges(user), '--', word, ...args], options),
    );
  }

  /** A child that only says why the program was not run: it has a pid and an exit status 127, as the real thing has. */
  #excuse({ slot, config }: SpawnRequest, excuse: string, stdio: Stdio): ChildProcess {
    const env = childEnvironment(this.#daemon, slot.group, config);
    const args = ['-c', EXCUSE, 'superd', `supervisor: couldn't ${excuse}`, NOT_SPAWNED];
    return spawn('/bin/sh', args, { env, detached: true, stdio: [...stdio.fds] });
  }

  #execFailed(request: SpawnRequest, found: ResolvedCommand, code: string): void {
    const name = repr(request.config.name);
    if (code === 'EMFILE' || code === 'ENFILE') return this.#failed(request, `too many open files to spawn ${name}`);
    if (code === 'EAGAIN') return this.#failed(request, `Too many processes in process table to spawn ${name}`);
    if (code === 'ENOMEM') return this.#failed(request, `unknown error during fork for ${name}: ${code}`);
    const { directory } = request.config;
    const lost = directory === undefined ? undefined : directoryProblem(directory);
    const excuse =
      lost === undefined ? `exec ${found.words[0] ?? found.file}: ${code}` : `chdir to ${directory}: ${lost}`;
    const stdio = this.#pipes.stdio(request);
    if (!stdio.ok) return this.#failed(request, stdio.error);
    try {
      const child = this.#excuse(request, excuse, stdio.value);
      if (child.pid !== undefined) return this.#spawned(request, child, child.pid);
      child.once('error', () => this.#failed(request, `unknown error during fork for ${name}: ${code}`));
    } catch {
      this.#failed(request, `unknown error during fork for ${name}: ${code}`);
    } finally {
      stdio.value.close();
    }
  }

  #failed({ slot, serial }: SpawnRequest, reason: string): void {
    this.#pipes.drain(slot);
    this.#report({ kind: 'spawn-failed', slot, serial, reason });
    this.#pipes.release(slot);
  }

  #spawned({ slot, serial }: SpawnRequest, child: ChildProcess, number: number): void {
    const key = keyOf(slot);
    this.#live.set(key, child);
    this.#pids.add(number);
    const now = (): ReturnType<typeof millis> => millis(performance.now());
    child.once('exit', (code, signal) => {
      const at = now();
      this.#pids.delete(number);
      if (this.#live.get(key) === child) this.#live.delete(key);
      this.#pipes.drain(slot);
      this.#report({ kind: 'exited', slot, pid: pid(number), status: statusOf(code, signal), at });
      this.#pipes.release(slot);
    });
    child.on('error', () => {
      // A later failure (of a kill, say) is told to whoever asked for it.
    });
    this.#report({ kind: 'spawned', slot, serial, pid: pid(number), at: now() });
  }
}

const statusOf = (code: number | null, signal: NodeJS.Signals | null): ExitStatus =>
  signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal, coreDumped: false };

/** spawn() is synchronous, so nobody else sees the changed umask. */
function withUmask<T>(umask: number | undefined, act: () => T): T {
  if (umask === undefined) return act();
  const before = process.umask(umask);
  try {
    return act();
  } finally {
    process.umask(before);
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
