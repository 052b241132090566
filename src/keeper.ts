/**
 * The keeper's root: the small process that is the parent of everything. It starts the brain (superd itself), does for
 * it what only a parent can, and starts it again when it dies. It reads no configuration, serves nobody, and has no library.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { become } from './host/become.ts';
import { BrainProcess } from './host/brain-process.ts';
import { READY_FD, StartReport, startDaemonProcess } from './host/daemonize.ts';
import { setEngine } from './host/engine.ts';
import { HeldSockets } from './host/held-sockets.ts';
import { launchEnvironment, takeLaunch } from './host/launch.ts';
import { protectFromOom } from './host/oom.ts';
import { Spawner } from './host/spawner.ts';
import { closeStrayDescriptors } from './host/stray-descriptors.ts';
import { noteWork } from './host/tidy.ts';
import { PROTOCOL_VERSION, type ToKeeper } from './keeper/protocol.ts';
import { formatLine } from './logs/main-log.ts';
import { epochMillis } from './units.ts';

/** Told to the brain when there is one, and kept for it while there is none. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** Without a brain, programs get so long to end before they are killed. */
const LAST_STOP_MS = 10_000;

/** The keeper has nothing to compute, and holds a megabyte less without V8's compilers. */
const WITHOUT_COMPILERS: readonly string[] = ['--no-opt', '--no-maglev', '--no-sparkplug'];
/** The brain makes more garbage. */
const FOR_BRAIN: readonly string[] = ['--max-semi-space-size=2'];

const launch = takeLaunch();
const report = new StartReport(launch.isDaemon);
const main = join(dirname(process.argv[1] ?? ''), `superd${extname(process.argv[1] ?? '')}`);
let logfile = '';
let statedir = '';
/** Signals that no brain has said to have done, by number. */
const waiting = new Map<number, NodeJS.Signals>();
let signals = 0;
let hasGivenUp = false;
let after: Extract<ToKeeper, { readonly op: 'leaving' }>['next'] = 'exit';

const flagsOfBrain = [...process.execArgv, ...FOR_BRAIN];
const sockets = new HeldSockets();
const spawner = new Spawner(
  { tell: (message) => brain.tell(message), together: (work) => brain.together(work) },
  sockets,
);
const brain = new BrainProcess({
  command: (code) => [process.execPath, ...flagsOfBrain, code, ...process.argv.slice(2)],
  main,
  env: { ...process.env, ...launchEnvironment(launch) },
  hear,
  connected,
  gone: ({ isMeant, hasServed, status, why }) => {
    if (isMeant) return leave(status);
    if (!hasServed) return exit(status);
    hasGivenUp = true;
    lastWord(`superd keeper: the brain ended ${why} and does not come up; the programs run on unattended until SIGHUP`);
  },
});

function connected(): void {
  const { served, lastEnd } = brain;
  spawner.forgetRequests();
  const { children } = spawner;
  brain.tell({ op: 'hello', version: PROTOCOL_VERSION, pid: process.pid, children, served, statedir, lastEnd, main });
  spawner.repeat();
  for (const [seq, name] of waiting) brain.tell({ op: 'os-signal', seq, name });
}

function hear(message: ToKeeper): void {
  switch (message.op) {
    case 'spawn':
      return spawner.spawn(message);
    case 'signal':
      return spawner.signal(message);
    case 'adopt':
      return spawner.adopt(message);
    case 'ack':
      return spawner.acknowledge(message);
    case 'signal-done':
      waiting.delete(message.seq);
      return;
    case 'listen':
      return sockets.listen(message.socket);
    case 'unlisten':
      return sockets.unlisten(message);
    case 'try-listen':
      return brain.tell({ op: 'tried', url: message.socket.url, error: sockets.tryListen(message.socket) });
    case 'become':
      return brain.tell({ op: 'became', ...become(message) });
    case 'say':
      return report.say(message.text);
    case 'ready':
      logfile = message.logfile;
      statedir = message.statedir;
      brain.ready(message.copy);
      noteWork('burst');
      protectFromOom();
      return report.ready();
    case 'leaving':
      after = message.next;
      return brain.leaving();
  }
}

function leave(status: number): void {
  switch (after) {
    case 'exit':
      return exit(status);
    case 'replace':
      return brain.upgrade();
    case 'daemonize':
      void startDaemonProcess(launch).then(exit, () => exit(1));
  }
}

function exit(status: number): void {
  process.exit(status);
}

/** There is nobody else left to say it. */
function lastWord(text: string): void {
  const line = formatLine(epochMillis(Date.now()), 'critical', text);
  try {
    if (logfile !== '') appendFileSync(logfile, line);
    writeSync(2, line);
  } catch {
    // Nobody listens.
  }
}

/** What waits already need not wait twice. */
function passOn(name: NodeJS.Signals): void {
  if ([...waiting.values()].includes(name)) return;
  signals += 1;
  waiting.set(signals, name);
  brain.tell({ op: 'os-signal', seq: signals, name });
}

function signalled(name: NodeJS.Signals): void {
  if (!hasGivenUp) return passOn(name);
  if (name === 'SIGHUP') {
    hasGivenUp = false;
    return brain.retry();
  }
  if (name === 'SIGUSR1' || name === 'SIGUSR2') return;
  lastWord(`superd keeper: received ${name} without a brain, stopping ${spawner.signalAll('SIGTERM')} programs`);
  setTimeout(() => exit(spawner.signalAll('SIGKILL') > 0 ? 1 : 0), LAST_STOP_MS);
}

process.title = 'superd keeper';
setEngine(WITHOUT_COMPILERS);
closeStrayDescriptors(launch.isDaemon ? [READY_FD] : []);
for (const name of PASSED_ON) process.on(name, () => signalled(name));
process.on('uncaughtException', (cause) => lastWord(`superd keeper: bug: ${cause.stack ?? cause.message}`));
brain.start();
