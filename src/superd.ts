/**
 * The daemon's root: command line, configuration, going into the background, and one run after another (a SIGHUP ends a
 * run and begins the next in the same process). It knows both the chapters and the machine, and decides nothing else.
 */
import { loadConfig } from './config/load.ts';
import type { Config } from './config/model.ts';
import { findConfigFile, parseOptions, ROOT_SEARCH_WARNING, type SuperdOptions, USAGE } from './config/options.ts';
import { type ConfigFailure, formatFailure, formatProblem, problemJson } from './config/problems.ts';
import { Daemon, type RunRequest } from './daemon.ts';
import { EXIT_USAGE, fail, ok, type Result } from './errors.ts';
import { Bus } from './events/bus.ts';
import { createConfigSource } from './host/config-source.ts';
import { StartReport, startDaemonProcess } from './host/daemonize.ts';
import { errnoOf } from './host/errno.ts';
import { takeLaunch } from './host/launch.ts';
import { applyLimits, closeStrayDescriptors } from './host/limits.ts';
import { becomeUser } from './host/os-user.ts';
import { repr } from './repr.ts';
import { VERSION } from './version.ts';

type RunOptions = Extract<SuperdOptions, { readonly kind: 'run' | 'check' }>;
type Messages = RunRequest['messages'];

const HANDLED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** Descriptors that superd uses beside those of programs. */
const OWN_FILES = 100;
/** Two pipes and two logs, and some for moments of change. */
const FILES_PER_PROCESS = 6;
const READY_FD = 3;

const launch = takeLaunch();
const report = new StartReport(launch.isDaemon);

/** supervisord's shape of a usage error. @source spec lifecycle 1.9 */
function usageError(message: string): number {
  report.say(`Error: ${message}\nFor help, use ${launch.argv0} -h\n`);
  return EXIT_USAGE;
}

async function main(): Promise<number> {
  const source = createConfigSource();
  const parsed = parseOptions(process.argv.slice(2), source);
  if (!parsed.ok) return usageError(parsed.error);
  const options = parsed.value;
  if (options.kind === 'help') return print(USAGE);
  if (options.kind === 'version') return print(`${VERSION}\n`);
  const file = options.file === undefined ? findConfigFile(source, launch.argv0) : ok(options.file);
  if (!file.ok) return usageError(file.error);
  const isRootSearch = options.file === undefined && process.getuid?.() === 0;
  if (isRootSearch && !launch.isDaemon) report.say(`Warning: ${ROOT_SEARCH_WARNING}\n`);
  const load = (): Result<Config, ConfigFailure> =>
    loadConfig(source, { file: file.value, overrides: options.overrides });
  const loaded = load();
  if (options.kind === 'check') return check(loaded, options);
  if (!loaded.ok) {
    report.say(formatFailure(loaded.error, launch.argv0));
    return EXIT_USAGE;
  }
  if (!loaded.value.daemon.nodaemon && !launch.isDaemon) return startDaemonProcess(launch);
  return supervise(loaded.value, load);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function check(loaded: Result<Config, ConfigFailure>, { json }: RunOptions): number {
  const problems = loaded.ok ? loaded.value.warnings : loaded.error.problems;
  if (json) print(`${JSON.stringify(problems.map(problemJson), undefined, 2)}\n`);
  else if (!loaded.ok) report.say(formatFailure(loaded.error, launch.argv0));
  else for (const problem of problems) report.say(`${formatProblem(problem)}\n`);
  return loaded.ok ? 0 : EXIT_USAGE;
}

/** Limits before the user: root may still raise them. @source spec lifecycle 6.4 */
function prepare({ daemon, groups }: Config): Result<Messages, string> {
  closeStrayDescriptors(launch.isDaemon ? [READY_FD] : []);
  const processes = groups.reduce((count, group) => count + group.processes.length, 0);
  const ownFiles = OWN_FILES + FILES_PER_PROCESS * processes;
  const limits = applyLimits({ ...daemon, foundFiles: launch.foundFiles, ownFiles });
  if (limits.error !== undefined) return fail(limits.error);
  return ok(limits.infos.map((message) => ({ level: 'info', message })));
}

/** At the beginning of every run. @source spec lifecycle 6.3 */
function takeUser({ user }: Config['daemon']): Result<Messages, string> {
  if (user === undefined) return ok(process.getuid?.() === 0 ? [{ level: 'critical', message: ROOT_MESSAGE }] : []);
  const problem = becomeUser(user);
  return problem === undefined
    ? ok([{ level: 'info', message: `Set uid to user ${user.uid} succeeded` }])
    : fail(problem);
}

const ROOT_MESSAGE =
  'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  ' +
  'If you intend to run as root, you can set user=root in the config file to avoid this message.';

/** What only a daemon in the background does, once its sockets are open. @source spec lifecycle 6.1, 6.6 */
function enterBackground({ directory, umask }: Config['daemon']): Messages {
  process.umask(umask);
  const begun = { level: 'info', message: 'daemonizing the supervisord process' } as const;
  if (directory === undefined) return [begun];
  try {
    process.chdir(directory);
    return [begun, { level: 'info', message: `set current directory: ${repr(directory)}` }];
  } catch (cause) {
    return [begun, { level: 'critical', message: `can't chdir into ${repr(directory)}: ${errnoOf(cause)}` }];
  }
}

/** Runs until a shutdown; each restart begins with the configuration that was checked before anything was stopped. */
async function supervise(first: Config, load: () => Result<Config, ConfigFailure>): Promise<number> {
  const prepared = prepare(first);
  if (!prepared.ok) return usageError(prepared.error);
  let current: Daemon | undefined;
  let next: Config = first;
  let limits = prepared.value;
  let isFirst = true;
  const bus = new Bus((problem) => current?.log.log('critical', `bug: ${problem}`));
  listen(() => current);
  for (;;) {
    const { daemon } = next;
    const user = takeUser(daemon);
    if (!user.ok) return usageError(user.error);
    const goesBackground = launch.isDaemon && isFirst;
    const opened = await Daemon.open({
      config: next,
      bus,
      messages: [...user.value, ...limits],
      background: () => (goesBackground ? enterBackground(daemon) : []),
      inForeground: next.daemon.nodaemon,
      notice: (text) => report.say(text),
      load: () => {
        const loaded = load();
        if (!loaded.ok) return fail(loaded.error.summary);
        next = loaded.value;
        return ok(loaded.value);
      },
    });
    if (!opened.ok) return startFailed(opened.error);
    current = opened.value;
    report.ready();
    const outcome = await current.finished;
    const ended = current;
    current = undefined;
    await ended.close();
    if (outcome === 'shutdown') return 0;
    limits = [];
    isFirst = false;
  }
}

function startFailed({ status, text }: { readonly status: number; readonly text: string }): number {
  usageError(text);
  return status;
}

/** Signals reach the run that is on; nothing that goes wrong in a corner ends the daemon. */
function listen(current: () => Daemon | undefined): void {
  for (const name of HANDLED) process.on(name, () => current()?.signal(name));
  const survive = (cause: unknown): void => {
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    current()?.log.log('critical', `bug: ${what}`);
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
}

process.title = 'superd';
void main().then(
  (status) => process.exit(status),
  (cause: unknown) => {
    report.say(`superd: bug: ${cause instanceof Error ? cause.stack : String(cause)}\n`);
    process.exit(1);
  },
);
