/** crashmail: an event listener that mails when a program exits unexpectedly. This root joins its parts. */
import { homedir, hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { CourierOrders } from './crashmail/courier.ts';
import { Desk } from './crashmail/desk.ts';
import { digest } from './crashmail/digest.ts';
import type { Witnesses } from './crashmail/facts.ts';
import { CALM, type FloodState } from './crashmail/flood.ts';
import { History } from './crashmail/history.ts';
import { namespecOf } from './crashmail/incident.ts';
import { Listener } from './crashmail/listener.ts';
import { readNotes, writeNotes } from './crashmail/notes.ts';
import { reportDeaths } from './crashmail/obituary.ts';
import { EXIT_CRASHMAIL_USAGE, type Options, parseOptions, USAGE } from './crashmail/options.ts';
import { outboxBase, outboxName } from './crashmail/place.ts';
import type { Surroundings } from './crashmail/ports.ts';
import { refusalNotice } from './crashmail/refusal.ts';
import { NO_SETTINGS, type Report } from './crashmail/report.ts';
import { Sender } from './crashmail/sender.ts';
import { type Setup, setupOf } from './crashmail/setup.ts';
import { Courier } from './host/courier.ts';
import { flushQueues, listQueues, type TaskTools, testChannels, writePreview } from './host/crashmail-tasks.ts';
import { takeLaunch } from './host/launch.ts';
import { StdioSupervisor } from './host/listener-io.ts';
import { DiskOutbox } from './host/outbox.ts';
import { pause } from './host/pause.ts';
import { daemonMark } from './host/process-mark.ts';
import { type CrashmailFile, RosterFile, readCrashmailFile } from './host/roster-file.ts';
import { serverOf } from './host/smtp-server.ts';
import { readLogTail, rpcTo } from './host/supervisor-rpc.ts';
import { LocalWitness } from './host/witness.ts';
import { epochMillis, type Millis, millis } from './units.ts';

/** How long a mail under way may delay the end. Shorter than supervisord's default stopwaitsecs. */
const LAST_MAIL: Millis = millis(5000);
/** For a sendmail program that is told to end; both together stay below the usual `stopwaitsecs`. */
const LAST_BREATH: Millis = millis(3000);

const environment = (name: string): string => process.env[name] ?? '';

const say = (line: string): void => {
  process.stderr.write(`crashmail: ${line}\n`);
};

const surroundings: Surroundings = {
  now: () => millis(performance.now()),
  wall: () => epochMillis(Date.now()),
  random: Math.random,
  pause,
  say,
};

/** What a storm has filled is given back, which V8 by itself does only when it needs more. The launcher lets us. */
const collectGarbage = (): void => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
};

/** Paths are resolved here, where the command line was given. */
function courierFor({ ways, letterhead }: Setup, preview?: string): Courier {
  const { maildir, smtp } = ways;
  const found = smtp === undefined || preview !== undefined ? undefined : serverOf(smtp);
  if (found !== undefined && 'problem' in found) say(found.problem);
  const absolute = { ...ways, maildir: maildir === undefined ? undefined : resolve(maildir) };
  const orders: CourierOrders = { ways: absolute, letterhead };
  return new Courier(preview === undefined ? orders : { ...orders, preview: resolve(preview) }, say, collectGarbage);
}

/** From the user database, since $HOME is the daemon's; a user without an entry has to take that. */
function homeDirectory(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** The folder of the outboxes of all listeners. */
const baseOf = (queue: string | undefined, file: CrashmailFile | undefined): string =>
  outboxBase({
    queue: queue === undefined ? undefined : resolve(queue),
    stateDirectory:
      environment('SUPERD_STATEDIR') || (environment('SUPERVISOR_ENABLED') === '' ? file?.statedir : '') || '',
    isRoot: process.geteuid?.() === 0,
    homeDirectory: homeDirectory(),
  });

/** The outbox of this listener of this daemon. */
function openOutbox(base: string): DiskOutbox {
  const identity = {
    serverUrl: environment('SUPERVISOR_SERVER_URL'),
    group: environment('SUPERVISOR_GROUP_NAME'),
    process: environment('SUPERVISOR_PROCESS_NAME') || 'crashmail',
  };
  return new DiskOutbox(join(base, outboxName(identity, digest)), say);
}

/** superd tells its configuration; elsewhere it has to be named. */
async function readFile(options: Options): Promise<CrashmailFile | 'none' | 'broken'> {
  const named = options.configuration;
  const path = named === undefined ? environment('SUPERD_CONFIG') : resolve(named);
  if (path === '') return 'none';
  const read = await readCrashmailFile(path);
  if (read.ok) return read.value;
  say(`cannot use the configuration ${path}:\n${read.error}`);
  return named === undefined ? 'none' : 'broken';
}

/** Notes that the next run finds. */
async function openNotes(outbox: DiskOutbox): Promise<{
  readonly flood: FloodState;
  readonly before: ReturnType<typeof readNotes>;
  readonly keep: (flood: FloodState) => Promise<void>;
  /** All deaths of the supervisor are reported; its journal, if any, was searched up to this serial. */
  readonly settled: (journal: number | undefined) => Promise<void>;
  readonly end: () => Promise<void>;
}> {
  const before = readNotes(await outbox.loadState());
  const daemon = daemonMark() ?? '';
  let last = before?.flood ?? CALM;
  let journal = before?.journal;
  // What the last run told stays until it is certain that its meaning is on the disk.
  let isSettled = false;
  const write = (isEnded: boolean): Promise<void> => {
    const marks = isSettled || before === undefined ? { daemon, isEnded } : before;
    const searched = journal === undefined ? {} : { journal };
    return outbox.saveState(
      writeNotes({ flood: last, daemon: marks.daemon, isEnded: marks.isEnded, at: Date.now(), ...searched }),
    );
  };
  const keep = (flood: FloodState): Promise<void> => {
    last = flood;
    return write(false);
  };
  const settled = (searched: number | undefined): Promise<void> => {
    journal = searched ?? journal;
    isSettled = true;
    return write(false);
  };
  return { flood: last, before, keep, settled, end: () => write(true) };
}

function witnessesOf(url: string, local: LocalWitness, roster: RosterFile): Witnesses {
  return {
    rpc: rpcTo(url),
    readTail: (path, size) => readLogTail(url, path, size),
    course: (program) => local.course(program),
    memory: (program, pid) => local.memory(program, pid),
    settings: (incident) => roster.entry(namespecOf(incident))?.settings ?? NO_SETTINGS,
    mask: (program, text) => local.mask(program, text, roster.entry(program)?.secrets ?? []),
  };
}

async function serve(setup: Setup, file: CrashmailFile | undefined, options: Options): Promise<void> {
  const url = environment('SUPERVISOR_SERVER_URL');
  const over = new AbortController();
  const courier = courierFor(setup);
  const channels = courier.channels();
  const outbox = openOutbox(baseOf(setup.queue, file));
  const path = options.configuration ?? environment('SUPERD_CONFIG');
  const roster = new RosterFile(file, path, setup.to.join(', '));
  const local = new LocalWitness(!url.startsWith('http') || /^http:\/\/(localhost|127\.|\[::1\])/.test(url));
  const witnesses = witnessesOf(url, local, roster);
  const history = new History();
  // What was reported before must be known before the first event is heard.
  await outbox.refresh();
  const notes = await openNotes(outbox);
  const { recipients } = roster;
  const common = { outbox, witnesses, history, surroundings, recipients, digest };
  const { lines, policy, severity, recovered } = setup;
  const desk: Desk = new Desk(
    { ...common, posted: () => sender.wake(), underway: (id) => sender.record(id) },
    { policy, lines, host: hostname(), severity, recovered },
    { flood: notes.flood, keep: notes.keep },
  );
  const names = channels.map(({ name }) => name);
  const sender: Sender = new Sender({
    outbox,
    channels,
    surroundings,
    moved: () => desk.wake(),
    refused: (record, channel, reason) => {
      const notice = refusalNotice(record, { channel, reason, channels: names });
      if (notice !== undefined) void desk.notify(notice.notice, record.letter.to, notice.channels);
    },
  });
  // superd counts its events on for ever, and keeps the count where it keeps our outbox.
  const stateDirectory = environment('SUPERD_STATEDIR');
  const daemon = stateDirectory === '' ? (daemonMark() ?? `${process.pid} ${Date.now()}`) : `superd ${stateDirectory}`;
  const supervisor = new StdioSupervisor();
  const listener = new Listener(
    {
      ...common,
      supervisor,
      channels,
      met: (incident) => {
        if (desk.isCalm(namespecOf(incident))) courier.warm();
      },
      heard: (event) => local.heard(event),
      written: (report, run) => desk.add(report, run),
    },
    { interest: setup.interest, lines, host: hostname(), daemon },
  );
  const mark = daemonMark() ?? '';
  const obituary = {
    ...common,
    rpc: witnesses.rpc,
    settled: notes.settled,
    written: (report: Report) => {
      say(`the supervisor had died (report ${report.id})`);
      desk.add(report, history.recall(namespecOf(report.incident), surroundings.wall()));
    },
  };
  const sending = sender.run();
  const working = desk.run();
  // Who listens from the start hears of every program; who begins later has to ask.
  const isLate = notes.before?.daemon === mark;
  const background = [
    reportDeaths(obituary, { before: notes.before, mark, daemon, host: hostname() }, over.signal),
    local.run(over.signal),
    roster.follow(over.signal),
    isLate ? local.seed(witnesses.rpc) : undefined,
  ];
  const ending = Promise.withResolvers<'told'>();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.resolve('told'));
  process.on('SIGUSR1', () => {
    desk.flush();
    sender.flush();
  });
  const reason = await Promise.race([listener.run(), ending.promise]);
  over.abort();
  if (reason === 'told') await notes.end();
  desk.stop();
  const giveUp = pause(LAST_MAIL, new AbortController().signal);
  await Promise.race([working, giveUp]);
  if (reason === 'told') await notes.end();
  sender.stop();
  await Promise.race([Promise.all([sending, ...background]), giveUp]);
  // A sendmail program that hangs does not outlive us.
  sender.abandon();
  await Promise.race([sending.then(() => courier.close()), pause(LAST_BREATH, new AbortController().signal)]);
}

function toolsOf(setup: Setup, file: CrashmailFile | undefined, preview?: string): TaskTools {
  const to = setup.to.join(', ');
  const { lines, policy, severity, recovered } = setup;
  return {
    channels: courierFor(setup, preview).channels(),
    digest,
    recipients: new RosterFile(file, '', to).recipients,
    base: baseOf(setup.queue, file),
    desk: { policy, lines, host: hostname(), severity, recovered },
    to,
    surroundings,
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
  };
}

async function perform(setup: Setup, file: CrashmailFile | undefined, options: Options): Promise<number> {
  const { task } = options;
  switch (task.kind) {
    case 'listen':
      await serve(setup, file, options);
      return 0;
    case 'test':
      return testChannels(toolsOf(setup, file));
    case 'preview':
      return writePreview(toolsOf(setup, file, task.file));
    case 'queue':
      return listQueues(toolsOf(setup, file));
    case 'flush':
      return flushQueues(toolsOf(setup, file));
  }
}

function refuse(problem: string): number {
  process.stderr.write(`crashmail: ${problem}\n\n${USAGE}`);
  return EXIT_CRASHMAIL_USAGE;
}

async function main(args: readonly string[]): Promise<number> {
  const read = parseOptions(args);
  if (!read.ok) return refuse(read.error);
  if (read.value === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = read.value;
  if (options.task.kind === 'listen' && process.stdin.isTTY && environment('SUPERVISOR_SERVER_URL') === '') {
    process.stderr.write('crashmail must be run as a supervisor event listener\n');
    return EXIT_CRASHMAIL_USAGE;
  }
  try {
    const found = await readFile(options);
    if (found === 'broken') return EXIT_CRASHMAIL_USAGE;
    const file = found === 'none' ? undefined : found;
    const hasMailto = [...(file?.roster.values() ?? [])].some(({ mailto }) => mailto !== undefined);
    const setup = setupOf(options, file?.section, hasMailto);
    return setup.ok ? await perform(setup.value, file, options) : refuse(setup.error);
  } catch (cause) {
    say(`cannot go on: ${cause instanceof Error ? cause.message : String(cause)}`);
    return 1;
  }
}

// What the launcher set is for this process.
takeLaunch();
// Standard error may go away before us; there is nobody left to tell.
process.stderr.on('error', () => {});
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  () => process.exit(1),
);
