/** tail, maintail and fg: what programs write, and what they read. */
import type { Result } from '../errors.ts';
import { parseNamespec } from '../process/namespec.ts';
import { STATE_CODES } from '../process/state.ts';
import { CallError, type TailEnd } from '../rpc/client.ts';
import { FAULTS } from '../rpc/faults.ts';
import type { XmlFault } from '../rpc/xml.ts';
import { EXIT, type Invocation, type Session } from './command.ts';

const DEFAULT_BYTES = 1600;
const HOW_TO_LEAVE = '==> Press Ctrl-C to exit <==\n';

/** `-f`, or `-N`: the last N bytes. */
type Reach = { readonly kind: 'follow' } | { readonly kind: 'bytes'; readonly count: number };

function parseReach(word: string | undefined): Reach | undefined {
  if (word === undefined) return { kind: 'bytes', count: DEFAULT_BYTES };
  if (word === '-f') return { kind: 'follow' };
  return /^-\d+$/.test(word) ? { kind: 'bytes', count: Number(word.slice(1)) } : undefined;
}

function refuse(session: Session, message: string): number {
  session.out(`${message}\n`);
  return EXIT.GENERIC;
}

/** The end of the connection is the end of the command; that a log cannot be read goes to standard error. */
function reportEnd(session: Session, path: string, end: TailEnd): void {
  if (end.kind === 'unreachable') throw new CallError({ kind: 'unreachable', code: end.error.code });
  if (end.kind === 'refused' && end.status === 401) {
    throw new CallError({ kind: 'status', status: 401, reason: 'Unauthorized' });
  }
  if (end.kind === 'refused') session.err(`${session.server.url}${path} Cannot read, status code ${end.status}\n`);
}

/** Follows a log until Ctrl-C or until the server closes it. @source spec api 1.5 */
async function follow(session: Session, path: string): Promise<number> {
  session.out(HOW_TO_LEAVE);
  const end = await session.untilInterrupt((abort) => session.server.tail(path, (chunk) => session.out(chunk), abort));
  reportEnd(session, path, end);
  return EXIT.OK;
}

/** Prints a piece of a log and an extra newline, or why there is none. */
function show(session: Session, name: string, log: Result<string, XmlFault>): number {
  if (log.ok) {
    session.out(`${log.value}\n`);
    return EXIT.OK;
  }
  const reasons: Readonly<Record<number, string>> = {
    [FAULTS.NO_FILE]: 'no log file',
    [FAULTS.FAILED]: 'unknown error reading log',
    [FAULTS.BAD_NAME]: 'no such process name',
  };
  const reason = reasons[log.error.code];
  if (reason === undefined) throw new CallError({ kind: 'fault', fault: log.error });
  return refuse(session, `${name}: ERROR (${reason})`);
}

const encodePath = (name: string): string => encodeURIComponent(name).replaceAll('%3A', ':');

/** @source spec api 5.3; the channel is the last of the words, as in supervisorctl */
export async function tail(session: Session, { args }: Invocation): Promise<number> {
  const modifier = args[0]?.startsWith('-') === true ? args[0] : undefined;
  const [name, ...others] = modifier === undefined ? args : args.slice(1);
  if (name === undefined) return refuse(session, 'Error: tail requires process name');
  const channel = others.at(-1) ?? 'stdout';
  if (channel !== 'stdout' && channel !== 'stderr') return refuse(session, `Error: bad channel '${channel}'`);
  const reach = parseReach(modifier);
  if (reach === undefined) return refuse(session, `Error: bad argument ${modifier ?? ''}`);
  if (reach.kind === 'follow') return follow(session, `/logtail/${encodePath(name)}/${channel}`);
  return show(session, name, await session.server.rpc.readProcessLog(name, channel, reach.count));
}

export async function maintail(session: Session, { args }: Invocation): Promise<number> {
  const reach = parseReach(args[0]);
  if (reach === undefined) return refuse(session, `Error: bad argument ${args[0] ?? ''}`);
  if (reach.kind === 'follow') return follow(session, '/mainlogtail');
  return show(session, 'supervisord', await session.server.rpc.readMainLog(reach.count));
}

const isUp = (state: number): boolean => state === STATE_CODES.RUNNING;

/** Sends what is typed until the input ends, Ctrl-C, or the death of the process. */
async function feed(session: Session, name: string, abort: AbortSignal): Promise<void> {
  const { rpc } = session.server;
  for await (const line of session.lines(abort)) {
    const sent = await rpc.sendStdin(name, `${line}\n`);
    const info = await rpc.processInfo(name);
    if (!sent.ok || !info.ok || !isUp(info.value.state)) {
      session.out('Process got killed\n');
      return;
    }
  }
}

/** Talks with a process until the input ends, Ctrl-C, its death, or the end of the server. */
async function converse(session: Session, name: string, interrupt: AbortSignal): Promise<void> {
  const done = new AbortController();
  const abort = AbortSignal.any([interrupt, done.signal]);
  const logs = ['stdout', 'stderr'].map(async (channel) => {
    const path = `/logtail/${encodePath(name)}/${channel}`;
    const end = await session.server.tail(path, (chunk) => session.out(chunk), abort);
    // A process without a log file can still be fed; one whose server is gone cannot.
    if (end.kind !== 'refused') done.abort();
  });
  try {
    await feed(session, name, abort);
  } finally {
    done.abort();
    await Promise.all(logs);
  }
}

/** Shows both outputs of a process while its input comes from here. @source spec api 5.3 */
export async function fg(session: Session, { args }: Invocation): Promise<number> {
  const [name = '', another] = args;
  if (another !== undefined) return refuse(session, 'ERROR: too many process names supplied');
  const info = await session.server.rpc.processInfo(name);
  if (!info.ok && info.error.code !== FAULTS.BAD_NAME) throw new CallError({ kind: 'fault', fault: info.error });
  if (!info.ok || parseNamespec(name).process === undefined) return refuse(session, 'ERROR: bad process name supplied');
  if (!isUp(info.value.state)) return refuse(session, 'ERROR: process not running');
  session.out(HOW_TO_LEAVE);
  await session.untilInterrupt((interrupt) => converse(session, name, interrupt));
  session.out('Exiting foreground\n');
  return EXIT.OK;
}
