/** The supervisors that are compared, each started on the same programs in a private directory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { commandOf, isLive, treeOf } from './cost.ts';

export type PeerName = 'superd' | 'supervisord' | 's6' | 'runit' | 'daemontools' | 'pm2';

export interface Program {
  readonly name: string;
  readonly words: readonly string[];
  /** Its output goes to one rotated log; else to what supervisord makes by itself, and to nowhere with the others. */
  readonly isLogged: boolean;
  /** Further keys for supervisord and superd. */
  readonly keys?: string;
}

export interface Running {
  readonly dir: string;
  /** Where the API is served; only supervisord and superd have it. */
  readonly socket: string;
  /** The supervisor's own processes. */
  pids(): readonly number[];
  /** The process that is told to end. */
  readonly root: number;
  /** Tells it to end, and resolves when nothing of it is left. */
  stop(): Promise<void>;
}

interface Place {
  readonly dir: string;
  readonly probe: string;
  readonly programs: readonly Program[];
}

interface Recipe {
  readonly file: string;
  /** Debian's package, or how it is put in place. */
  readonly package: string;
  prepare(place: Place): void;
  readonly command: (place: Place) => readonly [file: string, ...args: string[]];
  /** What a person does to end everything; undefined: SIGTERM. */
  readonly end?: (place: Place, root: number) => void;
  /** When the supervisor is not what was started. */
  readonly root?: (place: Place) => number | undefined;
}

const CHECKOUT = join(import.meta.dirname, '..', '..');
export const SUPERCTL: string = join(CHECKOUT, 'bin', 'superctl');
const PM2 = join(CHECKOUT, 'var', 'bench', 'node_modules', '.bin', 'pm2');

const STOP_LIMIT_MS = 60_000;

/** 50 MB and ten backups: supervisord's own default. */
const ROTATION = { bytes: 50 * 2 ** 20, backups: 10 } as const;

function writeIni({ dir, programs }: Place): void {
  const section = ({ name, words, isLogged, keys }: Program): string =>
    `[program:${name}]\ncommand=${words.join(' ')}\nautorestart=true\n` +
    `${isLogged ? `redirect_stderr=true\nstdout_logfile=${join(dir, `${name}.log`)}\n` : ''}${keys ?? ''}\n`;
  writeFileSync(
    join(dir, 'bench.conf'),
    `[supervisord]\nlogfile=${dir}/main.log\npidfile=${dir}/pid\nchildlogdir=${dir}\nidentifier=bench\nminfds=4096\n` +
      `[unix_http_server]\nfile=${dir}/sock\n[supervisorctl]\nserverurl=unix://${dir}/sock\n` +
      '[rpcinterface:supervisor]\n' +
      'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n' +
      programs.map(section).join(''),
  );
}

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** A directory of service directories, as runit, s6 and daemontools have it. */
const writeServices =
  (logger: (dir: string) => string) =>
  ({ dir, programs }: Place): void => {
    for (const { name, words, isLogged } of programs) {
      const service = join(dir, 'services', name);
      mkdirSync(service, { recursive: true });
      script(join(service, 'run'), `exec ${words.join(' ')} 2>&1${isLogged ? '' : ' >/dev/null'}`);
      if (!isLogged) continue;
      mkdirSync(join(service, 'log'), { recursive: true });
      mkdirSync(join(dir, 'logs', name), { recursive: true });
      if (logger('').startsWith('exec svlogd')) {
        writeFileSync(join(dir, 'logs', name, 'config'), `s${ROTATION.bytes}\nn${ROTATION.backups}\n`);
      }
      script(join(service, 'log', 'run'), logger(join(dir, 'logs', name)));
    }
  };

function writeEcosystem({ dir, programs }: Place): void {
  const apps = programs.map(({ name, words: [file, ...args], isLogged }) => {
    const log = isLogged ? join(dir, `${name}.log`) : '/dev/null';
    return { name, script: file, args, interpreter: 'none', exec_mode: 'fork', out_file: log, error_file: log };
  });
  writeFileSync(join(dir, 'ecosystem.json'), JSON.stringify({ apps }));
}

function endDaemontools({ dir, programs }: Place, root: number): void {
  process.kill(root, 'SIGTERM');
  const services = programs.flatMap(({ name, isLogged }) => (isLogged ? [name, `${name}/log`] : [name]));
  execFileSync('/usr/bin/svc', ['-dx', ...services.map((name) => join(dir, 'services', name))]);
}

/** svlogd and multilog take sizes up to 16 MB. */
const RECIPES: Readonly<Record<PeerName, Recipe>> = {
  superd: {
    file: join(CHECKOUT, 'bin', 'superd'),
    package: 'this checkout',
    prepare: writeIni,
    command: ({ dir }) => [join(CHECKOUT, 'bin', 'superd'), '-n', '-c', join(dir, 'bench.conf')],
  },
  supervisord: {
    file: '/usr/bin/supervisord',
    package: 'apt-get install supervisor',
    prepare: writeIni,
    command: ({ dir }) => ['/usr/bin/supervisord', '-n', '-c', join(dir, 'bench.conf')],
  },
  s6: {
    file: '/usr/bin/s6-svscan',
    package: 'apt-get install s6',
    prepare: writeServices((dir) => `exec s6-log n${ROTATION.backups} s${ROTATION.bytes} ${dir}`),
    command: ({ dir }) => ['/usr/bin/s6-svscan', '-c', '2000', join(dir, 'services')],
  },
  runit: {
    file: '/usr/bin/runsvdir',
    package: 'apt-get install runit',
    prepare: writeServices((dir) => `exec svlogd ${dir}`),
    command: ({ dir }) => ['/usr/bin/runsvdir', join(dir, 'services')],
    end: (_place, root) => process.kill(root, 'SIGHUP'),
  },
  daemontools: {
    file: '/usr/bin/svscan',
    package: 'apt-get install daemontools',
    prepare: writeServices((dir) => `exec multilog n${ROTATION.backups} s16777215 ${dir}`),
    command: ({ dir }) => ['/usr/bin/svscan', join(dir, 'services')],
    end: endDaemontools,
  },
  pm2: {
    file: PM2,
    package: 'npm install --prefix var/bench pm2',
    prepare: writeEcosystem,
    command: ({ dir }) => [process.execPath, PM2, 'start', join(dir, 'ecosystem.json')],
    root: ({ dir }) => {
      const file = join(dir, 'pm2', 'pm2.pid');
      return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    },
    end: ({ dir }) => {
      execFileSync(process.execPath, [PM2, 'kill'], { env: environmentOf(dir), stdio: 'ignore' });
    },
  },
};

export const ALL_PEERS: readonly PeerName[] = ['superd', 'supervisord', 's6', 'runit', 'daemontools', 'pm2'];

export const isInstalled = (name: PeerName): boolean => existsSync(RECIPES[name].file);
export const packageOf = (name: PeerName): string => RECIPES[name].package;

const environmentOf = (dir: string): NodeJS.ProcessEnv => ({
  PATH: `${join(process.execPath, '..')}:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: dir,
  PM2_HOME: join(dir, 'pm2'),
});

/** Kills whatever is left of a run, by its pids. */
export function sweep(pids: Iterable<number>): void {
  for (const pid of pids) {
    try {
      if (isLive(pid)) process.kill(pid, 'SIGKILL');
    } catch {
      // It went by itself.
    }
  }
}

/** Looks at one process after the other, so that looking costs next to nothing. */
async function ended(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + STOP_LIMIT_MS;
  for (const pid of pids) {
    while (isLive(pid)) {
      if (performance.now() > deadline) throw new Error('it does not end');
      await pause(1);
    }
  }
}

/** Starts a supervisor on its programs; does not wait until they run. */
export function startPeer(name: PeerName, place: Place): Running {
  const recipe = RECIPES[name];
  recipe.prepare(place);
  const out = openSync(join(place.dir, 'out.log'), 'a');
  const [file, ...args] = recipe.command(place);
  const options = { cwd: place.dir, env: environmentOf(place.dir), stdio: ['ignore', out, out] as const };
  const child: ChildProcess = spawn(file, args, { ...options, stdio: [...options.stdio] });
  const root = (): number => recipe.root?.(place) ?? child.pid ?? 0;
  const isProbe = (pid: number): boolean => commandOf(pid).includes(`${place.probe} `);
  return {
    dir: place.dir,
    socket: join(place.dir, 'sock'),
    get root() {
      return root();
    },
    pids: () => treeOf(root()).filter((pid) => !isProbe(pid)),
    async stop() {
      const all = treeOf(root());
      if (recipe.end === undefined) process.kill(root(), 'SIGTERM');
      else recipe.end(place, root());
      await ended(all).finally(() => sweep(all));
    },
  };
}
