/** A Control for tests of the API: processes are plain records that the test moves by hand. */
import type { Config, GroupConfig, ProcessConfig, StreamConfig } from '../../src/config/model.ts';
import type { Plan } from '../../src/config/plan.ts';
import { ok, type Result } from '../../src/errors.ts';
import type { CommandProblem } from '../../src/process/command.ts';
import type { StateName } from '../../src/process/state.ts';
import type {
  Control,
  GroupInfo,
  History,
  LastExit,
  Mood,
  ProcessInfo,
  Rereading,
} from '../../src/supervisor/control.ts';
import type { Slot } from '../../src/supervisor/host.ts';
import { bytes, type EpochMillis, epochMillis, millis, type Pid, pid, type Signal, signal } from '../../src/units.ts';

const PLACE = { file: 'superd.conf', line: 1 };

const STREAM: StreamConfig = {
  logfile: { kind: 'none' },
  maxbytes: bytes(52_428_800),
  backups: 10,
  captureMaxbytes: bytes(0),
  isDirect: false,
  eventsEnabled: false,
  syslog: false,
};

export const processConfig = (name: string, changes: Partial<ProcessConfig> = {}): ProcessConfig => ({
  name,
  program: name,
  command: `/bin/${name}`,
  directory: undefined,
  umask: undefined,
  priority: 999,
  autostart: true,
  autorestart: 'unexpected',
  startsecs: millis(1000),
  startretries: 3,
  stopsignal: signal(15),
  stopwaitsecs: millis(10_000),
  stopasgroup: false,
  killasgroup: false,
  exitcodes: [0],
  redirectStderr: false,
  user: undefined,
  environment: {},
  serverurl: 'auto',
  stdout: STREAM,
  stderr: STREAM,
  place: PLACE,
  ...changes,
});

export const groupConfig = (name: string, processes: readonly ProcessConfig[], priority = 999): GroupConfig => ({
  kind: 'group',
  name,
  priority,
  processes,
  place: PLACE,
});

const configOf = (groups: readonly GroupConfig[]): Config => ({
  file: '/etc/superd.conf',
  files: ['/etc/superd.conf'],
  includes: [],
  daemon: {
    logfile: '/var/log/superd.log',
    logfileMaxbytes: bytes(52_428_800),
    logfileBackups: 10,
    loglevel: 'info',
    pidfile: '/run/superd.pid',
    umask: 0o22,
    nodaemon: false,
    silent: false,
    minfds: 1024,
    minprocs: 200,
    nocleanup: false,
    childlogdir: '/tmp',
    user: undefined,
    directory: undefined,
    stripAnsi: false,
    environment: {},
    identifier: 'supervisor',
    statedir: '/run/superd.state',
    journalMaxbytes: bytes(64 * 2 ** 20),
    metrics: 'auto',
    metricsInterval: millis(5000),
    metricsMaxbytes: bytes(64 * 2 ** 20),
    watch: false,
  },
  servers: [],
  rpcinterfaces: [],
  groups,
  notices: [],
  warnings: [],
});

interface Waiter {
  readonly slot: Slot;
  readonly until: (state: StateName) => boolean;
  readonly resolve: (info: ProcessInfo | undefined) => void;
}

const key = ({ group, process }: Slot): string => `${group}:${process}`;

export class FakeControl implements Control {
  mood: Mood = 'RUNNING';
  readonly pid: Pid = pid(4242);
  readonly identifier: string = 'supervisor';
  config: Config;
  now: EpochMillis = epochMillis(1_795_342_382_500);
  /** What was asked of it, in order: `start web:a`. */
  readonly calls: string[] = [];
  readonly written: Uint8Array[] = [];
  readonly problems: Map<string, CommandProblem> = new Map();
  /** The state after a start that spawns; default STARTING. */
  readonly afterStart: Map<string, Partial<ProcessInfo>> = new Map();
  readonly startFailures: Set<string> = new Set();
  stopResult: Result<void, string> = ok(undefined);
  signalResult: Result<void, string> = ok(undefined);
  writeResult: Result<void, 'closed' | 'full'> = ok(undefined);
  clearResult: Result<void, string> = ok(undefined);
  rereadResult: Result<Rereading, string> = ok({ added: [], changed: [], removed: [] });
  addResult: Result<void, 'bad-name' | 'already-added'> = ok(undefined);
  removeResult: Result<void, 'bad-name' | 'still-running'> = ok(undefined);
  restartResult: Result<void, string> = ok(undefined);
  #groups: readonly GroupInfo[];
  #waiters: readonly Waiter[] = [];

  constructor(groups: readonly GroupConfig[]) {
    this.config = configOf(groups);
    this.#groups = groups.map((config) => ({
      config,
      processes: config.processes.map((process) => ({
        slot: { group: config.name, process: process.name },
        config: process,
        state: 'STOPPED',
        pid: 0,
        startedAt: undefined,
        stoppedAt: undefined,
        spawnError: '',
        exitStatus: 0,
        isDisabled: false,
        stdoutLog: '',
        stderrLog: '',
      })),
    }));
  }

  wall(): EpochMillis {
    return this.now;
  }

  groups(): readonly GroupInfo[] {
    return this.#groups;
  }

  group(name: string): GroupInfo | undefined {
    return this.#groups.find(({ config }) => config.name === name);
  }

  process(slot: Slot): ProcessInfo | undefined {
    return this.group(slot.group)?.processes.find((info) => info.slot.process === slot.process);
  }

  /** Changes what is known of `group:process`, and wakes who waited for it. */
  set(name: string, changes: Partial<ProcessInfo>): void {
    this.#groups = this.#groups.map((group) => ({
      ...group,
      processes: group.processes.map((info) => (key(info.slot) === name ? { ...info, ...changes } : info)),
    }));
    this.#wake();
  }

  /** Gives `group:process` another name. */
  rename(from: string, process: string): void {
    const [group = ''] = from.split(':');
    this.set(from, { slot: { group, process } });
  }

  /** Takes a group away at once. */
  drop(name: string): void {
    this.#groups = this.#groups.filter(({ config }) => config.name !== name);
    this.#wake();
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ slot, until, resolve }) => {
      const info = this.process(slot);
      if (info !== undefined && !until(info.state)) return true;
      resolve(info);
      return false;
    });
  }

  check(slot: Slot): CommandProblem | undefined {
    return this.problems.get(key(slot));
  }

  start(slot: Slot): Promise<'spawned' | 'failed'> {
    const name = key(slot);
    this.calls.push(`start ${name}`);
    if (this.startFailures.has(name)) {
      this.set(name, { state: 'BACKOFF', spawnError: 'unknown error' });
      return Promise.resolve('failed');
    }
    this.set(name, { state: 'STARTING', pid: pid(100), spawnError: '', ...this.afterStart.get(name) });
    return Promise.resolve('spawned');
  }

  stop(slot: Slot): Result<void, string> {
    this.calls.push(`stop ${key(slot)}`);
    if (!this.stopResult.ok) return this.stopResult;
    const isBackoff = this.process(slot)?.state === 'BACKOFF';
    this.set(key(slot), { state: isBackoff ? 'STOPPED' : 'STOPPING' });
    return this.stopResult;
  }

  signal(slot: Slot, sent: Signal): Result<void, string> {
    this.calls.push(`signal ${key(slot)} ${sent}`);
    return this.signalResult;
  }

  disableResult: Result<void, string> = ok(undefined);
  disable(slot: Slot): Result<void, string> {
    this.calls.push(`disable ${key(slot)}`);
    if (this.disableResult.ok) this.set(key(slot), { isDisabled: true });
    return this.disableResult;
  }

  enable(slot: Slot): Result<void, string> {
    this.calls.push(`enable ${key(slot)}`);
    if (this.disableResult.ok) this.set(key(slot), { isDisabled: false });
    return this.disableResult;
  }

  settled(slot: Slot, until: (state: StateName) => boolean): Promise<ProcessInfo | undefined> {
    return new Promise((resolve) => {
      this.#waiters = [...this.#waiters, { slot, until, resolve }];
      this.#wake();
    });
  }

  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'> {
    this.calls.push(`write ${key(slot)}`);
    this.written.push(data);
    return this.writeResult;
  }

  clearLogs(slot: Slot): Result<void, string> {
    this.calls.push(`clear ${key(slot)}`);
    return this.clearResult;
  }

  reread(): Result<Rereading, string> {
    this.calls.push('reread');
    return this.rereadResult;
  }

  addGroup(name: string): Result<void, 'bad-name' | 'already-added'> {
    this.calls.push(`add ${name}`);
    return this.addResult;
  }

  removeGroup(name: string): Result<void, 'bad-name' | 'still-running'> {
    this.calls.push(`remove ${name}`);
    return this.removeResult;
  }

  shutdown(): void {
    this.calls.push('shutdown');
    this.mood = 'SHUTDOWN';
  }

  restart(): Result<void, string> {
    this.calls.push('restart');
    if (this.restartResult.ok) this.mood = 'RESTARTING';
    return this.restartResult;
  }

  lastExit: LastExit | undefined;
  history(slot: Slot): History | undefined {
    return this.process(slot) === undefined ? undefined : { lastExit: this.lastExit, starts: 3 };
  }

  nextPlan: Result<Plan, string> = ok({ added: [], changed: [], removed: [] });
  plan(): Result<Plan, string> {
    return this.nextPlan;
  }

  emitRemoteCommunication(type: string, data: string): void {
    this.calls.push(`remote ${type} ${data}`);
  }
}
