/**
 * The keeper's work: spawn what the brain asks for, signal it, and hold every end until the brain has recorded it. It
 * decides nothing. A request that comes twice, because a brain died in between, is answered and not done again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Identity, LaunchPlan, LiveChild, OutputEnd, ToBrain, ToKeeper } from '../keeper/protocol.ts';
import type { ExitStatus } from '../process/state.ts';
import { errnoOf } from './errno.ts';
import type { HeldSockets } from './held-sockets.ts';
import { startTimeOf, Watched } from './identity.ts';
import { monotonic } from './monotonic.ts';
import { unprotected } from './oom.ts';
import { noteWork } from './tidy.ts';

type Request<Op extends ToKeeper['op']> = Extract<ToKeeper, { readonly op: Op }>;

/** So many spawns per turn of the event loop; ends are noticed in between. */
const SPAWNS_PER_TURN = 5;
/** How often children of an earlier keeper are looked at, while there are any. */
const WATCH_MS = 250;

export interface SpawnerPorts {
  readonly tell: (message: ToBrain) => void;
  /** Sends what is told meanwhile in one piece: each piece wakes the brain. */
  readonly together: (work: () => void) => void;
}

interface Child extends LiveChild {
  /** Signals that were sent, by their tokens. */
  readonly tokens: Set<string>;
  /** Set for a child of an earlier keeper. */
  readonly watched: Watched | undefined;
}

export class Spawner {
  readonly #tell: (message: ToBrain) => void;
  readonly #together: (work: () => void) => void;
  readonly #sockets: Pick<HeldSockets, 'descriptorOf'>;
  /** Live, or ended and not acknowledged. */
  readonly #children = new Map<string, Child>();
  readonly #ends = new Map<number, Extract<ToBrain, { readonly op: 'exited' }>>();
  #queue: Request<'spawn'>[] = [];
  #seq = 0;
  #watching: NodeJS.Timeout | undefined;

  constructor({ tell, together }: SpawnerPorts, sockets: Pick<HeldSockets, 'descriptorOf'>) {
    this.#tell = tell;
    this.#together = together;
    this.#sockets = sockets;
  }

  /** Every child that the brain must know of: those that live, and those whose end it has not recorded. */
  get children(): readonly LiveChild[] {
    return Array.from(this.#children.values(), describe);
  }

  /** A new brain asks again for what the one before had asked for and did not get. */
  forgetRequests(): void {
    this.#queue = [];
  }

  /** A new brain: what the one before may not have heard is said again. */
  repeat(): void {
    for (const end of this.#ends.values()) this.#tell(end);
  }

  spawn(request: Request<'spawn'>): void {
    const known = this.#children.get(request.id);
    if (known?.serial === request.serial) return this.#tell({ op: 'spawned', ...describe(known) });
    this.#queue.push(request);
    if (this.#queue.length === 1) setImmediate(() => this.#spawnSome());
  }

  signal({ token, pid, signal, target }: Request<'signal'>): void {
    const child = [...this.#children.values()].find((one) => one.pid === pid);
    const answer = (error: string): void => this.#tell({ op: 'signalled', token, error });
    if (child === undefined || this.#hasEnded(child)) return answer('ESRCH');
    if (child.tokens.has(token)) return answer('');
    try {
      process.kill(target === 'group' ? -pid : pid, signal);
      child.tokens.add(token);
      answer('');
    } catch (cause) {
      answer(errnoOf(cause));
    }
  }

  adopt({ id, serial, pid, startTime, at }: Request<'adopt'>): void {
    const watched = Watched.open(pid, startTime);
    const child: Child = { id, serial, pid, startTime, at, tokens: new Set(), watched };
    this.#children.set(id, child);
    if (watched === undefined) return this.#ended(child, { kind: 'unknown' });
    this.#watching ??= setInterval(() => this.#watch(), WATCH_MS);
  }

  acknowledge({ seq }: Request<'ack'>): void {
    const end = this.#ends.get(seq);
    if (end === undefined) return;
    this.#ends.delete(seq);
    if (this.#children.get(end.id)?.serial === end.serial) this.#children.delete(end.id);
  }

  /** For a keeper without a brain that is told to go. */
  signalAll(signal: NodeJS.Signals): number {
    const live = [...this.#children.values()].filter((child) => !this.#hasEnded(child));
    for (const { pid } of live) {
      try {
        process.kill(-pid, signal);
      } catch {
        // It ends at this very moment.
      }
    }
    return live.length;
  }

  #hasEnded({ id, serial }: Identity): boolean {
    return [...this.#ends.values()].some((end) => end.id === id && end.serial === serial);
  }

  #spawnSome(): void {
    this.#together(() => {
      for (const request of this.#queue.splice(0, SPAWNS_PER_TURN)) this.#spawnOne(request);
    });
    if (this.#queue.length > 0) setImmediate(() => this.#spawnSome());
  }

  #spawnOne({ id, serial, plan }: Request<'spawn'>): void {
    const failed = (step: 'pipes' | 'socket' | 'exec', code: string): void =>
      this.#tell({ op: 'failed', id, serial, code, step });
    const shared = plan.stdin.kind === 'socket' ? this.#sockets.descriptorOf(plan.stdin.url) : undefined;
    if (shared?.ok === false) return failed('socket', shared.error);
    let own: readonly number[];
    try {
      own = openPipes(plan);
    } catch (cause) {
      return failed('pipes', errnoOf(cause));
    }
    const fds = shared === undefined ? own : [shared.value, ...own];
    try {
      const child = launch(plan, fds);
      if (child.pid === undefined) child.once('error', (cause) => failed('exec', errnoOf(cause)));
      else this.#spawned(id, serial, child, child.pid);
    } catch (cause) {
      failed('exec', errnoOf(cause));
    } finally {
      for (const fd of new Set(own)) closeSync(fd);
    }
  }

  #spawned(id: string, serial: number, process: ChildProcess, pid: number): void {
    noteWork();
    const startTime = startTimeOf(pid, 'even a zombie') ?? '';
    const child: Child = { id, serial, pid, startTime, at: monotonic(), tokens: new Set(), watched: undefined };
    this.#children.set(id, child);
    process.once('exit', (code, signal) => this.#ended(child, statusOf(code, signal)));
    process.on('error', () => {
      // A later failure is that of a signal, which was told to whoever asked for it.
    });
    this.#tell({ op: 'spawned', ...describe(child) });
  }

  #ended(child: Child, status: ExitStatus): void {
    this.#seq += 1;
    const { id, serial, pid, startTime } = child;
    const end = { op: 'exited', seq: this.#seq, id, serial, pid, startTime, status, at: monotonic() } as const;
    this.#ends.set(end.seq, end);
    this.#tell(end);
  }

  #watch(): void {
    const watched = [...this.#children.values()].filter(
      (child) => child.watched !== undefined && !this.#hasEnded(child),
    );
    for (const child of watched) {
      if (child.watched?.isAlive() === true) continue;
      child.watched?.close();
      this.#ended(child, { kind: 'unknown' });
    }
    if (watched.length > 0) return;
    clearInterval(this.#watching);
    this.#watching = undefined;
  }
}

const describe = ({ id, serial, pid, startTime, at }: LiveChild): LiveChild => ({ id, serial, pid, startTime, at });

const statusOf = (code: number | null, signal: NodeJS.Signals | null): ExitStatus =>
  signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal, coreDumped: false };

/** Each child gets descriptors of its own, so that nothing that it sets on them is inherited by the next. */
function openPipes({ stdin, stdout, stderr }: LaunchPlan): readonly number[] {
  const fds: number[] = [];
  try {
    if (stdin.kind === 'pipe') fds.push(openSync(stdin.path, constants.O_RDWR));
    const output = openOutput(stdout);
    fds.push(output);
    fds.push(stderr.path === stdout.path ? output : openOutput(stderr));
    return fds;
  } catch (cause) {
    for (const fd of new Set(fds)) closeSync(fd);
    throw cause;
  }
}

/** A log was made by the brain. Should there be something else now, it is not waited for. */
function openOutput({ kind, path }: OutputEnd): number {
  const { O_RDWR, O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
  return openSync(path, kind === 'pipe' ? O_RDWR : O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
}

/** spawn() is synchronous, so nobody else sees the changed umask. */
function launch({ file, argv0, args, env, cwd, umask }: LaunchPlan, fds: readonly number[]): ChildProcess {
  const before = umask === undefined ? undefined : process.umask(umask);
  try {
    return unprotected(() => spawn(file, args, { argv0, env, cwd, detached: true, stdio: [...fds] }));
  } finally {
    if (before !== undefined) process.umask(before);
  }
}
