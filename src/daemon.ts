/**
 * One run of the daemon, from an open main log to the last socket closed: it puts the chapters and the adapters together.
 * A composition root, like superd.ts, which starts one run after another.
 */
import { rmdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Config, ServerConfig } from './config/model.ts';
import { logLine } from './config/problems.ts';
import { fail, ok, type Result } from './errors.ts';
import type { Bus } from './events/bus.ts';
import { cleanAutoLogs, createAutoLog } from './host/auto-logs.ts';
import { after, SystemClock } from './host/clock.ts';
import { DisabledFile } from './host/disabled-file.ts';
import { errnoOf } from './host/errno.ts';
import { type OpenServer, openServer, type ServerProblem } from './host/http-server.ts';
import { bootId } from './host/identity.ts';
import { JournalFile } from './host/journal-file.ts';
import type { Hello, KeeperLink } from './host/keeper-link.ts';
import { KeptChildren } from './host/kept-children.ts';
import { Launcher } from './host/launch-plan.ts';
import { openLogFile } from './host/log-file.ts';
import { logReader } from './host/log-reader.ts';
import { type MainLogWriter, openMainLog } from './host/main-log.ts';
import { SlotOutputs } from './host/outputs.ts';
import { removePidfile, writePidfile } from './host/pidfile.ts';
import { PipeFolder } from './host/pipes.ts';
import { PoolPositions } from './host/pool-positions.ts';
import { KeeperRecoverer } from './host/recoverer.ts';
import { randomToken, sha1 } from './host/secrets.ts';
import { SharedSockets } from './host/shared-sockets.ts';
import { Syslog, SyslogSink } from './host/syslog.ts';
import { IN_USE } from './host/twin.ts';
import { watchFiles } from './host/watch.ts';
import type { WorldFile } from './host/world-file.ts';
import type { ToBrain } from './keeper/protocol.ts';
import { pidOf } from './process/machine.ts';
import { publish } from './rpc/methods.ts';
import type { MainLog } from './supervisor/host.ts';
import { Listeners } from './supervisor/listeners.ts';
import { changesOf, type SavedLogs, type SavedWorld } from './supervisor/saved.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { Updater } from './supervisor/update.ts';
import { epochMillis, pid } from './units.ts';
import { VERSION } from './version.ts';
import { createHandler } from './web/routes.ts';

/** Why a run could not begin. */
export interface StartProblem {
  readonly status: number;
  readonly text: string;
}

export interface RunRequest {
  readonly config: Config;
  /** Kept over runs, so that serial numbers go on. */
  readonly bus: Bus;
  /** What happened before there was a log. */
  readonly messages: readonly { readonly level: 'critical' | 'warn' | 'info'; readonly message: string }[];
  /** Goes into the background, where that was asked for; called when the sockets are open. @returns what it has to tell */
  background(): Promise<RunRequest['messages']>;
  readonly inForeground: boolean;
  readonly link: KeeperLink;
  readonly hello: Hello;
  readonly worldFile: WorldFile;
  /** What an earlier brain left; undefined: everything begins. */
  readonly world: SavedWorld | undefined;
  /** Says something to whoever started the daemon. */
  notice(text: string): void;
  load(): Result<Config, string>;
}

/** A brain that dies has used event numbers that are not in the journal; the next begins well after them. */
const SERIALS_AHEAD = 1000;

export class Daemon {
  readonly #request: RunRequest;
  readonly #log: MainLogWriter;
  readonly #outputs: SlotOutputs;
  readonly #supervisor: Supervisor;
  readonly #listeners: Listeners;
  readonly #syslog: Syslog;
  readonly #children: KeptChildren;
  readonly #updater: Updater;
  /** The logs of every slot, by `group:process`. */
  readonly #logs = new Map<string, SavedLogs>();
  readonly #journal: JournalFile;
  readonly #positions: PoolPositions;
  readonly #resources = new AsyncDisposableStack();
  readonly #begun = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<'shutdown' | 'restart'>();

  /** Opens everything and starts the programs, or leaves nothing behind. */
  static async open(request: RunRequest): Promise<Result<Daemon, StartProblem>> {
    const { daemon } = request.config;
    const log = openMainLog({
      logfile: daemon.logfile,
      maxbytes: daemon.logfileMaxbytes,
      backups: daemon.logfileBackups,
      level: daemon.loglevel,
      echo: request.inForeground && !daemon.silent,
      wall: () => epochMillis(Date.now()),
      tag: 'supervisord',
    });
    if (!log.ok) return fail({ status: 1, text: `cannot open the main log ${daemon.logfile}: ${log.error}` });
    const run = new Daemon(request, log.value);
    const problem = await run.#start();
    if (problem === undefined) return ok(run);
    await run.close();
    return fail(problem);
  }

  private constructor(request: RunRequest, log: MainLogWriter) {
    const { config, bus } = request;
    this.#request = request;
    this.#log = log;
    this.#syslog = new Syslog({ tag: 'supervisord', onProblem: (text) => log.log('error', text) });
    this.#journal = new JournalFile({
      directory: join(config.daemon.statedir, 'journal'),
      maxbytes: config.daemon.journalMaxbytes,
      wall: () => epochMillis(Date.now()),
      onProblem: (text) => log.log('critical', text),
    });
    const journal = this.#journal;
    this.#positions = new PoolPositions(join(config.daemon.statedir, 'pools'), (text) => log.log('critical', text));
    const clock = new SystemClock(() => this.#supervisor.wake());
    this.#outputs = this.#openOutputs();
    const { link, hello, worldFile, world } = request;
    const environment = {
      own: process.env,
      serverUrl: serverUrlOf(config.servers),
      forListeners: { SUPERD_CONFIG: config.file, SUPERD_STATEDIR: config.daemon.statedir },
    };
    this.#children = new KeptChildren({
      pipes: this.#outputs,
      launcher: new Launcher(environment, worldFile.mark),
      send: (message) => link.send(message),
      report: (event) => {
        this.#supervisor.child(event);
        if (event.kind === 'exited') log.log('debug', 'received SIGCHLD indicating a child quit');
      },
      signalFailed: (target, code) => log.log('critical', `unknown problem killing process ${target}:${code}`),
    });
    const children = this.#children;
    const events = new Listeners({
      log,
      children,
      identifier: config.daemon.identifier,
      bus,
      after,
      journal,
      positions: this.#positions,
    });
    this.#listeners = events;
    this.#supervisor = new Supervisor(
      { booted: config, read: world?.read ?? config },
      {
        clock,
        children,
        outputs: this.#outputs,
        log,
        journal,
        disabled: new DisabledFile(join(config.daemon.statedir, 'disabled.json'), (text) => log.log('critical', text)),
        events,
        pid: pid(hello.pid),
        store: worldFile,
        load: request.load,
        finished: (outcome) => this.#finished.resolve(outcome),
      },
    );
    this.#updater = new Updater(this.#supervisor, { log, journal });
  }

  get log(): MainLog {
    return this.#log;
  }

  /** Resolves when everything is stopped. */
  get finished(): Promise<'shutdown' | 'restart'> {
    return this.#finished.promise;
  }

  /** @source spec lifecycle 6.2 */
  signal(name: NodeJS.Signals): void {
    switch (name) {
      case 'SIGHUP':
        if (this.#supervisor.mood !== 'RUNNING') {
          this.#log.log('warn', 'ignored SIGHUP indicating restart request (shutdown in progress)');
          return;
        }
        this.#log.log('warn', 'received SIGHUP indicating restart request');
        this.#tellSignal(name, 'supervisor.restart');
        this.#supervisor.restart();
        return;
      case 'SIGUSR2':
        this.#log.log('info', 'received SIGUSR2 indicating log reopen request');
        this.#tellSignal(name, 'reopen the logs');
        this.#log.reopen();
        this.#outputs.reopen();
        return;
      case 'SIGUSR1':
        this.#log.log('warn', 'ignored SIGUSR1');
        return;
      default:
        this.#log.log('warn', `received ${name} indicating exit request`);
        this.#tellSignal(name, 'supervisor.shutdown');
        this.#supervisor.shutdown();
    }
  }

  /** The keeper says it again to the next brain, unless it hears that this one has done what it means. */
  #signalled({ name, seq }: Extract<ToBrain, { readonly op: 'os-signal' }>): void {
    this.signal(name);
    this.#request.link.send({ op: 'signal-done', seq });
  }

  #tellSignal(name: string, action: string): void {
    this.#journal.append({ kind: 'operator', action, args: [], by: { kind: 'signal', name } });
  }

  /** Closes what is open, in the opposite order. */
  async close(): Promise<void> {
    await this.#resources.disposeAsync();
    this.#syslog.close();
    this.#log.close();
  }

  /** An earlier brain of the same keeper has done all that is done once. */
  get #isBack(): boolean {
    return this.#request.hello.served > 0 && this.#request.world !== undefined;
  }

  async #start(): Promise<StartProblem | undefined> {
    const { world, link } = this.#request;
    const { daemon } = this.#request.config;
    if (!this.#isBack) this.#tellBeginning();
    const problem = await this.#openServers();
    if (problem !== undefined) return problem;
    // Not before: the socket files of a live daemon are not to be touched.
    const obstacle = world === undefined ? await this.#supervisor.obstacle() : undefined;
    if (obstacle !== undefined) return { status: 1, text: obstacle };
    if (!this.#isBack) this.#announceServers();
    for (const { level, message } of await this.#request.background()) this.#log.log(level, message);
    this.#resources.defer(() => this.#removeState());
    this.#openJournal();
    if (!daemon.nocleanup && !this.#isBack) this.#cleanAutoLogs();
    this.#writePidfile();
    link.send({ op: 'ready', logfile: this.#log.path ?? '', statedir: daemon.statedir });
    this.#begin();
    // Not before: what the keeper has to tell is of processes that are known by now.
    link.listen((message) => (message.op === 'os-signal' ? this.#signalled(message) : this.#children.hear(message)));
    this.#resources.defer(() => link.pause());
    this.#begun.resolve();
    if (daemon.watch) this.#resources.use(await this.#watch());
    return undefined;
  }

  /** Boots, or goes on where an earlier brain ended. */
  #begin(): void {
    const { config, world, worldFile, hello, link, bus } = this.#request;
    worldFile.snapshot = () => [...changesOf(this.#supervisor.snapshot(this.#logs, bus.nextSerial + SERIALS_AHEAD))];
    if (world === undefined) return this.#supervisor.boot();
    const how = hello.served > 0 ? 'replaced' : 'started';
    const recoverer = new KeeperRecoverer({ hello, link, children: this.#children, mark: worldFile.mark });
    const { live, gone } = this.#supervisor.resume(world, recoverer, how);
    this.#outputs.closeUnusedSockets();
    const why =
      how === 'replaced' ? `the brain ended (${hello.lastEnd})` : 'superd ended without stopping its programs';
    this.#log.log('warn', `${why}; back again: ${live} processes go on, ${gone} ended meanwhile`);
    if (how === 'started') worldFile.rewrite();
    // An update that was under way, or changes made meanwhile.
    if (how === 'started' || config.daemon.watch) this.#update();
  }

  /** After it is certain that no other daemon is at work here; closed when all else is. */
  #openJournal(): void {
    const { bus, config, hello } = this.#request;
    const journal = this.#journal;
    const tell = (what: 'started' | 'brain-restarted' | 'stopped' | 'restarting'): void => {
      journal.append({ kind: 'daemon', what, pid: hello.pid, version: VERSION, boot: bootId() });
    };
    journal.open();
    this.#resources.defer(() => {
      this.#listeners.close();
      this.#positions[Symbol.dispose]();
      tell(this.#supervisor.mood === 'RESTARTING' ? 'restarting' : 'stopped');
      journal[Symbol.dispose]();
    });
    tell(this.#isBack ? 'brain-restarted' : 'started');
    if (this.#isBack) bus.continueFrom(journal.nextEvent + SERIALS_AHEAD);
    // Else a listener could not tell an event that is sent again from a new one.
    if (config.groups.some((group) => group.kind === 'eventlistener' && group.replay)) {
      bus.continueFrom(journal.nextEvent);
    }
  }

  /** What happened before there was a log, the gravest first. @source spec lifecycle 6.1 */
  #tellBeginning(): void {
    const { config, messages } = this.#request;
    const grave = messages.filter(({ level }) => level === 'critical');
    for (const { level, message } of grave) this.#log.log(level, message);
    for (const warning of config.warnings) this.#log.log('warn', logLine(warning));
    for (const notice of config.notices) this.#log.log('info', notice);
    for (const { level, message } of messages) if (level !== 'critical') this.#log.log(level, message);
  }

  #openOutputs(): SlotOutputs {
    const { config, link, world } = this.#request;
    const { daemon } = config;
    const log = this.#log;
    const onProblem = (text: string): void => log.log('error', text);
    return new SlotOutputs(
      {
        pipes: new PipeFolder(daemon.statedir),
        sockets: new SharedSockets(
          {
            listen: (socket) => link.send({ op: 'listen', socket }),
            unlisten: (url) => link.send({ op: 'unlisten', url }),
            tryListen: (socket) => link.tryListen(socket),
          },
          log,
        ),
        opened: ({ group, process: name }, logs) => {
          this.#logs.set(`${group}:${name}`, logs);
          this.#request.worldFile.save({ kind: 'logs', group, process: name, ...logs });
        },
        log,
        isDebug: ['debug', 'trace', 'blather'].includes(daemon.loglevel),
        stripAnsi: daemon.stripAnsi,
        openLog: (path, { maxbytes, backups }) => openLogFile({ path, maxbytes, backups, onProblem }),
        openSyslog: (process) => new SyslogSink({ process, syslog: this.#syslog }),
        autoLog: (process, channel) => {
          const { childlogdir, identifier } = daemon;
          const made = createAutoLog({ childlogdir, identifier, process, channel });
          if (made.ok) return made.value;
          onProblem(`cannot create the log of ${process} in ${childlogdir}: ${made.error}`);
          return '';
        },
        pidOf: (slot) => {
          const record = this.#supervisor.record(slot);
          return (record === undefined ? undefined : pidOf(record.state)) ?? 0;
        },
        publish: (event) => this.#listeners.publish(event),
        dialogue: (slot) =>
          this.#listeners.status(slot.group) === undefined ? undefined : (chunk) => this.#listeners.output(slot, chunk),
      },
      world?.logs,
    );
  }

  /** @source spec lifecycle 6.1, 6.7 */
  async #openServers(): Promise<StartProblem | undefined> {
    const { config, notice } = this.#request;
    const token = randomToken();
    const ports = {
      published: publish(config.rpcinterfaces.map(({ namespace }) => namespace)),
      control: this.#supervisor,
      logs: logReader,
      mainLogFile: this.#log,
      log: this.#log,
      journal: this.#journal,
      sha1,
      token,
    };
    for (const server of config.servers) {
      const handler = createHandler(ports, server);
      const opened = await openServer(server, {
        // Whoever comes early waits until there is a world to speak of.
        handler: (request) => this.#begun.promise.then(() => handler(request)),
        notice: (text) => (this.#isBack ? undefined : notice(`${text}\n`)),
        report: (error) => this.#log.log('critical', `bug: ${error instanceof Error ? error.stack : String(error)}`),
      });
      if (!opened.ok) return serverProblem(server, opened.error);
      this.#resources.use(disposable(opened.value));
    }
    return undefined;
  }

  #announceServers(): void {
    const { servers, rpcinterfaces } = this.#request.config;
    for (const { section, username } of servers) {
      for (const { namespace } of rpcinterfaces) this.#log.log('info', `RPC interface '${namespace}' initialized`);
      if (username !== undefined) continue;
      this.#log.log('critical', `Server '${section}' running without any HTTP authentication checking`);
    }
  }

  #cleanAutoLogs(): void {
    const { childlogdir, identifier } = this.#request.config.daemon;
    const inUse = [...(this.#request.world?.logs.values() ?? [])].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    const kept = inUse.filter((path) => path !== '');
    for (const warning of cleanAutoLogs(childlogdir, identifier, kept)) this.#log.log('warn', warning);
  }

  #writePidfile(): void {
    const { config, hello } = this.#request;
    const { pidfile } = config.daemon;
    try {
      writePidfile(pidfile, hello.pid);
      this.#resources.defer(() => removePidfile(pidfile, hello.pid));
      if (!this.#isBack) this.#log.log('info', `supervisord started with pid ${hello.pid}`);
    } catch {
      this.#log.log('critical', `could not write pidfile ${pidfile}`);
    }
  }

  #watch(): Promise<AsyncDisposable> {
    return watchFiles(this.#request.config, () => this.#update());
  }

  #update(): void {
    this.#updater.update().catch((cause: unknown) => this.#log.log('critical', `bug: update failed: ${String(cause)}`));
  }

  /** The pipes go; the state directory goes with them when nothing else is in it. */
  #removeState(): void {
    this.#outputs.closeAll();
    this.#request.worldFile.forget();
    const { statedir } = this.#request.config.daemon;
    try {
      rmdirSync(statedir);
    } catch (cause) {
      const code = errnoOf(cause);
      if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EBUSY') return;
      this.#log.log('warn', `cannot remove the state directory ${statedir}: ${code}`);
    }
  }
}

const disposable = (server: OpenServer): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => server.close(),
});

/** For the children: the first unix server, else the first inet server. @source spec lifecycle 3.2 */
function serverUrlOf(servers: readonly ServerConfig[]): string | undefined {
  const unix = servers.find((server) => server.kind === 'unix');
  if (unix !== undefined) return `unix://${unix.file}`;
  const inet = servers.find((server) => server.kind === 'inet');
  return inet === undefined ? undefined : `http://${inet.host === '' ? 'localhost' : inet.host}:${inet.port}`;
}

/** What Python calls a name that cannot be resolved. */
const UNRESOLVED = -2;

/** @source spec lifecycle 2.1, 6.7 */
function serverProblem(server: ServerConfig, problem: ServerProblem): StartProblem {
  if (problem.kind === 'in-use') return { status: 2, text: IN_USE };
  const { code } = problem;
  if (code === 'EPERM' && server.kind === 'unix' && server.chown !== undefined) {
    const { uid, gid } = server.chown;
    return { status: 2, text: `Not permitted to chown ${server.file} to uid/gid (${uid}, ${gid})` };
  }
  const number = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
  const reported = number === undefined ? UNRESOLVED : `errno.${code} (${number})`;
  return { status: 2, text: `Cannot open an HTTP server: socket.error reported ${reported}` };
}
