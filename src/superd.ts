/**
 * The brain's root: command line, configuration, what is to be before anything runs, and one run after another (a SIGHUP
 * ends a run and begins the next in the same process). It is started by the keeper, and decides nothing else.
 */
import { checkConfig } from './config/check.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/model.ts';
import { parseOptions, ROOT_SEARCH_WARNING, type SuperdOptions, USAGE } from './config/options.ts';
import { type ConfigFailure, formatFailure, formatProblem, problemJson, problemLines } from './config/problems.ts';
import { findConfigFile } from './config/search.ts';
import type { Run, RunRequest, StartProblem } from './daemon/request.ts';
import { Daemon } from './daemon/run.ts';
import { EXIT_USAGE, fail, ok, type Result } from './errors.ts';
import { Bus } from './events/bus.ts';
import { becomeUser } from './host/become.ts';
import { createConfigSource } from './host/config-source.ts';
import { setEngine } from './host/engine.ts';
import { bootId } from './host/identity.ts';
import { type Hello, KeeperLink } from './host/keeper-link.ts';
import { takeLaunch } from './host/launch.ts';
import { limitsFor, tooFew } from './host/limits.ts';
import { noteWork } from './host/tidy.ts';
import { findTwin } from './host/twin.ts';
import { type OpenedWorld, WorldFile } from './host/world-file.ts';
import { repr } from './repr.ts';
import { replay } from './supervisor/saved.ts';
import { VERSION } from './version.ts';

type RunOptions = Extract<SuperdOptions, { readonly kind: 'run' | 'check' }>;
type Messages = RunRequest['messages'];
type Load = () => Result<Config, ConfigFailure>;

/** The keeper passes signals on; one that is sent to the brain itself means the same. */
const HANDLED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/**
 * TurboFan's code would fill 9 MB of pages. Maglev compiles late: what it needs for that while a thousand programs start
 * (6 MB) does not go back to the system.
 */
const COMPILERS: readonly string[] = [
  '--no-opt',
  '--invocation-count-for-maglev=5000',
  '--invocation-count-for-maglev-osr=5000',
];

const launch = takeLaunch();
let current: Run | undefined;
/** What the keeper does when this brain ends. */
let afterwards: 'exit' | 'daemonize' | 'replace' = 'exit';
const link = new KeeperLink(() => {
  current?.log.log('critical', 'the keeper is gone; the programs run on, and wait for superd to be started again');
  process.exit(1);
});
const say = (text: string): void => link.send({ op: 'say', text });

/** supervisord's shape of a usage error. @source spec lifecycle 1.9 */
function usageError(message: string): number {
  say(`Error: ${message}\nFor help, use ${launch.argv0} -h\n`);
  return EXIT_USAGE;
}

async function main(): Promise<number> {
  const hello = await link.hello();
  const source = createConfigSource(launch.cwd);
  const parsed = parseOptions(process.argv.slice(2), source);
  if (!parsed.ok) return usageError(parsed.error);
  const options = parsed.value;
  if (options.kind === 'help') return print(USAGE);
  if (options.kind === 'version') return print(`${VERSION}\n`);
  const file = options.file === undefined ? findConfigFile(source, launch.argv0) : ok(options.file);
  if (!file.ok) return usageError(file.error);
  const load: Load = () =>
    loadConfig(createConfigSource(launch.cwd), { file: file.value, overrides: options.overrides, withFiles: true });
  if (hello.served > 0) return goOn(hello, load);
  const isRootSearch = options.file === undefined && process.getuid?.() === 0;
  if (isRootSearch && !launch.isDaemon) say(`Warning: ${ROOT_SEARCH_WARNING}\n`);
  if (options.kind === 'check') {
    return check(
      checkConfig(createConfigSource(launch.cwd), { file: file.value, overrides: options.overrides }),
      options,
    );
  }
  const loaded = load();
  return loaded.ok ? begin(loaded.value, hello, load) : refuse(loaded.error);
}

function refuse(failure: ConfigFailure): number {
  say(formatFailure(failure, launch.argv0));
  return EXIT_USAGE;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function check(checked: ReturnType<typeof checkConfig>, { json }: RunOptions): number {
  const problems = checked.ok ? checked.value : checked.error.problems;
  if (json) print(`${JSON.stringify(problems.map(problemJson), undefined, 2)}\n`);
  else if (!checked.ok) return refuse(checked.error);
  else for (const problem of problems) say(`${formatProblem(problem)}\n`);
  return checked.ok ? 0 : EXIT_USAGE;
}

/** The first brain of a keeper. */
async function begin(config: Config, hello: Hello, load: Load): Promise<number> {
  if (!config.daemon.nodaemon && !launch.isDaemon) {
    afterwards = 'daemonize';
    return 0;
  }
  const prepared = await prepare(config);
  if (!prepared.ok) return usageError(prepared.error);
  return supervise({ config, hello, load, messages: prepared.value, found: undefined });
}

/** A later brain: the world is as it was written down, and so is the configuration that runs. */
async function goOn(hello: Hello, load: Load): Promise<number> {
  const opened = openWorld(hello.statedir);
  if (!opened.ok) return usageError(opened.error);
  const world = replay(opened.value.changes);
  if (world !== undefined) return supervise({ config: world.booted, hello, load, messages: [], found: opened.value });
  // It died between two runs, when everything was stopped.
  const loaded = load();
  return loaded.ok
    ? supervise({ config: loaded.value, hello, load, messages: [], found: undefined })
    : refuse(loaded.error);
}

/** Limits before the user: root may still raise them. @source spec lifecycle 6.4 */
async function prepare({ daemon }: Config): Promise<Result<Messages, string>> {
  const wanted = { ...daemon, foundFiles: launch.foundFiles };
  const { nofile, nproc, infos } = limitsFor(wanted);
  const became = await link.become({ ...AS_IT_IS, nofile, nproc });
  if (became.failed === 'nofile' || became.failed === 'nproc') return fail(tooFew(became.failed, wanted));
  return ok(infos.map(info));
}

const AS_IT_IS = { nofile: undefined, nproc: undefined, user: undefined, umask: undefined, directory: undefined };
const info = (message: string): Messages[number] => ({ level: 'info', message });
const ROOT_MESSAGE =
  'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  ' +
  'If you intend to run as root, you can set user=root in the config file to avoid this message.';

/** At the beginning of every run: the keeper, whose user the programs inherit, and the brain. @source spec lifecycle 6.3 */
async function takeUser({ user }: Config['daemon']): Promise<Result<Messages, string>> {
  if (user === undefined) return ok(process.getuid?.() === 0 ? [{ level: 'critical', message: ROOT_MESSAGE }] : []);
  const became = await link.become({ ...AS_IT_IS, user });
  const problem = became.failed === '' ? becomeUser(user) : became.why;
  return problem === undefined ? ok([info(`Set uid to user ${user.uid} succeeded`)]) : fail(problem);
}

/** What only a daemon in the background does, once its sockets are open. @source spec lifecycle 6.1, 6.6 */
async function enterBackground({ directory, umask }: Config['daemon']): Promise<Messages> {
  const became = await link.become({ ...AS_IT_IS, umask, directory });
  process.umask(umask);
  const begun = info('daemonizing the supervisord process');
  if (directory === undefined) return [begun];
  if (became.failed !== '') {
    return [begun, { level: 'critical', message: `can't chdir into ${repr(directory)}: ${became.why}` }];
  }
  process.chdir(directory);
  return [begun, info(`set current directory: ${repr(directory)}`)];
}

interface Task {
  readonly config: Config;
  readonly hello: Hello;
  readonly load: Load;
  readonly messages: Messages;
  /** The world of an earlier brain, opened already. */
  readonly found: OpenedWorld | undefined;
}

const openWorld = (statedir: string): Result<OpenedWorld, string> =>
  WorldFile.open(statedir, bootId(), (text) => current?.log.log('error', text) ?? say(`${text}\n`));

/** Runs until a shutdown; each restart begins with the configuration that was checked before anything was stopped. */
async function supervise({ config, hello, load, messages, found }: Task): Promise<number> {
  const twin = hello.served === 0 ? await findTwin(config, hello.pid) : undefined;
  if (twin !== undefined) return usageError(twin);
  let next = config;
  let bus: Bus | undefined;
  listen();
  for (let run = 0; ; run += 1) {
    const user = await takeUser(next.daemon);
    if (!user.ok) return usageError(user.error);
    const isFirst = run === 0;
    const opened = isFirst && found !== undefined ? ok(found) : openWorld(next.daemon.statedir);
    if (!opened.ok) return usageError(opened.error);
    const goesBackground = launch.isDaemon && isFirst && hello.served === 0;
    const { daemon: settings } = next;
    const world = isFirst ? replay(opened.value.changes) : undefined;
    bus ??= new Bus((problem) => current?.log.log('critical', `bug: ${problem}`), world?.nextSerial);
    const daemon = await Daemon.open({
      config: next,
      bus,
      messages: isFirst ? [...user.value, ...messages] : user.value,
      background: async () => (goesBackground ? enterBackground(settings) : []),
      inForeground: next.daemon.nodaemon,
      link,
      hello,
      worldFile: opened.value.file,
      world,
      notice: say,
      load: () => {
        const loaded = load();
        if (!loaded.ok) {
          for (const line of problemLines(loaded.error)) current?.log.log('error', line);
          return fail(loaded.error.summary);
        }
        next = loaded.value;
        return loaded;
      },
      begins: (run) => {
        current = run;
      },
    });
    if (!daemon.ok) return startFailed(daemon.error);
    noteWork('burst');
    // The brain that had begun to restart had read them already.
    if (world?.mood === 'RESTARTING' && hello.served > 0) next = orElse(load(), next);
    const outcome = await daemon.value.finished;
    // If it dies from now on, it is not to be replaced.
    if (outcome === 'shutdown') link.send({ op: 'leaving', next: afterwards, status: 0 });
    if (outcome === 'replace') {
      // Nothing is closed: all that is open, made and written down is for the next brain.
      afterwards = 'replace';
      return 0;
    }
    await daemon.value.close();
    current = undefined;
    if (outcome === 'shutdown') return 0;
  }
}

const orElse = (loaded: Result<Config, unknown>, other: Config): Config => (loaded.ok ? loaded.value : other);

function startFailed({ status, text }: StartProblem): number {
  usageError(text);
  return status;
}

/** Signals reach the run that is on; nothing that goes wrong in a corner ends the brain. */
function listen(): void {
  for (const name of HANDLED) process.on(name, () => current?.signal(name));
  const survive = (cause: unknown): void => {
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    current?.log.log('critical', `bug: ${what}`);
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
}

async function leave(status: number): Promise<void> {
  link.send({ op: 'leaving', next: afterwards, status });
  await link.flush();
  process.exit(status);
}

process.title = 'superd brain';
setEngine(COMPILERS);
void main().then(leave, (cause: unknown) => {
  say(`superd: bug: ${cause instanceof Error ? cause.stack : String(cause)}\n`);
  return leave(1);
});
