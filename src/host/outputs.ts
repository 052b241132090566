/**
 * The output of every slot: its named pipes, its log files, and the pump between them. Pipes live as long as the slot;
 * log files are opened at each spawn, as supervisord does, so a name that was removed meanwhile comes back.
 */
import type { GroupConfig, ProcessConfig, StreamConfig } from '../config/model.ts';
import { fail, ok, type Result } from '../errors.ts';
import type { Channel } from '../events/event.ts';
import type { Pump } from '../logs/pump.ts';
import type { LogSink } from '../logs/sink.ts';
import { repr } from '../repr.ts';
import type { Outputs, Slot, SpawnRequest } from '../supervisor/host.ts';
import type { SavedLogs } from '../supervisor/saved.ts';
import { errnoOf } from './errno.ts';
import { type ChildStdio, idOf as keyOf } from './kept-children.ts';
import type { Pipes } from './launch-plan.ts';
import { emptyFile, isRegular } from './log-target.ts';
import type { NewPipe, PipeFolder } from './pipe-folder.ts';
import { PipeReader } from './pipe-reader.ts';
import type { SharedSockets } from './shared-sockets.ts';
import { channelsOf, pipeOf, pipesFor, pipesOf } from './slot-pipes.ts';
import { newPump, type PumpPorts } from './slot-pump.ts';
import { StdinWriter } from './stdin-writer.ts';

/** What the outputs need to know of the rest. */
export interface OutputPorts extends PumpPorts {
  readonly pipes: PipeFolder;
  /** The listening sockets of fcgi-programs. */
  readonly sockets: SharedSockets;
  /** Opens a log; the error is an errno's name. */
  openLog(path: string, stream: StreamConfig): Result<LogSink, string>;
  openSyslog(process: string): LogSink;
  /** The path of an AUTO log, which it creates. */
  autoLog(process: string, channel: Channel): string;
  /** The logs of a slot are known. */
  opened(slot: Slot, logs: SavedLogs): void;
  /** The output of an event listener; undefined for any other slot. */
  dialogue(slot: Slot): ((chunk: Uint8Array) => void) | undefined;
}

interface Stream {
  readonly channel: Channel;
  readonly config: StreamConfig;
  /** '' when nothing is written to a file. */
  readonly path: string;
  /** undefined: the program writes to the log itself. */
  readonly reader: PipeReader | undefined;
  sinks: readonly LogSink[];
  pump: Pump | undefined;
}

interface Opened {
  readonly slot: Slot;
  readonly config: ProcessConfig;
  readonly streams: readonly Stream[];
  /** undefined: its standard input is a listening socket. */
  readonly stdin: StdinWriter | undefined;
}

type Place = Pick<SpawnRequest, 'slot' | 'config'>;

const pipesOfAll = (places: readonly Place[]): readonly NewPipe[] =>
  places.flatMap(({ slot, config }) =>
    pipesOf(config).map((stream) => ({ name: pipeOf(slot, stream), user: config.user })),
  );

function closeStreams({ stdin, streams }: Opened): void {
  stdin?.close();
  for (const { reader, sinks } of streams) {
    reader?.close();
    for (const sink of sinks) sink.close();
  }
}

function clearAll(sinks: readonly LogSink[]): Result<void, string> {
  for (const sink of sinks) {
    const cleared = sink.clear();
    if (!cleared.ok) return cleared;
  }
  return ok(undefined);
}

export class SlotOutputs implements Outputs, ChildStdio {
  readonly #ports: OutputPorts;
  /** The logs of slots of an earlier brain. */
  readonly #knownLogs: ReadonlyMap<string, SavedLogs>;
  readonly #slots = new Map<string, Opened>();

  constructor(ports: OutputPorts, knownLogs: ReadonlyMap<string, SavedLogs> = new Map()) {
    this.#ports = ports;
    this.#knownLogs = knownLogs;
  }

  makeAhead(slots: readonly Place[]): Promise<void> {
    return this.#ports.pipes.makeAhead(pipesOfAll(slots));
  }

  open(slots: readonly Place[]): void {
    const { pipes, log } = this.#ports;
    const problems = new Set<string>();
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (cause) {
        problems.add(errnoOf(cause));
      }
    };
    attempt(() => pipes.make(pipesOfAll(slots)));
    const isMade = problems.size === 0;
    // Each by itself: a program that lives since before this brain is not spawned again, and has to be read all the same.
    for (const place of slots) {
      attempt(() => {
        if (isMade || this.#hasPipes(place)) this.#openPlace(place, this.#knownLogs.get(keyOf(place.slot)));
      });
    }
    // Spawning says so again for each program, and tries again.
    for (const problem of problems) log.log('critical', `cannot make named pipes in ${pipes.path}: ${problem}`);
  }

  close(slot: Slot): void {
    const opened = this.#slots.get(keyOf(slot));
    if (opened === undefined) return;
    this.#slots.delete(keyOf(slot));
    closeStreams(opened);
    for (const stream of pipesOf(opened.config)) this.#ports.pipes.unlink(pipeOf(slot, stream));
  }

  closeAll(): void {
    for (const { slot } of this.#slots.values()) this.close(slot);
    this.#ports.pipes.remove();
    this.#ports.sockets.closeAll();
  }

  paths(slot: Slot): { readonly stdout: string; readonly stderr: string } {
    const streams = this.#slots.get(keyOf(slot))?.streams ?? [];
    const path = (channel: Channel): string => streams.find((stream) => stream.channel === channel)?.path ?? '';
    return { stdout: path('stdout'), stderr: path('stderr') };
  }

  clear(slot: Slot): Result<void, string> {
    for (const stream of this.#slots.get(keyOf(slot))?.streams ?? []) {
      if (stream.path === '') continue;
      const cleared = stream.sinks.length === 0 ? this.#clearUnopened(stream) : clearAll(stream.sinks);
      if (!cleared.ok) return cleared;
    }
    return ok(undefined);
  }

  reopen(): void {
    for (const { streams } of this.#slots.values()) {
      for (const { sinks } of streams) for (const sink of sinks) sink.reopen();
    }
  }

  async obstacle({ processes }: GroupConfig): Promise<string | undefined> {
    const sockets = new Map(processes.flatMap(({ socket }) => (socket === undefined ? [] : [[socket.url, socket]])));
    for (const socket of sockets.values()) {
      const problem = await this.#ports.sockets.check(socket);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  acquire({ slot, config }: SpawnRequest): void {
    if (config.socket !== undefined) this.#ports.sockets.acquire(keyOf(slot), config.socket);
  }

  release(slot: Slot): void {
    this.#ports.sockets.release(keyOf(slot));
  }

  prepare(request: SpawnRequest): Result<Pipes, string> {
    const name = repr(request.config.name);
    const problem = (code: string): Result<Pipes, string> =>
      fail(
        code === 'EMFILE'
          ? `too many open files to spawn ${name}`
          : `unknown error making dispatchers for ${name}: ${code}`,
      );
    try {
      const opened = this.#openAgain(request);
      for (const stream of opened.streams) {
        stream.reader?.hold();
        const code = this.#openLogs(opened, stream);
        if (code !== undefined) return problem(code);
      }
      opened.stdin?.renew();
      return ok(pipesFor(opened, this.#ports.pipes));
    } catch (cause) {
      return problem(errnoOf(cause));
    }
  }

  keep(slot: Slot): void {
    const socket = this.#slots.get(keyOf(slot))?.config.socket;
    if (socket !== undefined) this.#ports.sockets.know(keyOf(slot), socket);
  }

  /** A socket whose last program ended just before the brain did. */
  closeUnusedSockets(): void {
    for (const { config } of this.#slots.values()) {
      if (config.socket !== undefined) this.#ports.sockets.closeUnused(config.socket);
    }
  }

  listen(slot: Slot): void {
    for (const { reader } of this.#slots.get(keyOf(slot))?.streams ?? []) reader?.release();
  }

  /** A slot that was used before this superd: its logs are opened, and what is written to its pipes is read. */
  attach(slot: Slot): void {
    const opened = this.#slots.get(keyOf(slot));
    if (opened === undefined) return;
    for (const stream of opened.streams) {
      const code = this.#openLogs(opened, stream);
      if (code !== undefined) this.#ports.log.log('critical', `cannot open the log ${stream.path}: ${code}`);
    }
  }

  drain(slot: Slot): void {
    const opened = this.#slots.get(keyOf(slot));
    if (opened === undefined) return;
    opened.stdin?.close();
    for (const { reader, pump } of opened.streams) {
      reader?.drain();
      pump?.end();
    }
  }

  write(slot: Slot, data: Uint8Array): Result<void, 'closed' | 'full'> {
    const opened = this.#slots.get(keyOf(slot));
    return opened?.stdin === undefined ? fail('closed') : opened.stdin.write(this.#ports.pidOf(slot), data);
  }

  #hasPipes({ slot, config }: Place): boolean {
    return pipesOf(config).every((stream) => this.#ports.pipes.has(pipeOf(slot, stream)));
  }

  /** What could not be opened before, or was removed by somebody meanwhile, is made anew for the next program. */
  #openAgain(place: Place): Opened {
    const opened = this.#slots.get(keyOf(place.slot));
    if (opened !== undefined && this.#hasPipes(place)) return opened;
    this.#ports.pipes.make(pipesOfAll([place]));
    const logs = opened === undefined ? this.#knownLogs.get(keyOf(place.slot)) : this.paths(place.slot);
    this.#slots.delete(keyOf(place.slot));
    if (opened !== undefined) closeStreams(opened);
    return this.#openPlace(place, logs);
  }

  /** @throws the system error; nothing stays open then */
  #openPlace(place: Place, logs: SavedLogs | undefined): Opened {
    const { slot, config } = place;
    const streams: Stream[] = [];
    try {
      for (const channel of channelsOf(config)) streams.push(this.#openStream(place, channel, logs?.[channel]));
    } catch (cause) {
      for (const { reader } of streams) reader?.close();
      throw cause;
    }
    const stdin = config.socket === undefined ? new StdinWriter(this.#ports.pipes, pipeOf(slot, 'stdin')) : undefined;
    const opened: Opened = { slot, config, streams, stdin };
    this.#slots.set(keyOf(slot), opened);
    this.#ports.opened(slot, this.paths(slot));
    return opened;
  }

  #openStream({ slot, config }: Place, channel: Channel, path: string | undefined): Stream {
    const { pipes } = this.#ports;
    const { isDirect } = config[channel];
    const talk = channel === 'stdout' ? this.#ports.dialogue(slot) : undefined;
    const take = (chunk: Uint8Array): void => {
      stream.pump?.write(chunk);
      talk?.(chunk);
    };
    const stream: Stream = {
      channel,
      config: config[channel],
      path: path ?? this.#pathOf(config, channel),
      reader: isDirect
        ? undefined
        : new PipeReader(pipes.openForReading(pipeOf(slot, channel)), talk !== undefined, take),
      sinks: [],
      pump: undefined,
    };
    return stream;
  }

  #pathOf(config: ProcessConfig, channel: Channel): string {
    const target = config[channel].logfile;
    switch (target.kind) {
      case 'none':
        return '';
      case 'file':
        return target.path;
      case 'auto':
        return this.#ports.autoLog(config.name, channel);
    }
  }

  /** Opens the logs of one stream afresh; @returns the errno's name of a failure. */
  #openLogs({ slot, config }: Opened, stream: Stream): string | undefined {
    for (const sink of stream.sinks) sink.close();
    stream.sinks = [];
    const sinks: LogSink[] = [];
    if (stream.path !== '') {
      const file = this.#ports.openLog(stream.path, stream.config);
      if (!file.ok) return file.error;
      if (stream.config.isDirect) {
        file.value.close();
        return isRegular(stream.path) ? undefined : 'EINVAL';
      }
      sinks.push(file.value);
    }
    const isDialogue = this.#ports.dialogue(slot) !== undefined && stream.channel === 'stdout';
    if (stream.config.syslog && !isDialogue) sinks.push(this.#ports.openSyslog(config.name));
    stream.sinks = sinks;
    stream.pump = newPump(this.#ports, { ...stream, slot, isDialogue });
    return undefined;
  }

  /**
   * A stopped program's log is not open; if there is one, it is emptied all the same. One that the program writes itself
   * is not deleted: it would go on in a file without a name.
   */
  #clearUnopened(stream: Stream): Result<void, string> {
    if (!isRegular(stream.path)) return ok(undefined);
    if (stream.config.isDirect) return emptyFile(stream.path);
    const file = this.#ports.openLog(stream.path, stream.config);
    if (!file.ok) return file;
    try {
      return file.value.clear();
    } finally {
      file.value.close();
    }
  }
}
