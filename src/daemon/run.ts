/**
 * One run of the daemon, from an open main log to the last socket closed: it puts the chapters and the adapters together.
 * A composition root, like superd.ts, which starts one run after another.
 */
import { join } from 'node:path';
import { fail, ok, type Result } from '../errors.ts';
import { keepCopy } from '../host/brain-copy.ts';
import { after, SystemClock } from '../host/clock.ts';
import { DisabledFile } from '../host/disabled-file.ts';
import { bootId } from '../host/identity.ts';
import { JournalFile } from '../host/journal-file.ts';
import type { KeptChildren } from '../host/kept-children.ts';
import { Leftovers } from '../host/leftovers.ts';
import { logReader } from '../host/log-reader.ts';
import { type MainLogWriter, openMainLog } from '../host/main-log.ts';
import { protectFromOom } from '../host/oom.ts';
import type { SlotOutputs } from '../host/outputs.ts';
import { removePidfile, writePidfile } from '../host/pidfile.ts';
import { PoolPositions } from '../host/pool-positions.ts';
import { KeeperRecoverer } from '../host/recoverer.ts';
import { Syslog } from '../host/syslog.ts';
import { webAssets } from '../host/web-assets.ts';
import type { ToBrain } from '../keeper/protocol.ts';
import { pidOf } from '../process/machine.ts';
import { publish } from '../rpc/methods.ts';
import type { MainLog } from '../supervisor/host.ts';
import { Listeners } from '../supervisor/listeners.ts';
import { changesOf, type SavedLogs } from '../supervisor/saved.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Updater } from '../supervisor/update.ts';
import { epochMillis, pid } from '../units.ts';
import { VERSION } from '../version.ts';
import { openChildren } from './children.ts';
import { RunMetrics } from './metrics.ts';
import { openOutputs } from './outputs.ts';
import type { Outcome, RunRequest, StartProblem } from './request.ts';
import { announceServers, openServers } from './servers.ts';
import { obey } from './signals.ts';
import { siteOf } from './site.ts';
import { cleanLogs, leaveState, reserveSerials, SERIALS_AHEAD, tellBeginning } from './state.ts';
import { brainAccess } from './upgrade.ts';

export class Daemon {
  readonly #request: RunRequest;
  readonly #log: MainLogWriter;
  readonly #outputs: SlotOutputs;
  readonly #supervisor: Supervisor;
  readonly #listeners: Listeners;
  readonly #syslog: Syslog;
  readonly #children: KeptChildren;
  readonly #leftovers: Leftovers;
  readonly #updater: Updater;
  /** The logs of every slot, by `group:process`. */
  readonly #logs = new Map<string, SavedLogs>();
  readonly #journal: JournalFile;
  readonly #positions: PoolPositions;
  readonly #metrics: RunMetrics;
  readonly #resources = new AsyncDisposableStack();
  readonly #begun = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<Outcome>();

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
    const { link, hello, worldFile, world } = request;
    this.#outputs = openOutputs({
      daemon: config.daemon,
      link,
      log,
      syslog: this.#syslog,
      knownLogs: world?.logs,
      lost: (count) => this.#metrics.lost(count),
      callbacks: {
        opened: ({ group, process: name }, logs) => {
          this.#logs.set(`${group}:${name}`, logs);
          worldFile.save({ kind: 'logs', group, process: name, ...logs });
        },
        pidOf: (slot) => {
          const record = this.#supervisor.record(slot);
          return (record === undefined ? undefined : pidOf(record.state)) ?? 0;
        },
        publish: (event) => this.#listeners.publish(event),
        dialogue: (slot) =>
          this.#listeners.status(slot.group) === undefined ? undefined : (chunk) => this.#listeners.output(slot, chunk),
      },
    });
    this.#leftovers = new Leftovers(worldFile.mark, log);
    this.#children = openChildren(request, {
      log,
      leftovers: this.#leftovers,
      pipes: this.#outputs,
      record: (slot) => this.#supervisor.record(slot),
      child: (event) => this.#supervisor.child(event),
    });
    this.#listeners = new Listeners({
      log,
      children: this.#children,
      identifier: config.daemon.identifier,
      bus,
      after,
      journal,
      positions: this.#positions,
    });
    this.#supervisor = new Supervisor(
      { booted: config, read: world?.read ?? config },
      {
        clock,
        children: this.#children,
        outputs: this.#outputs,
        log,
        journal,
        disabled: new DisabledFile(join(config.daemon.statedir, 'disabled.json'), (text) => log.log('critical', text)),
        events: this.#listeners,
        pid: pid(hello.pid),
        store: worldFile,
        load: () => request.load(),
        finished: (outcome) => this.#finished.resolve(outcome),
      },
    );
    this.#updater = new Updater(this.#supervisor, { log, journal });
    this.#metrics = new RunMetrics(request, { log, journal, control: this.#supervisor, listeners: this.#listeners });
  }

  get log(): MainLog {
    return this.#log;
  }

  /** Resolves when everything is stopped. */
  get finished(): Promise<Outcome> {
    return this.#finished.promise;
  }

  signal(name: string): void {
    obey(name, {
      control: this.#supervisor,
      log: this.#log,
      journal: this.#journal,
      reopenLogs: () => {
        this.#log.reopen();
        this.#outputs.reopen();
      },
    });
  }

  /** The keeper says it again to the next brain, unless it hears that this one has done what it means. */
  #signalled({ name, seq }: Extract<ToBrain, { readonly op: 'os-signal' }>): void {
    this.signal(name);
    this.#request.link.send({ op: 'signal-done', seq });
  }

  /** Closes what is open, in the opposite order. */
  async close(): Promise<void> {
    await this.#resources.disposeAsync();
    this.#leftovers.close();
    this.#syslog.close();
    this.#log.close();
  }

  /** An earlier brain of the same keeper has done all that is done once. */
  get #isBack(): boolean {
    return this.#request.hello.served > 0 && this.#request.world !== undefined;
  }

  async #start(): Promise<StartProblem | undefined> {
    const { world, link } = this.#request;
    const { daemon, rpcinterfaces } = this.#request.config;
    if (!this.#isBack) tellBeginning(this.#request, this.#log);
    const servers = await this.#openServers();
    if (!servers.ok) return servers.error;
    // Not before: the socket files of a live daemon are not to be touched.
    const obstacle = world === undefined ? await this.#supervisor.obstacle() : undefined;
    if (obstacle !== undefined) return { status: 1, text: obstacle };
    if (!this.#isBack) announceServers(servers.value, rpcinterfaces, this.#log);
    for (const { level, message } of await this.#request.background()) this.#log.log(level, message);
    this.#resources.defer(() => {
      this.#outputs.closeAll();
      this.#request.worldFile.forget();
      leaveState(daemon, this.#log);
    });
    this.#openJournal();
    if (!daemon.nocleanup && !this.#isBack) cleanLogs(daemon, world, this.#log);
    this.#writePidfile();
    protectFromOom();
    link.send({
      op: 'ready',
      logfile: this.#log.path ?? '',
      statedir: daemon.statedir,
      copy: keepCopy(daemon.statedir, (text) => this.#log.log('warn', text)),
    });
    this.#resources.use(this.#metrics);
    this.#metrics.resume();
    this.#request.begins(this);
    const booting = this.#begin();
    // Not before: what the keeper has to tell is of processes that are known by now.
    link.listen((message) => (message.op === 'os-signal' ? this.#signalled(message) : this.#children.hear(message)));
    this.#resources.defer(() => link.pause());
    await booting;
    this.#begun.resolve();
    if (daemon.watch) this.#resources.use(await this.#watch());
    return undefined;
  }

  /** Boots, or goes on where an earlier brain ended. */
  async #begin(): Promise<void> {
    const { config, world, worldFile, hello, link, bus } = this.#request;
    worldFile.snapshot = () => [...changesOf(this.#supervisor.snapshot(this.#logs, bus.nextSerial + SERIALS_AHEAD))];
    this.#resources.defer(reserveSerials(bus, worldFile));
    if (world === undefined) return this.#supervisor.boot();
    const how = hello.served > 0 ? 'replaced' : 'started';
    const recoverer = new KeeperRecoverer({ hello, link, children: this.#children, mark: worldFile.mark });
    const { live, gone, names } = this.#supervisor.resume(world, recoverer, how);
    this.#outputs.closeUnusedSockets();
    const why =
      how === 'replaced' ? `the brain ended (${hello.lastEnd})` : 'superd ended without stopping its programs';
    this.#log.log('warn', `${why}; back again: ${live} processes go on, ${gone} ended meanwhile`);
    const before = how === 'replaced' ? hello.lastEnd : why;
    const found = { why: before, live, gone, names };
    this.#journal.append({ kind: 'daemon', what: 'recovered', ...this.#self(), found });
    if (how === 'started') worldFile.rewrite();
    // An update that was under way, or changes made meanwhile.
    if (how === 'started' || config.daemon.watch) this.#update();
  }

  #self(): { readonly pid: number; readonly version: string; readonly boot: string } {
    return { pid: this.#request.hello.pid, version: VERSION, boot: bootId() };
  }

  /** After it is certain that no other daemon is at work here; closed when all else is. */
  #openJournal(): void {
    const { bus, config } = this.#request;
    const journal = this.#journal;
    const tell = (what: 'started' | 'brain-restarted' | 'stopped' | 'restarting'): void => {
      journal.append({ kind: 'daemon', what, ...this.#self() });
    };
    journal.open();
    this.#resources.defer(() => {
      this.#listeners.close();
      this.#positions[Symbol.dispose]();
      tell(this.#supervisor.mood === 'RESTARTING' ? 'restarting' : 'stopped');
      journal[Symbol.dispose]();
    });
    tell(this.#isBack ? 'brain-restarted' : 'started');
    // Else a listener could not tell an event that is sent again from a new one.
    if (config.groups.some((group) => group.kind === 'eventlistener' && group.replay)) {
      bus.continueFrom(journal.nextEvent);
    }
  }

  #openServers(): ReturnType<typeof openServers> {
    const { config } = this.#request;
    const web = siteOf(
      {
        published: publish(config.rpcinterfaces.map(({ namespace }) => namespace)),
        control: this.#supervisor,
        brain: brainAccess(this.#request.hello, this.#log, () => this.#finished.resolve('replace')),
        logs: logReader,
        mainLogFile: this.#log,
        log: this.#log,
        journal: this.#journal,
        metrics: this.#metrics.access,
        scrape: this.#metrics.scrape,
        assets: webAssets(this.#request.hello.main),
      },
      config.daemon.statedir,
    );
    return openServers(config.servers, {
      web,
      begun: this.#begun.promise,
      notice: (text) => (this.#isBack ? undefined : this.#request.notice(`${text}\n`)),
      resources: this.#resources,
    });
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

  async #watch(): Promise<AsyncDisposable> {
    // Loaded when it is asked for: most superds do without.
    const { watchFiles } = await import('../host/watch.ts');
    return watchFiles(this.#request.config, () => this.#update());
  }

  #update(): void {
    this.#updater.update().catch((cause: unknown) => this.#log.log('critical', `bug: update failed: ${String(cause)}`));
  }
}
