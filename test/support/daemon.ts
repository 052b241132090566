/**
 * Starts superd, or the real supervisord, in a private directory, and leaves nothing behind. Everything that a test
 * learns comes from outside: the two clients, XML-RPC over the socket, files and /proc.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { execa, type Options } from 'execa';
import { decodeResponse, encodeCall, isStruct, type XmlValue } from '../../src/rpc/xml.ts';
import { processesOf, type RunningProcess } from './processes.ts';
import { removeTree } from './remove.ts';
import { until } from './until.ts';

export const CHECKOUT: string = join(import.meta.dirname, '../..');

/** The control sections of a private daemon: socket, pidfile and logs beside the file. Later keys win over these. */
export const CONTROL = `
[supervisord]
logfile=%(here)s/main.log
pidfile=%(here)s/main.pid
childlogdir=%(here)s/tmp

[unix_http_server]
file=%(here)s/control.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/control.sock
`;

export interface DaemonOptions {
  /** Written to superd.conf in the private directory; CONTROL comes before it. */
  readonly config: string;
  /** Further files, by their path in that directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the daemon's command: something that executes it with other limits, or as somebody else. */
  readonly prefix?: readonly string[];
  /** Default: what TEST_DAEMON says, else superd. */
  readonly program?: 'superd' | 'supervisord';
  /** Another executable in the place of bin/superd. */
  readonly executable?: string;
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export interface ProcessStatus {
  readonly state: string;
  readonly pid: number;
  readonly description: string;
}

const PROGRAMS = { superd: `${CHECKOUT}/bin/superd`, supervisord: '/usr/bin/supervisord' } as const;

/** Nothing is inherited, nothing is buffered without need, nothing is killed behind the test's back. */
const EXECA = {
  extendEnv: false,
  reject: false,
  cleanup: false,
  stripFinalNewline: false,
  forceKillAfterDelay: false,
} as const satisfies Options;

/** Kills, with SIGKILL and until none is left, every process that carries the tag. */
async function killAll(tag: string): Promise<void> {
  await until(`no process with ${tag}`, () => {
    const left = processesOf(tag);
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It went by itself.
      }
    }
    return left.length === 0;
  });
}

/** The whole environment of a process that belongs to a private directory: nothing of the person who runs the tests. */
export const environmentOf = (dir: string): Readonly<Record<string, string>> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: dir,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  SUPERD_TEST: basename(dir),
});

/** A directory that vanishes with the test, and with it every process that carries its tag. */
export function privateDirectory(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'superd-')));
  t.after(async () => {
    await killAll(basename(dir));
    removeTree(dir);
  });
  return dir;
}

/** What must not outlive a daemon: sockets, named pipes and where they are, and files that are temporary by their name. */
export function leftovers(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isSocket() ||
        entry.isFIFO() ||
        entry.name === 'pipes' ||
        /\.(pid|tmp|new|sock[.0-9]*)$|~$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}

export class Daemon {
  readonly dir: string;
  readonly config: string;
  readonly socket: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #program: string;
  readonly #prefix: readonly string[];
  #child: ChildProcess | undefined;

  constructor(dir: string, options: DaemonOptions) {
    const chosen = options.program ?? (process.env['TEST_DAEMON'] === 'supervisord' ? 'supervisord' : 'superd');
    this.dir = dir;
    this.config = join(dir, 'superd.conf');
    this.socket = join(dir, 'control.sock');
    this.#program = options.executable ?? PROGRAMS[chosen];
    this.#prefix = options.prefix ?? [];
    this.#env = { ...environmentOf(dir), TMPDIR: join(dir, 'tmp'), ...options.env };
    for (const [path, content] of Object.entries({ 'superd.conf': CONTROL + options.config, ...options.files })) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content);
    }
    mkdirSync(join(dir, 'tmp'), { recursive: true });
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon does not run');
    return pid;
  }

  /** Starts the daemon in the foreground and waits until its API answers. */
  async start(...args: readonly string[]): Promise<void> {
    const out = openSync(join(this.dir, 'out.log'), 'a');
    const options: SpawnOptions = { cwd: this.dir, env: this.#env, stdio: ['ignore', out, out] };
    const [file = this.#program, ...words] = [...this.#prefix, this.#program, '-n', '-c', this.config, ...args];
    const child = spawn(file, words, options);
    closeSync(out);
    this.#child = child;
    await until(
      () => `the daemon answers\n${this.output()}`,
      async () => {
        if (hasEnded(child)) throw new Error(`the daemon ended before it answered:\n${this.output()}`);
        return this.rpc('supervisor.getState').then(isStruct, () => false);
      },
    );
  }

  /** Everything that the daemon wrote to its standard output and error. */
  output(): string {
    return readFileSync(join(this.dir, 'out.log'), 'utf8');
  }

  /** The main log. */
  log(): string {
    return readFileSync(join(this.dir, 'main.log'), 'utf8');
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  /** Runs any command in the private directory, with the environment that the daemon has. */
  async run(command: string, ...args: readonly string[]): Promise<Answer> {
    const options = { ...EXECA, cwd: this.dir, env: this.#env, stdin: 'ignore', timeout: 60_000 } as const;
    const { stdout, stderr, exitCode, signal } = await execa(command, args, options);
    if (exitCode === undefined) throw new Error(`${command} ${args.join(' ')}: ended by ${signal ?? 'nothing'}`);
    return { stdout, stderr, status: exitCode };
  }

  /** The real supervisorctl. */
  supervisorctl(...args: readonly string[]): Promise<Answer> {
    return this.run('/usr/bin/supervisorctl', '-c', this.config, ...args);
  }

  superctl(...args: readonly string[]): Promise<Answer> {
    return this.run(`${CHECKOUT}/bin/superctl`, '-c', this.config, ...args);
  }

  /**
   * One XML-RPC call over the socket.
   * @throws when there is no connection, or with `<code> <text>` of a fault.
   */
  async rpc(method: string, ...params: readonly XmlValue[]): Promise<XmlValue> {
    const body = encodeCall(method, params);
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const call = request({ socketPath: this.socket, path: '/RPC2', method: 'POST', headers, agent: false });
    call.on('error', reject).on('response', (response) => {
      text(response).then(resolve, reject);
    });
    call.end(body);
    const answer = decodeResponse(await promise);
    if (!answer.ok) throw new Error(`${answer.error.code} ${answer.error.text}`);
    return answer.value;
  }

  async status(name: string): Promise<ProcessStatus> {
    const info = await this.rpc('supervisor.getProcessInfo', name);
    if (!isStruct(info)) throw new Error(`getProcessInfo(${name}) gave no struct`);
    const { statename: state, pid, description } = info;
    if (typeof state !== 'string' || typeof pid !== 'number' || typeof description !== 'string') {
      throw new Error(`getProcessInfo(${name}) gave ${JSON.stringify(info)}`);
    }
    return { state, pid, description };
  }

  /** Waits until a process is in `state`; with `not`, under another pid than that. */
  async reaches(name: string, state: string, not?: number): Promise<ProcessStatus> {
    let last: ProcessStatus | undefined;
    return until(
      () => `${name} is ${state}; it is ${JSON.stringify(last)}\n${this.log()}`,
      async () => {
        last = await this.status(name);
        return last.state === state && last.pid !== not && last;
      },
    );
  }

  /** Everything that runs because of this daemon, itself included, oldest pid first. */
  processes(): readonly RunningProcess[] {
    return processesOf(basename(this.dir));
  }

  /** The processes below one pid, itself included. */
  tree(pid: number): readonly RunningProcess[] {
    const all = this.processes();
    const inside = new Set([pid]);
    for (const process of all) if (inside.has(process.ppid)) inside.add(process.pid);
    return all.filter((process) => inside.has(process.pid));
  }

  /** Sends a signal to the daemon, and waits until it is gone. @returns its exit status, undefined for a signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | undefined> {
    this.#child?.kill(signal);
    return this.ended();
  }

  /** Waits until the daemon has gone. */
  async ended(): Promise<number | undefined> {
    const child = this.#child;
    if (child === undefined) throw new Error('the daemon does not run');
    await until(
      () => `the daemon ends\n${this.output()}`,
      () => hasEnded(child),
    );
    return child.exitCode ?? undefined;
  }

  /** Nothing may be left of a daemon that has stopped. */
  assertQuiet(): void {
    const problems = [
      ...this.processes().map(({ pid, command }) => `process ${pid}: ${command}`),
      ...leftovers(this.dir),
    ];
    if (problems.length > 0) throw new Error(`left behind:\n${problems.join('\n')}\n${this.log()}`);
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Starts a daemon for one test; whatever happens, its processes and its directory go with the test. */
export async function startDaemon(t: TestContext, options: DaemonOptions): Promise<Daemon> {
  const daemon = new Daemon(privateDirectory(t), options);
  await daemon.start();
  return daemon;
}
