/** `/api/v1/logs/<namespec>/<channel>`: the log of a process, or a part of it, or what is appended from now on, as it is. */
import { parseNamespec } from '../../process/namespec.ts';
import { RpcFault } from '../../rpc/faults.ts';
import type { OpenLog, RpcPorts } from '../../rpc/ports.ts';
import type { Slot } from '../../supervisor/host.ts';
import type { Headers, StreamSource, WebAnswer } from '../exchange.ts';
import { LogFollower } from '../follower.ts';
import type { WebPorts } from '../ports.ts';
import { API_HEADERS } from './answers.ts';
import { tooMany } from './events.ts';
import { LOGS, ResourceQuery } from './resources.ts';

const PREFIX = '/logs/';
/** The most bytes of one piece. */
const PIECE = 64 * 1024;
/** Where following begins when nothing is said, before the end, in bytes. */
const FIRST_BYTES = 1024;

interface Subject extends Slot {
  readonly channel: 'stdout' | 'stderr';
}

/** What the address names; a name may hold slashes. @throws RpcFault */
function subjectOf(path: string): Subject {
  const rest = path.slice(PREFIX.length);
  const slash = rest.lastIndexOf('/');
  const [name, channel] = [rest.slice(0, slash), rest.slice(slash + 1)];
  const { group, process } = parseNamespec(name);
  if (slash < 0 || process === undefined) throw new RpcFault('BAD_NAME', rest);
  if (channel === 'stdout' || channel === 'stderr') return { group, process, channel };
  throw new RpcFault('BAD_NAME', `${channel}: want stdout or stderr`);
}

function pathOf({ control }: RpcPorts, { channel, ...slot }: Subject): string | undefined {
  const info = control.process(slot);
  return channel === 'stdout' ? info?.stdoutLog : info?.stderrLog;
}

interface Part {
  /** The first byte. */
  readonly from: number | undefined;
  /** Instead of it, how many bytes before the end it begins. */
  readonly tail: number | undefined;
  /** undefined: to the end. */
  readonly length: number | undefined;
  readonly follow: boolean;
}

/** @throws RpcFault */
function partOf(query: ResourceQuery): Part {
  const [from, tail, length] = [query.count('from'), query.count('tail'), query.count('length')];
  const follow = query.truth('follow');
  if (tail !== undefined && from !== undefined) throw new RpcFault('INCORRECT_PARAMETERS', 'either from or tail');
  if (follow && length !== undefined) throw new RpcFault('INCORRECT_PARAMETERS', 'either follow or length');
  return { from, tail, length, follow };
}

/** A part of a log that is there already. */
class LogPart implements StreamSource {
  readonly #log: OpenLog;
  #offset: number;
  readonly #end: number;

  constructor(log: OpenLog, offset: number, end: number) {
    this.#log = log;
    this.#offset = offset;
    this.#end = end;
  }

  /** A file that was made shorter meanwhile ends early, and the client sees that bytes are missing. */
  next(): Uint8Array | 'end' {
    const piece = this.#log.read(this.#offset, Math.min(PIECE, this.#end - this.#offset));
    this.#offset += piece.length;
    return piece.length === 0 ? 'end' : piece;
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }
}

/** Disposes of something else too. */
function together(source: StreamSource, slot: Disposable): StreamSource {
  return {
    next: () => source.next(),
    [Symbol.dispose]: () => {
      source[Symbol.dispose]();
      slot[Symbol.dispose]();
    },
  };
}

/** Nothing in it can end the header or leave the folder of downloads. */
function fileName({ group, process, channel }: Subject): string {
  const [first, second] = [group, process].map((name) => name.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60));
  return `${first}_${second}-${channel}.log`;
}

/** @throws RpcFault */
export function logsRoute(ports: WebPorts, path: string, query: URLSearchParams): WebAnswer {
  const subject = subjectOf(path);
  const part = partOf(new ResourceQuery(LOGS, query));
  if (ports.control.process(subject) === undefined) throw new RpcFault('BAD_NAME', path.slice(PREFIX.length));
  const file = pathOf(ports, subject) ?? '';
  const slot = ports.streams.take();
  if (slot === undefined) return tooMany();
  const opened = file === '' ? undefined : ports.logs.open(file);
  if (!opened?.ok) {
    slot[Symbol.dispose]();
    throw new RpcFault('NO_FILE', `${subject.group}:${subject.process} has no ${subject.channel} log`);
  }
  const log = opened.value;
  const { size } = log.stat();
  const { follow } = part;
  const tail = part.tail ?? (follow ? FIRST_BYTES : size);
  const start = Math.min(size, part.from ?? Math.max(0, size - tail));
  const isWhole = !follow && start === 0 && part.length === undefined;
  const headers: Headers = [
    ['Content-Type', 'text/plain;charset=utf-8'],
    ...API_HEADERS,
    ['Content-Disposition', `${isWhole ? 'attachment' : 'inline'}; filename="${fileName(subject)}"`],
    ['X-Superd-Log-Start', String(start)],
    ['X-Superd-Log-Size', String(size)],
    ['X-Accel-Buffering', 'no'],
  ];
  if (!follow) {
    const end = Math.min(size, start + (part.length ?? size));
    return { kind: 'stream', headers, source: together(new LogPart(log, start, end), slot), length: end - start };
  }
  const isWanted = (): boolean => pathOf(ports, subject) === file && ports.mayStay();
  const source = new LogFollower(ports.logs, log, { path: file, isWanted, start });
  return { kind: 'stream', headers, source: together(source, slot) };
}

export const isLogs = (path: string): boolean => path.startsWith(PREFIX);
